// A real DNS server on loopback for tests: answers A and AAAA from a script, which may change with every question.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'

/** What a name has at the moment of a question. `silent` never answers; `rcode` 2 is SERVFAIL, 3 NXDOMAIN, 5 REFUSED. */
export type Records = Readonly<{
  addresses?: readonly string[]
  cname?: string
  ttl?: number
  rcode?: number
  silent?: boolean
}>

/** Called once for each question of a name, with the number of questions of that type before it. */
export type Script = Readonly<Record<string, Records | ((asked: number) => Records)>>

export type NameServer = Readonly<{
  /** `address:port`, as resolvers want it. */
  address: string
  questions: readonly string[]
  close(): Promise<void>
}>

const TYPES = { 1: 'A', 5: 'CNAME', 28: 'AAAA' } as const
const HEADER_BYTES = 12

export async function nameServer(script: Script, address = '127.0.0.1', port = 0): Promise<NameServer> {
  const socket = createSocket('udp4')
  const questions: string[] = []
  socket.on('message', (query, peer) => {
    const { name, type, end } = questionOf(query)
    const kind = TYPES[type as keyof typeof TYPES] ?? String(type)
    const asked = questions.filter((question) => question === `${kind} ${name}`).length
    questions.push(`${kind} ${name}`)
    const entry = script[name]
    const records = typeof entry === 'function' ? entry(asked) : (entry ?? { rcode: 3 })
    if (records.silent === true) return
    socket.send(answerOf(query, end, kind, name, records), peer.port, peer.address)
  })
  socket.bind(port, address)
  await once(socket, 'listening')
  return {
    address: `${address}:${socket.address().port}`,
    questions,
    close: () => new Promise((done) => socket.close(done)),
  }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = HEADER_BYTES
  while (query[at] !== 0) {
    const length = query[at] ?? 0
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase())
    at += 1 + length
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function answerOf(query: Buffer, end: number, kind: string, name: string, records: Records): Buffer {
  const { addresses = [], cname, ttl = 0, rcode = 0 } = records
  const family = kind === 'A' ? 4 : 6
  const fitting = kind === 'A' || kind === 'AAAA' ? addresses.filter((address) => isIP(address) === family) : []
  const owner = cname ?? name
  const answers = [
    ...(cname === undefined ? [] : [record(name, 5, ttl, encodeName(cname))]),
    ...fitting.map((address) => record(owner, family === 4 ? 1 : 28, ttl, encodeAddress(address))),
  ]
  const header = Buffer.from(query.subarray(0, HEADER_BYTES))
  header.writeUInt16BE(0x8180 | rcode, 2) // an answer, recursion available
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(rcode === 0 ? answers.length : 0, 6)
  header.writeUInt32BE(0, 8)
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...(rcode === 0 ? answers : [])])
}

function record(name: string, type: number, ttl: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(ttl, 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([encodeName(name), fixed, data])
}

const encodeName = (name: string) =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])

function encodeAddress(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [left = '', right] = address.split('::')
  const groups = (text: string | undefined) =>
    text === undefined || text === '' ? [] : text.split(':').flatMap(toGroups)
  const head = groups(left)
  const tail = groups(right)
  const bytes = Buffer.alloc(16)
  const all = right === undefined ? head : [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  for (const [index, group] of all.entries()) bytes.writeUInt16BE(group, index * 2)
  return bytes
}

function toGroups(text: string): number[] {
  if (!text.includes('.')) return [Number.parseInt(text, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}
