// The automaton of Aho and Corasick (1975) over letters that are small numbers.

type Path = Readonly<{ path: readonly number[]; tag: number }>

// Few of the possible steps exist: they stand in a hash table, and those from the beginning, the most taken ones, in a list.
/** `next` takes one step, `tags` are those of the phrases that end in a state, `most` is more than any state. */
export function automatonOf(paths: readonly Path[], width: number) {
  const most = 1 + paths.reduce((sum, { path }) => sum + path.length, 0)
  if (most > 0xffff) throw new RangeError(`Phrases must have fewer than 65536 letters, got ${most}`)
  const bits = Math.ceil(Math.log2(most * 2))
  const mask = 2 ** bits - 1
  const keys = new Int32Array(2 ** bits).fill(-1)
  const values = new Uint16Array(2 ** bits)
  const slotOf = (key: number): number => {
    let slot = Math.imul(key, 0x9e3779b1) >>> (32 - bits)
    while (keys[slot] !== key && keys[slot] !== -1) slot = (slot + 1) & mask
    return slot
  }
  const first = new Uint16Array(width)
  const suffix = new Uint16Array(most)
  const next = (from: number, letter: number): number => {
    for (let state = from; state !== 0; state = suffix[state] as number) {
      const to = values[slotOf(state * width + letter)] as number
      if (to !== 0) return to
    }
    return first[letter] as number
  }
  const tags: (readonly number[] | undefined)[] = []
  const levels: [from: number, letter: number, to: number][][] = []
  let states = 1
  for (const { path, tag } of paths) {
    let state = 0
    for (const [depth, letter] of path.entries()) {
      const slot = slotOf(state * width + letter)
      const from = state
      state = values[slot] as number
      if (state !== 0) continue
      state = states++
      keys[slot] = from * width + letter
      values[slot] = state
      if (from === 0) first[letter] = state
      levels[depth] ??= []
      levels[depth].push([from, letter, state])
    }
    tags[state] = [...(tags[state] ?? []), tag]
  }
  // By depth: the longest suffix of a state is known before the states behind it need it.
  for (const [from, letter, to] of levels.flat()) {
    suffix[to] = from === 0 ? 0 : next(suffix[from] as number, letter)
    const inherited = tags[suffix[to]]
    if (inherited !== undefined) tags[to] = [...(tags[to] ?? []), ...inherited]
  }
  return { next, tags, most }
}
