// The tree head over a trail: one hash that stands for every record and its place (RFC 6962 §2.1), in logarithmic memory.
import { hash } from 'node:crypto'
import { GENESIS } from './chain.ts'

/** `root` stands for the first `size` records, in 64 hexadecimal digits. */
export type TreeHead = Readonly<{ size: number; root: string }>

export type MerkleTree = Readonly<{
  /** Takes the leaf hash of the next record, in hexadecimal. */
  append(leaf: string): void
  head(): TreeHead
  /** The roots of the full subtrees, the largest first: all that is needed to go on. */
  peaks(): readonly string[]
  /** A tree of its own that goes on from here. */
  copy(): MerkleTree
}>

/** Returns an empty tree, whose root is the hash of nothing, or the one that `peaks` stand for. */
export function merkleTree(
  start: Readonly<{ size: number; peaks: readonly string[] }> = { size: 0, peaks: [] },
): MerkleTree {
  const { size } = start
  const bits = size.toString(2)
  const places = [...bits].flatMap((bit, index) => (bit === '1' ? [bits.length - 1 - index] : []))
  if (places.length !== start.peaks.length) throw new RangeError('The peaks of a tree must fit its size')
  // Like the digits of a binary counter: place n holds the root of a full subtree of 2^n leaves, or nothing. Bytes as latin1.
  const full: (string | undefined)[] = []
  for (const [index, place] of places.entries()) full[place] = fromHex(start.peaks[index] ?? '')
  return grown(full, size)
}

function grown(full: (string | undefined)[], start: number): MerkleTree {
  let size = start
  return {
    append(leaf) {
      let carried = fromHex(leaf)
      let level = 0
      for (let left = full[level]; left !== undefined; left = full[level]) {
        carried = nodeHash(left, carried)
        full[level] = undefined
        level += 1
      }
      full[level] = carried
      size += 1
    },
    head() {
      let root: string | undefined
      for (const subtree of full)
        if (subtree !== undefined) root = root === undefined ? subtree : nodeHash(subtree, root)
      return { size, root: root === undefined ? GENESIS : toHex(root) }
    },
    peaks: () =>
      full
        .filter((peak) => peak !== undefined)
        .map(toHex)
        .toReversed(),
    copy: () => grown([...full], size),
  }
}

const fromHex = (text: string): string => Buffer.from(text, 'hex').toString('latin1')
const toHex = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex')

const INNER = Buffer.alloc(65)
INNER[0] = 1 // differs from that of a leaf: no inner node can be passed off as a record

function nodeHash(left: string, right: string): string {
  INNER.write(left, 1, 'latin1')
  INNER.write(right, 33, 'latin1')
  return hash('sha256', INNER, 'binary')
}
