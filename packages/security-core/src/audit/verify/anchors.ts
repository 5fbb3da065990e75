// What the verifier knows from elsewhere, sorted by the record it is about.

/** The hash of the line with this sequence number, without its line feed. */
export type LineAnchor = Readonly<{ seq: number; hash: string }>
/** From a checkpoint: the Merkle root over the first `size` lines. */
export type RootAnchor = Readonly<{ size: number; root: string }>
export type Anchor = LineAnchor | RootAnchor

export type Anchors = Readonly<{
  /** The last record that an anchor is about, or -1. */
  last: number
  /** What is wrong with the anchors themselves. */
  contradiction?: string
  /** Takes the leaf hashes in order: `undefined` where no anchor is, otherwise whether all anchors about this record hold. */
  check(seq: number, leaf: string, root: () => string): boolean | undefined
}>

/** A checkpoint of an empty trail is about no record, and establishes nothing. */
export function anchorsOf(given: readonly Anchor[]): Anchors {
  const lines = new Map<number, string>()
  const roots = new Map<number, string>()
  let last = -1
  let contradiction: string | undefined
  for (const anchor of given) {
    const [known, seq, value] =
      'seq' in anchor ? ([lines, anchor.seq, anchor.hash] as const) : ([roots, anchor.size - 1, anchor.root] as const)
    if ((known.get(seq) ?? value) !== value) contradiction = `Two anchors for record ${seq} contradict each other`
    known.set(seq, value)
    last = Math.max(last, seq)
  }
  return {
    last,
    ...(contradiction === undefined ? {} : { contradiction }),
    check(seq, leaf, root) {
      if (seq > last) return undefined
      const line = lines.get(seq)
      const expected = roots.get(seq)
      if (line === undefined && expected === undefined) return undefined
      return (line ?? leaf) === leaf && (expected === undefined || expected === root())
    },
  }
}
