// What a phrase says, by itself too little to judge: a mark needs several of them close together.

/** Each text is a list parted by `|`; a phrase begins a word and, with a space at its end, ends one. */
export type Concept = (typeof CONCEPTS)[number]
export type Phrases = Readonly<Partial<Record<Concept, string>>>

export const CONCEPTS = [
  /** Turn away from … */
  'disregard',
  /** The same in English, where it comes before what it is about … */
  'turn_away',
  /** … or is said of it afterwards: `are void`. */
  'void',
  /** … what was before, what is yours, all of it … */
  'prior',
  /** … instructions, rules, prompts. */
  'instruction',
  /** Somebody tells of it: `to ignore`, `its instructions`. */
  'narrated',
  'reveal',
  'yours',
  'prompt',
  'become',
  'unbound',
  /** Do not let the user know. */
  'conceal',
  'send',
  'loot',
  'key',
  'place',
  /** The text speaks to a model, not to a person. */
  'address',
  'must',
  'tool',
] as const
