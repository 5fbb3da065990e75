// A sound subset of CSS selectors, matched in one pass while the page streams by: names, classes, ids, attributes, descendant, child, comma.
import type { Attributes, Close, Reader } from './visible-events.ts'

type Step = { readonly child: boolean; name: string; readonly tests: ((attributes: Attributes) => boolean)[] }
export type Selector = readonly (readonly Step[])[]

/** For each alternative and step: does it end at this element, and does it end here or above? */
type State = Readonly<{ ends: readonly (readonly boolean[])[]; above: readonly (readonly boolean[])[] }>

const TOKEN =
  /\s*(?<glue>[>,])\s*|(?<space>\s+)|(?<name>\*|[a-z][a-z0-9-]*)|(?<kind>[.#])(?<value>[a-z_-][\w-]*)|\[\s*(?<key>[a-z_][\w:-]*)\s*(?:(?<how>[~^$*|]?=)\s*(?:"(?<double>[^"\\]*)"|'(?<single>[^'\\]*)'|(?<bare>[\w-]+))\s*)?\]/iy

/** `undefined` for whatever is outside the subset: pseudo classes, siblings, escapes. Never throws. */
export function parseSelector(text: string): Selector | undefined {
  const selector: Step[][] = [[]]
  const trimmed = text.trim()
  let fresh: 'start' | ' ' | '>' | undefined = 'start'
  TOKEN.lastIndex = 0
  for (let at = 0; at < trimmed.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(trimmed)?.groups
    if (found === undefined) return undefined
    const steps = selector.at(-1) ?? []
    if (found['glue'] !== undefined || found['space'] !== undefined) {
      if (steps.length === 0) return undefined
      if (fresh === '>') return undefined
      if (found['glue'] === ',') selector.push([])
      fresh = found['glue'] === ',' ? 'start' : found['glue'] === '>' ? '>' : ' '
      continue
    }
    if (fresh !== undefined) steps.push({ child: fresh === '>', name: '*', tests: [] })
    else if (found['name'] !== undefined) return undefined // a name stands first
    fresh = undefined
    const step = steps.at(-1)
    if (found['name'] !== undefined && step !== undefined) step.name = found['name'].toLowerCase()
    else step?.tests.push(testOf(found))
  }
  return fresh === undefined ? selector : undefined
}

function testOf({ kind, value = '', key = '', how, double, single, bare }: Record<string, string | undefined>) {
  if (kind === '#') return (attributes: Attributes) => attributes['id'] === value
  if (kind === '.') return (attributes: Attributes) => wordsOf(attributes['class']).includes(value)
  const name = key.toLowerCase()
  const wanted = double ?? single ?? bare ?? ''
  return (attributes: Attributes) => {
    const found = attributes[name]
    if (found === undefined || how === undefined) return found !== undefined
    if (how === '=') return found === wanted
    if (how === '|=') return found === wanted || found.startsWith(`${wanted}-`)
    if (wanted === '') return false // Selectors §6.2: an empty value matches nothing
    if (how === '~=') return wordsOf(found).includes(wanted)
    if (how === '^=') return found.startsWith(wanted)
    return how === '$=' ? found.endsWith(wanted) : found.includes(wanted)
  }
}

const wordsOf = (text = '') => text.split(/[\t\n\f\r ]+/)

/** Passes on what stands inside the elements that match, each as a block of its own; and the title. */
export class SelectedPart implements Reader {
  matches = 0
  readonly #selector: Selector
  readonly #inner: Reader
  readonly #states: State[] = []
  readonly #wraps: boolean
  #inside = 0

  /** `wraps`: each match is put into a block, so that two of them never stand on one line. */
  constructor(selector: Selector, inner: Reader, wraps: boolean) {
    this.#selector = selector
    this.#inner = inner
    this.#wraps = wraps
  }

  drops(name: string, attributes: Attributes): ReturnType<Reader['drops']> {
    return this.#inner.drops(name, attributes)
  }

  open(name: string, attributes: Attributes): Close {
    const state = this.#advance(name, attributes)
    this.#states.push(state)
    const matched = state.ends.some((steps) => steps.at(-1) === true)
    if (matched) this.matches += 1
    const passes = matched || name === 'title'
    const block = matched && this.#wraps && this.#inside === 0 ? this.#inner.open('div', {}) : undefined
    if (passes) this.#inside += 1
    const close = this.#inside > 0 || name === 'base' ? this.#inner.open(name, attributes) : undefined
    return () => {
      close?.()
      block?.()
      if (passes) this.#inside -= 1
      this.#states.pop()
    }
  }

  text(data: string): void {
    if (this.#inside > 0) this.#inner.text(data)
  }

  // Each step looks at its parent's answers only, so that no selector has to go back.
  #advance(name: string, attributes: Attributes): State {
    const parent = this.#states.at(-1)
    const ends = this.#selector.map((steps, which) =>
      steps.map((step, at) => {
        if (step.name !== '*' && step.name !== name) return false
        const before = step.child ? parent?.ends[which]?.[at - 1] : parent?.above[which]?.[at - 1]
        return (at === 0 || before === true) && step.tests.every((test) => test(attributes))
      }),
    )
    const above = ends.map((steps, which) => steps.map((end, at) => end || parent?.above[which]?.[at] === true))
    return { ends, above }
  }
}
