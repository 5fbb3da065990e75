// The files of an audit directory as FORMAT.md names them, opened for reading; and the little that is read whole.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Boundary, type LiveKey, readVerifierKey, type VerifierKey } from '@hardened-mcp/security-core/verify'

export type SlotFiles = Readonly<{ slot: number; segments: readonly Readonly<{ first: number; name: string }>[] }>

const TRAIL = /^slot-(0|[1-9][0-9]?)(?:\.(0|[1-9][0-9]{0,15}))?\.jsonl$/
const BESIDE = /^slot-(0|[1-9][0-9]?)\.(?:key|boundary)$/
const MAX_SMALL_BYTES = 64 * 1024
// A link or a FIFO in this place is not a trail, and a FIFO would never end.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Slot by slot the segments in the order of their numbers, the file without a number last. A slot of which only a key is left has none. */
export async function trailsIn(dir: string): Promise<readonly SlotFiles[]> {
  const slots = new Map<number, { first: number; name: string }[]>()
  for (const name of await readdir(dir)) {
    const beside = BESIDE.exec(name)?.[1]
    const [, slot = beside, first = Number.MAX_SAFE_INTEGER] = TRAIL.exec(name) ?? []
    if (slot === undefined) continue
    const known = slots.get(Number(slot)) ?? []
    slots.set(Number(slot), beside === undefined ? [...known, { first: Number(first), name }] : known)
  }
  return [...slots]
    .map(([slot, segments]) => ({ slot, segments: segments.toSorted((one, other) => one.first - other.first) }))
    .toSorted((one, other) => one.slot - other.slot)
}

/** Opens a regular file for reading. Throws what is wrong as an `Error` of a few words. */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await open(path, FLAGS).catch((thrown: unknown) => {
    throw Object.assign(new Error('Cannot be read'), { code: (thrown as NodeJS.ErrnoException).code })
  })
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new Error('Is not a regular file')
}

/** Returns `undefined` when there is no such file, or it is not for the reader's eyes. */
async function readSmall(path: string): Promise<string | undefined> {
  let handle: FileHandle
  try {
    handle = await openRegular(path)
  } catch {
    return undefined
  }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_SMALL_BYTES), 0, MAX_SMALL_BYTES, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** The key of the log that the directory names. Whoever can write the directory can name another: keep your own copy. */
export async function namedKey(dir: string): Promise<VerifierKey | undefined> {
  const text = await readSmall(join(dir, 'log.pub'))
  return text === undefined ? undefined : readVerifierKey(text.trimEnd())
}

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex') // RFC 8410 §7

/** The public half of the key that will seal the next checkpoint. Throws on a file that is there and holds no key. */
export async function liveKey(dir: string, slot: number): Promise<LiveKey | undefined> {
  const text = await readSmall(join(dir, `slot-${slot}.key`))
  if (text === undefined) return undefined
  const [, epoch, seed = ''] = /^\{"v":1,"epoch":([1-9][0-9]{0,15}),"seed":"([0-9a-f]{64})",/.exec(text) ?? []
  if (epoch === undefined) throw new Error('The key file of this slot holds no key')
  const der = Buffer.concat([PKCS8_ED25519, Buffer.from(seed, 'hex')])
  const publicKey = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return { epoch: Number(epoch), publicKey: raw.toString('hex') }
}

/** Where a trail begins whose earlier records were pruned. Throws on a file that is there and does not say it. */
export async function boundaryOf(dir: string, slot: number): Promise<Boundary | undefined> {
  const text = await readSmall(join(dir, `slot-${slot}.boundary`))
  if (text === undefined) return undefined
  const [line = '', ...peaks] = text.split('\n')
  if (peaks.pop() !== '' || !peaks.every((peak) => /^[0-9a-f]{64}$/.test(peak)))
    throw new Error('The boundary file of this slot says nothing')
  return { line, peaks }
}
