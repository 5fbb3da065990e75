// The Merkle root over the lines that were read so far (RFC 6962 §2.1), in logarithmic memory.
import { hash } from 'node:crypto'

type Subtree = Readonly<{ leaves: number; digest: Buffer }>

export type RollingRoot = Readonly<{
  /** Takes the leaf hash of the next line, in hexadecimal. */
  add(leaf: string): void
  value(): string
}>

/** Starts empty, or with `size` lines that are no longer there, of which the roots of the full subtrees are left. */
export function rollingRoot(start?: Readonly<{ size: number; peaks: readonly string[] }>): RollingRoot {
  // A stack of full subtrees, the largest below; two of one size become one.
  const stack: Subtree[] = []
  let left = start?.size ?? 0
  for (const peak of start?.peaks ?? []) {
    const leaves = 2 ** Math.floor(Math.log2(left))
    stack.push({ leaves, digest: Buffer.from(peak, 'hex') })
    left -= leaves
  }
  return {
    add(leaf) {
      let top: Subtree = { leaves: 1, digest: Buffer.from(leaf, 'hex') }
      for (let below = stack.at(-1); below?.leaves === top.leaves; below = stack.at(-1)) {
        stack.pop()
        top = { leaves: top.leaves * 2, digest: joined(below.digest, top.digest) }
      }
      stack.push(top)
    },
    value() {
      const [last, ...rest] = stack.map(({ digest }) => digest).toReversed()
      return rest.reduce((right, peak) => joined(peak, right), last ?? EMPTY).toString('hex')
    },
  }
}

const EMPTY = hash('sha256', '', 'buffer')
const NODE = Buffer.alloc(65, 1)

function joined(one: Buffer, other: Buffer): Buffer {
  one.copy(NODE, 1)
  other.copy(NODE, 33)
  return hash('sha256', NODE, 'buffer')
}
