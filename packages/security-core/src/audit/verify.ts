// Question: is every record of this trail as it was written, and in its place?
// Threat:   edit, deletion, reordering, replay, insertion, a cut in the middle or at the end; one line with two readings.
// Rule:     each line has the one form of FORMAT.md, the next sequence number, and the hash of the line before it.
// Limits:   a rewrite from some place to the end, and a cut at the end, show only against an anchor; without one the end is
//           `not_established`. Shares no code with the writer: it follows FORMAT.md.
// Proof:    verify.test.ts
import { hash } from 'node:crypto'
import { faultOfLine } from './line-fault.ts'

/** A hash known from elsewhere: of the line with this sequence number, without its line feed. */
export type Anchor = Readonly<{ seq: number; hash: string }>

export type Verdict = Readonly<{
  verdict: 'pass' | 'fail'
  /** Records that hold, from the first one on. */
  records: number
  /** The last of them: keep it elsewhere, and it is the next anchor. */
  head?: Anchor
  /** Bytes after the last line feed: a write that a crash cut short. Never acknowledged, and not part of the trail. */
  tornBytes: number
  /** Whether the trail holds everything up to an anchor. After the last anchor, nothing can tell whether records were cut off. */
  end: 'not_established' | Readonly<{ anchoredUpTo: number }>
  /** The place of the first fault: the sequence number due there, and what is wrong. */
  badSeq?: number
  reason?: string
}>

const MAX_LINE_BYTES = 8192
const LINE_FEED = 0x0a
const EMPTY = hash('sha256', '', 'hex')

/** Takes the bytes of one trail in pieces of any size. `end` gives the verdict; after a fault further bytes are not read. */
export function trailVerifier(anchors: readonly Anchor[] = []): { push(chunk: Uint8Array): void; end(): Verdict } {
  const due = new Map<number, string>()
  let fault: string | undefined
  for (const { seq, hash } of anchors) {
    if ((due.get(seq) ?? hash) !== hash) fault = `Two anchors for record ${seq} contradict each other`
    due.set(seq, hash)
  }
  let rest = Buffer.alloc(0)
  let seq = 0
  let last = EMPTY
  let anchoredUpTo = -1

  function push(chunk: Uint8Array): void {
    if (fault !== undefined) return
    const bytes =
      rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk])
    let start = 0
    for (let stop = bytes.indexOf(LINE_FEED); stop >= 0; stop = bytes.indexOf(LINE_FEED, start)) {
      fault = takeLine(bytes.subarray(start, stop))
      if (fault !== undefined) return
      start = stop + 1
    }
    rest = Buffer.from(bytes.subarray(start))
    if (rest.length > MAX_LINE_BYTES) fault = `Longer than ${MAX_LINE_BYTES} bytes`
  }

  function takeLine(bytes: Buffer): string | undefined {
    if (bytes.length > MAX_LINE_BYTES) return `Longer than ${MAX_LINE_BYTES} bytes`
    const line = bytes.toString('latin1')
    const { wrong, claims } = faultOfLine(line)
    if (wrong !== undefined) return wrong
    if (claims.seq !== seq) return misplaced(claims.seq, seq)
    if (claims.prev !== last)
      return seq === 0
        ? 'The first record does not start a trail'
        : `Does not continue record ${seq - 1}: that one was altered, or this one put in its place`
    const found = hash('sha256', `\0${line}`, 'hex') // RFC 6962 §2.1: the zero byte tells leaves from inner nodes
    const anchored = due.get(seq)
    if (anchored !== undefined && anchored !== found)
      return 'Is not the record that the anchor names: the trail was rewritten'
    if (anchored !== undefined) anchoredUpTo = seq
    last = found
    seq += 1
    return undefined
  }

  function end(): Verdict {
    const missing = Math.max(-1, ...due.keys())
    if (fault === undefined && missing >= seq)
      fault = `Records up to ${missing} are anchored, and are missing: the trail was cut`
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

const misplaced = (found: number, expected: number): string =>
  found > expected
    ? `Record ${expected} is missing: number ${found} stands in its place`
    : `Record ${found} stands again where number ${expected} is due`
