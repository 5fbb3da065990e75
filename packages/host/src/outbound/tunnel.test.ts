// The whole way through a real proxy to real TLS sites: same answers and same refusals as without it, and never a way around it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect as dial, createServer, type Server, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { allow, Denial, denyUrl, readUrl, type WebUrl } from '@hardened-mcp/security-core'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { egressProxy } from './egress-proxy.ts'
import { outbound } from './outbound.ts'
import { readBounded } from './read-bounded.ts'
import { type HostileSite, hostileSite, reply } from './testing/hostile-site.ts'
import { type NameServer, nameServer } from './testing/name-server.ts'

const ADDRESS = '127.0.0.1'
let names: NameServer
let site: HostileSite
let proxy: Server
let ca: string
const playedSockets = new Set<Socket>()
const players: Server[] = []
const dialled: string[] = []
const log: Readonly<{ event: string; code: unknown }>[] = []

const portOf = (server: Server) => (server.address() as AddressInfo).port
const inside = () => [
  { host: 'site.corp', port: site.port, network: ADDRESS, prefix: 32, ca },
  { host: 'strange.corp', port: site.port, network: ADDRESS, prefix: 32, ca },
  { host: 'shut.corp', port: 1, network: ADDRESS, prefix: 32, ca },
]

const webUrl = (text: string): WebUrl => {
  const reading = readUrl(text)
  assert.ok(reading.ok, text)
  return reading.url
}

async function get(text: string, port = portOf(proxy), deadlineMs = 15_000): Promise<string> {
  const stop = AbortSignal.timeout(deadlineMs)
  const session = outbound({
    internal: inside(),
    dnsServers: ['127.0.0.1:9'], // a resolver that is not there: asking it would fail
    proxy: { address: ADDRESS, port },
    onDial: ({ addresses }) => dialled.push(...addresses),
  })(stop)
  try {
    const answer = await session.send({ url: webUrl(text) })
    return String(await readBounded(answer, 1_000_000, stop))
  } catch (thrown) {
    assert.ok(thrown instanceof Denial, String(thrown))
    return `${thrown.code}: ${thrown.says}`
  } finally {
    session.close()
  }
}

/** A proxy that plays raw bytes. */
async function playing(play: (socket: Socket, head: string) => void): Promise<Server> {
  const server = createServer((socket) => {
    playedSockets.add(socket)
    socket.on('error', () => undefined).once('data', (head) => play(socket, String(head)))
  }).listen(0, ADDRESS)
  players.push(server)
  await once(server, 'listening')
  return server
}

before(async () => {
  const authority = await certificateAuthority()
  ca = authority.ca
  names = await nameServer({
    'private.example.com': { addresses: ['10.0.0.1'] },
    'mixed.example.com': { addresses: ['93.184.216.34', '127.0.0.1'] },
    'rebind.example.com': (asked) => ({ addresses: [asked === 0 ? '127.0.0.1' : '93.184.216.34'] }),
  })
  site = await hostileSite(await authority.issue(['site.corp']), {
    '/': reply(200, { 'content-type': 'text/plain' }, 'hello'),
    '/big': reply(200, { 'content-type': 'text/plain' }, 'x'.repeat(900_000)),
  })
  proxy = egressProxy({
    judge: (text) => ({ decision: text.includes('unlisted') ? denyUrl('not_allowed', 'test') : allow() }),
    internal: inside(),
    dnsServers: [names.address],
    isClient: (address) => address === ADDRESS,
    log: (_, event, { code }) => log.push({ event, code }),
  }).listen(0, ADDRESS)
  await once(proxy, 'listening')
})
after(async () => {
  for (const server of players) server.close()
  for (const socket of playedSockets) socket.destroy()
  proxy.close()
  await site.close()
  await names.close()
})

suite('tunnelConnector()', () => {
  test('brings answers through the proxy, large ones too, and dials nothing but the proxy', async () => {
    assert.equal(await get(`https://site.corp:${site.port}/`), 'hello')
    assert.equal((await get(`https://site.corp:${site.port}/big`)).length, 900_000)
    assert.deepEqual(new Set(dialled), new Set([ADDRESS]))
    assert.ok(log.some(({ event }) => event === 'egress.allowed'))
  })

  test('the certificate is checked here: the proxy cannot stand in for a host', async () => {
    assert.match(await get(`https://strange.corp:${site.port}/`), /^upstream_failed: No valid TLS connection/)
  })

  const REFUSED = [
    ['https://private.example.com/', /^url_denied: .*\(address\)/, 'resolves inside'],
    ['https://mixed.example.com/', /^url_denied: .*\(address\)/, 'one record of two is inside'],
    ['https://rebind.example.com/', /^url_denied: .*\(address\)/, 'inside at this look-up'],
    ['https://unlisted.example.com/', /^url_denied: .*\(not_allowed\)/, 'on nobody’s list'],
    ['https://nowhere.example.com/', /^upstream_failed: The host name does not resolve$/, 'no such name'],
    ['https://shut.corp:1/', /^upstream_failed: The remote server could not be reached$/, 'nobody listens'],
  ] as const
  for (const [url, expected, because] of REFUSED)
    test(`${url} is refused as without a proxy: ${because}`, async () => {
      const said = await get(url)
      assert.match(said, expected)
      assert.doesNotMatch(said, /\d+\.\d+\.\d+\.\d+/)
    })

  for (const url of ['https://127.0.0.1/', 'https://10.0.0.1/', 'https://localhost/', 'https://a.internal/'])
    test(`${url} is refused here already`, async () => {
      const before = log.length
      assert.match(await get(url), /^url_denied: .*\((address|host)\)/)
      assert.equal(log.length, before, 'the proxy was not asked')
    })

  test('with the proxy down nothing is dialled instead of it', async () => {
    const gone = await playing(() => undefined)
    const port = portOf(gone)
    await new Promise((done) => gone.close(done))
    dialled.length = 0
    const asked = names.questions.length
    const says = 'upstream_failed: The remote server could not be reached'
    assert.equal(await get(`https://site.corp:${site.port}/`, port), says)
    assert.equal(await get('https://rebind.example.com/', port), says)
    assert.deepEqual(new Set(dialled), new Set([ADDRESS]))
    assert.equal(names.questions.length, asked)
  })

  const LIES = [
    ['nothing at all', '', 'The remote server could not be reached'],
    ['another success', 'HTTP/1.1 204 No Content\r\n\r\n', 'The remote server could not be reached'],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(2_000)}`, 'The remote server could not be reached'],
    ['another protocol', 'SSH-2.0-x\r\n\r\n', 'The remote server could not be reached'],
    [
      'a refusal with words of its own',
      'HTTP/1.1 403 No\r\nx-egress-refusal: constructor\r\n\r\n',
      'could not be reached',
    ],
    ['no TLS behind the 200', 'HTTP/1.1 200 OK\r\n\r\n', 'usable answer|TLS|reached'],
  ] as const
  for (const [what, bytes, says] of LIES)
    test(`a proxy that answers with ${what} is a failure of the way, not an answer`, async () => {
      const liar = await playing((socket) => socket.end(bytes, 'latin1'))
      assert.match(
        await get(`https://site.corp:${site.port}/`, portOf(liar)),
        new RegExp(`^upstream_failed: .*(${says})`),
      )
    })

  for (const [extra, expected] of [
    ['', /^hello$/],
    ['\0', /^upstream_failed: The remote server could not be reached$/],
  ] as const)
    test(`a tunnel that stands, with ${extra.length} bytes of the proxy's own before TLS`, async () => {
      const odd = await playing((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n\r\n${extra}`)
        const onward = dial(site.port, ADDRESS)
        onward.on('error', () => undefined).on('close', () => socket.destroy())
        socket.pipe(onward).pipe(socket)
      })
      assert.match(await get(`https://site.corp:${site.port}/`, portOf(odd)), expected)
    })

  test('a proxy that never answers is left at the deadline of the call', async () => {
    const mute = await playing(() => undefined)
    assert.match(await get(`https://site.corp:${site.port}/`, portOf(mute), 400), /^timeout: /)
  })
})
