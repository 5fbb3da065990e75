// Question: is the end of this trail the one that its key was kept for?
// Threat:   a trail that was cut, rolled back to a backup or exchanged while the server was down, and is then continued as if nothing was.
// Rule:     every record after the place that the key file names is read again, in form and in its place; every checkpoint among them
//           must announce the key that follows from the one that was kept. Anything else stops the start.
// Limits:   what stands before that place is not read: `audit verify` does. A key file that was lost cannot be made again.
// Proof:    replay.test.ts
import { constants } from 'node:fs'
import { join } from 'node:path'
import { type EpochKey, epochKey, GENESIS, leafHash, type MerkleTree, merkleTree } from '@hardened-mcp/security-core'
import { faultOfLine } from '@hardened-mcp/security-core/verify'
import type { EpochState } from './epoch-state.ts'
import { openPrivate } from './private-files.ts'

/** Where the trail stands: the key that will seal it next, and whether its first checkpoint is still to be written. */
export type Replayed = Readonly<{
  tree: MerkleTree
  prev: string
  key: EpochKey
  /** No checkpoint yet: the trail is new, or older than checkpoints are. */
  unsealed: boolean
  /** Records after the last checkpoint that was seen. */
  sinceSeal: number
  /** The epoch whose key is on the disk. */
  storedEpoch: number
}>

export type NamedSegment = Readonly<{ name: string; first: number }>

const CHUNK_BYTES = 1024 * 1024
const LINE_FEED = 0x0a

/** `fresh` is the state of a slot that never had one. Throws `RangeError` when trail and key do not belong together. */
export async function replay(
  dir: string,
  segments: readonly NamedSegment[],
  state: EpochState,
  fresh: boolean,
): Promise<Replayed> {
  const tree = merkleTree(state)
  let prev = state.prev
  let size = state.size
  let key = epochKey(Buffer.from(state.seed, 'hex'), state.epoch)
  let sealed = state.epoch > 1 // the state of epoch 1 is written before the first checkpoint, and not again
  let sinceSeal = 0
  // The last one that begins at or before the place, and all after it.
  const from = segments.findLastIndex(({ first }) => first <= size)
  if (from < 0 && (size > 0 || segments.length > 0)) throw mismatch(dir, 'its beginning is missing')

  function take(line: string): void {
    const { claims, wrong } = faultOfLine(line)
    if (wrong !== undefined || claims.seq !== size || claims.prev !== prev)
      throw mismatch(dir, `record ${size} is wrong`)
    prev = leafHash(line)
    tree.append(prev)
    size += 1
    sinceSeal += 1
    if (claims.type !== 'checkpoint') return
    if (fresh) throw mismatch(dir, 'it has checkpoints, and the key of its slot is missing')
    const { epoch, next } = JSON.parse(line) as { epoch: number; next: string }
    if (epoch === key.epoch) {
      const following = key.next()
      key.forget()
      key = following
    }
    if (epoch !== key.epoch - 1 || next !== key.publicKey)
      throw mismatch(dir, `the checkpoint at record ${claims.seq} is of another key`)
    sealed = true
    sinceSeal = 0
  }

  for (const { name, first } of segments.slice(Math.max(0, from))) await eachLine(join(dir, name), size - first, take)
  if (size < state.size) throw mismatch(dir, 'records are missing')
  return { tree, prev, key, unsealed: !sealed, sinceSeal, storedEpoch: state.epoch }
}

/** The state of a slot whose first key was just made. */
export const firstState = (seed: Buffer): EpochState => ({
  v: 1,
  epoch: 1,
  seed: seed.toString('hex'),
  size: 0,
  prev: GENESIS,
  peaks: [],
})

/** Hands over the whole lines of a file but the first `skip`. */
export async function eachLine(path: string, skip: number, take: (line: string) => void): Promise<void> {
  const handle = await openPrivate(path, constants.O_RDONLY)
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let rest = ''
    let left = skip
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES)
      if (bytesRead === 0) break
      const bytes = chunk.subarray(0, bytesRead)
      let start = 0
      for (let stop = bytes.indexOf(LINE_FEED); stop >= 0; stop = bytes.indexOf(LINE_FEED, start)) {
        if (left > 0) left -= 1
        else take(rest + bytes.toString('latin1', start, stop))
        rest = ''
        start = stop + 1
      }
      rest += left > 0 ? '' : bytes.toString('latin1', start)
    }
    if (left > 0) throw new RangeError(`Audit trail ${path} is damaged at its end: it is shorter than it was`)
  } finally {
    await handle.close()
  }
}

const mismatch = (dir: string, why: string): RangeError =>
  new RangeError(
    `Audit trail in ${dir} is damaged at its end: ${why}. Run "audit verify" on the directory, then move its files away`,
  )
