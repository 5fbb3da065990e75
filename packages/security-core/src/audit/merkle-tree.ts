// The tree head over a trail: one hash that stands for every record and its place (RFC 6962 §2.1), in logarithmic memory.
import { hash } from 'node:crypto'
import { GENESIS } from './chain.ts'

/** `root` stands for the first `size` records, in 64 hexadecimal digits. */
export type TreeHead = Readonly<{ size: number; root: string }>

export type MerkleTree = Readonly<{
  /** Takes the leaf hash of the next record. */
  append(leaf: string): void
  head(): TreeHead
}>

/** Returns an empty tree. Its root is the hash of nothing, which is also `prev` of the first record. */
export function merkleTree(): MerkleTree {
  // Like the digits of a binary counter: place n holds the root of a full subtree of 2^n leaves, or nothing.
  const full: (string | undefined)[] = []
  let size = 0
  return {
    append(leaf) {
      let carried = leaf
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
      return { size, root: root ?? GENESIS }
    },
  }
}

// The leading byte differs from that of a leaf: no inner node can be passed off as a record.
const nodeHash = (left: string, right: string): string => hash('sha256', Buffer.from(`01${left}${right}`, 'hex'), 'hex')
