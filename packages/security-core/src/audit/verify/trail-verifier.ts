// Question: is every record of this trail as it was written, and in its place?
// Threat:   edit, deletion, reordering, replay, insertion, a cut in the middle or at the end; one line with two readings.
// Rule:     each line has the one form of FORMAT.md, the next sequence number, and the hash of the line before it; each checkpoint
//           holds; every anchor holds; the key that is due next is the one that the machine still has.
// Limits:   what stands after the last checkpoint shows a rewrite or a cut only against an anchor. Says how far it can vouch for the
//           end. Shares no code with the writer: it follows FORMAT.md.
// Proof:    trail-verifier.test.ts
import { hash } from 'node:crypto'
import { type Anchor, anchorsOf, type LineAnchor } from './anchors.ts'
import { faultOfLine } from './line-fault.ts'
import { rollingRoot } from './rolling-root.ts'
import { type LiveKey, seals } from './seals.ts'

export type Verdict = Readonly<{
  verdict: 'pass' | 'fail'
  /** Records that hold, from the first one on, those included that were pruned. */
  records: number
  /** The last of them: keep it elsewhere, and it is the next anchor. */
  head?: LineAnchor & Readonly<{ root: string }>
  /** Where the trail begins: earlier records were pruned. Whether that was recorded is for the directory to say. */
  prunedTo?: Readonly<{ size: number; root: string }>
  /** The last record that a signed checkpoint covers. */
  sealedUpTo?: number
  /** Bytes after the last line feed: a write that a crash cut short. Never acknowledged, and not part of the trail. */
  tornBytes: number
  /** How often the clock was set back between two records. */
  clockSteps: number
  /** What proves that nothing was cut off at the end, and up to which record. After it, nothing can tell. */
  end: 'not_established' | Readonly<{ liveKeyUpTo: number }> | Readonly<{ anchoredUpTo: number }>
  /** The place of the first fault: the sequence number due there, and what is wrong. */
  badSeq?: number
  reason?: string
}>

/** Where a trail begins whose earlier records were pruned: the checkpoint record there, and the full subtrees below it. */
export type Boundary = Readonly<{ line: string; peaks: readonly string[] }>

export type TrailFacts = Readonly<{
  /** `name/slot-n`: what the checkpoints of this trail are signed for. */
  origin?: string
  logKey?: Buffer
  anchors?: readonly Anchor[]
  live?: LiveKey
  boundary?: Boundary
  /** Sees every line that holds, in order. */
  onLine?: (line: string, type: string) => void
}>

export type TrailVerifier = Readonly<{
  push(chunk: Uint8Array): void
  /** The sequence number that is due next. */
  due(): number
  end(): Verdict
}>

const MAX_LINE_BYTES = 8191
const LINE_FEED = 0x0a
const EMPTY = hash('sha256', '', 'hex')

/** Takes the bytes of one trail in pieces of any size. `end` gives the verdict; after a fault further bytes are not read. */
export function trailVerifier(facts: TrailFacts = {}): TrailVerifier {
  const { boundary, live } = facts
  const anchors = anchorsOf(facts.anchors ?? [])
  const sealed = seals({ origin: '', ...facts, ...(boundary === undefined ? {} : { cutAt: true }) })
  let fault = anchors.contradiction
  let rest = Buffer.alloc(0)
  let seq = 0
  let last = EMPTY
  let time = ''
  let clockSteps = 0
  let anchoredUpTo = -1
  let tree = rollingRoot()
  let prunedTo: Verdict['prunedTo']
  if (boundary !== undefined) startAt(boundary)

  function startAt({ line, peaks }: Boundary): void {
    const { claims, wrong } = faultOfLine(line)
    fault ??= wrong
    if (fault !== undefined) return
    if (claims.type !== 'checkpoint' || peaks.length !== bitsOf(claims.seq)) fault = 'The boundary is no checkpoint'
    if (fault !== undefined) return
    seq = claims.seq
    last = claims.prev
    tree = rollingRoot({ size: seq, peaks })
    fault = takeLine(Buffer.from(line, 'latin1'))
    prunedTo = { size: seq, root: tree.value() }
  }

  function push(chunk: Uint8Array): void {
    if (fault !== undefined) return
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let start = 0
    for (let stop = bytes.indexOf(LINE_FEED); stop >= 0; stop = bytes.indexOf(LINE_FEED, start)) {
      fault = takeLine(bytes.subarray(start, stop))
      if (fault !== undefined) return
      start = stop + 1
    }
    rest = Buffer.from(bytes.subarray(start)) // a copy: the caller may use its buffer again
    if (rest.length > MAX_LINE_BYTES) fault = TOO_LONG
  }

  function takeLine(bytes: Buffer): string | undefined {
    if (bytes.length > MAX_LINE_BYTES) return TOO_LONG
    const line = bytes.toString('latin1')
    const { wrong, claims } = faultOfLine(line)
    if (wrong !== undefined) return wrong
    if (claims.seq !== seq) return misplaced(claims.seq, seq)
    if (claims.prev !== last) return seq === 0 ? 'The first record does not start a trail' : unlinked(seq)
    const unsealed =
      claims.type === 'checkpoint' ? sealed.take(JSON.parse(line) as object, seq, tree.value()) : undefined
    if (unsealed !== undefined) return unsealed
    if (claims.ts < time) clockSteps += 1
    time = claims.ts
    const leaf = hash('sha256', `\0${line}`, 'hex') // RFC 6962 §2.1: the zero byte tells leaves from inner nodes
    tree.add(leaf)
    const holds = anchors.check(seq, leaf, tree.value)
    if (holds === false) return 'Is not what the anchor says: the trail was rewritten, here or before'
    if (holds === true) anchoredUpTo = seq
    last = leaf
    seq += 1
    facts.onLine?.(line, claims.type)
    return undefined
  }

  function end(): Verdict {
    if (fault === undefined && anchors.last >= seq)
      fault = `Records up to ${anchors.last} are anchored, and are missing: the trail was cut`
    // The first key is made before the first record: a crash between the two leaves an empty trail.
    if (fault === undefined && live !== undefined && sealed.liveFrom() < 0 && !(seq === 0 && live.epoch === 1))
      fault = `The key on this machine is of epoch ${live.epoch}, and the checkpoint before it is missing: the trail was cut`
    return {
      verdict: fault === undefined ? 'pass' : 'fail',
      records: seq,
      ...(seq === 0 ? {} : { head: { seq: seq - 1, hash: last, root: tree.value() } }),
      ...(prunedTo === undefined ? {} : { prunedTo }),
      ...(sealed.sealedUpTo() < 0 ? {} : { sealedUpTo: sealed.sealedUpTo() }),
      tornBytes: fault === undefined ? rest.length : 0,
      clockSteps,
      end: fault === undefined ? reach() : 'not_established',
      ...(fault === undefined ? {} : { badSeq: seq, reason: fault }),
    }
  }

  function reach(): Verdict['end'] {
    if (anchoredUpTo >= 0) return { anchoredUpTo }
    // Who can only sign for the epochs to come cannot make a shorter trail that this key follows.
    return facts.logKey !== undefined && sealed.liveFrom() >= 0 ? { liveKeyUpTo: sealed.liveFrom() } : 'not_established'
  }

  return { push, due: () => seq, end }
}

const TOO_LONG = `Longer than ${MAX_LINE_BYTES} bytes`

const bitsOf = (count: number): number => count.toString(2).replaceAll('0', '').length

const misplaced = (found: number, expected: number): string =>
  found > expected
    ? `Record ${expected} is missing: number ${found} stands in its place`
    : `Record ${found} stands again where number ${expected} is due`

const unlinked = (seq: number): string =>
  `Does not continue record ${seq - 1}: that one was altered, or this one put in its place`
