// Question: is this record in the place in which it was written?
// Threat:   a trail in which somebody edits, drops, moves, repeats or slips in a record.
// Rule:     each record carries the RFC 6962 leaf hash of the line before it: SHA-256(0x00 || line), without the line feed.
// Limits:   no key is involved: whoever can write the file can rewrite it from a place to its end. An anchor kept elsewhere
//           (the hash of one line) fixes everything up to that line. What was cut off after it cannot be seen.
// Proof:    verify.test.ts
import { hash } from 'node:crypto'

/** `prev` of the first record: the RFC 6962 hash of an empty tree, SHA-256 of nothing. */
export const GENESIS = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** `line` is ASCII and holds no line feed. The same hash is the leaf of a Merkle tree over the trail. */
export const leafHash = (line: string): string => hash('sha256', `\0${line}`, 'hex')
