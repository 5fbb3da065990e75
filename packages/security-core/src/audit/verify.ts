// Question: is every record of this trail as it was written, and in its place?
// Threat:   edit, deletion, reordering, replay, insertion, a cut in the middle or at the end; one line with two readings.
// Rule:     each line has the one form of FORMAT.md, the next sequence number, and the hash of the line before it.
// Limits:   a rewrite from some place to the end, and a cut at the end, show only against an anchor; without one the end is
//           `not_established`. Shares no code with the writer: it follows FORMAT.md.
// Proof:    verify.test.ts
import { hash } from 'node:crypto'
import { type Anchor, anchorsOf, type LineAnchor } from './anchors.ts'
import { faultOfLine } from './line-fault.ts'

export type Verdict = Readonly<{
  verdict: 'pass' | 'fail'
  /** Records that hold, from the first one on. */
  records: number
  /** The last of them: keep it elsewhere, and it is the next anchor. */
  head?: LineAnchor
  /** Bytes after the last line feed: a write that a crash cut short. Never acknowledged, and not part of the trail. */
  tornBytes: number
  /** Whether the trail holds everything up to an anchor. After the last anchor, nothing can tell whether records were cut off. */
  end: 'not_established' | Readonly<{ anchoredUpTo: number }>
  /** The place of the first fault: the sequence number due there, and what is wrong. */
  badSeq?: number
  reason?: string
}>

const MAX_LINE_BYTES = 8191
const LINE_FEED = 0x0a
const EMPTY = hash('sha256', '', 'hex')

/** Takes the bytes of one trail in pieces of any size. `end` gives the verdict; after a fault further bytes are not read. */
export function trailVerifier(given: readonly Anchor[] = []): { push(chunk: Uint8Array): void; end(): Verdict } {
  const anchors = anchorsOf(given)
  let fault = anchors.contradiction
  let rest = Buffer.alloc(0)
  let seq = 0
  let last = EMPTY
  let anchoredUpTo = -1

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
    const leaf = hash('sha256', `\0${line}`, 'hex') // RFC 6962 §2.1: the zero byte tells leaves from inner nodes
    const holds = anchors.check(seq, leaf)
    if (holds === false) return 'Is not what the anchor says: the trail was rewritten, here or before'
    if (holds === true) anchoredUpTo = seq
    last = leaf
    seq += 1
    return undefined
  }

  function end(): Verdict {
    if (fault === undefined && anchors.last >= seq)
      fault = `Records up to ${anchors.last} are anchored, and are missing: the trail was cut`
    return {
      verdict: fault === undefined ? 'pass' : 'fail',
      records: seq,
      ...(seq === 0 ? {} : { head: { seq: seq - 1, hash: last } }),
      tornBytes: fault === undefined ? rest.length : 0,
      end: fault === undefined && anchoredUpTo >= 0 ? { anchoredUpTo } : 'not_established',
      ...(fault === undefined ? {} : { badSeq: seq, reason: fault }),
    }
  }

  return { push, end }
}

const TOO_LONG = `Longer than ${MAX_LINE_BYTES} bytes`

const misplaced = (found: number, expected: number): string =>
  found > expected
    ? `Record ${expected} is missing: number ${found} stands in its place`
    : `Record ${found} stands again where number ${expected} is due`

const unlinked = (seq: number): string =>
  `Does not continue record ${seq - 1}: that one was altered, or this one put in its place`
