// Question: which parts of the page reach the reader?
// Threat:   hidden text brought back by broken nesting: `<b><div hidden></b>secret</div>` is hidden in every browser, not in a simple parser.
// Rule:     hidden and active elements are dropped with all they hold; one that was closed by somebody else's end tag stays dropped to the end of its block.
// Limits:   drops more than a browser where nesting is broken, never less; depth is capped, since parsers are quadratic in it.
// Proof:    markdown.test.ts
import type { Handler } from 'htmlparser2'
import { isHidden } from './hidden-element.ts'

export type Attributes = Readonly<Record<string, string>>
export type Close = () => void

/** What is told of the visible part. `open` returns what to do at the end of the element. */
export type Reader = Readonly<{
  /** `elements` and `nothing` are dropped; only the first is counted. */
  drops(name: string, attributes: Attributes): 'elements' | 'nothing' | undefined
  open(name: string, attributes: Attributes): Close
  text(data: string): void
}>

/** Ends the parse: the parser has no way to stop in the middle of a slice. */
export class Cut extends Error {
  readonly reason: 'bytes' | 'depth'
  constructor(reason: 'bytes' | 'depth') {
    super(reason)
    this.reason = reason
  }
}

const MAX_DEPTH = 256 // real pages stay under 100

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))
// HTML Standard §13.2.4.3: formatting elements are opened again after their parent ended; the end tag of an ordinary element ends no special one.
const FORMATTING = words('a b big code em font i nobr s small strike strong tt u')
const MARKERS = words('td th caption marquee object template applet')
// HTML Standard §13.1.2: these have no end tag and hold nothing, so that their end is nobody else's.
const VOID = words(
  'area base basefont bgsound br col command embed frame hr img input isindex keygen link meta param source track wbr',
)
const ORDINARY_INSIDE = words(
  'span abbr cite dfn kbd label mark q samp sub sup time var ins del bdi bdo data ruby rt rp output',
)

export class VisibleEvents implements Partial<Handler> {
  readonly dropped: Record<string, number> = {}
  readonly #reader: Reader
  readonly #stack: { readonly name: string; readonly close: Close | undefined }[] = []
  #skipFrom: number | undefined // dropping goes on while at least so many elements are open
  #skipped = '' // the name of the dropped element, while it is open
  #orphan = false // the dropped one was closed on behalf of another, which is about to be seen

  constructor(reader: Reader) {
    this.#reader = reader
  }

  onopentag(name: string, attributes: Attributes): void {
    if (this.#stack.length >= MAX_DEPTH) throw new Cut('depth')
    this.#settle(undefined)
    this.#stack.push({ name, close: this.#skipFrom === undefined ? this.#open(name, attributes) : undefined })
  }

  onclosetag(name: string, isImplied: boolean): void {
    const element = this.#stack.pop()
    element?.close?.()
    if (this.#skipFrom !== undefined && this.#stack.length < this.#skipFrom) {
      if (isImplied && !VOID.has(name)) this.#orphan = true
      else if (!this.#orphan) this.#skipFrom = undefined
    }
    if (!isImplied) this.#settle(name)
  }

  ontext(data: string): void {
    if (this.#skipFrom === undefined) this.#reader.text(data)
  }

  oncomment(): void {
    this.#count('comments')
  }

  /** Ends every element that is still open. */
  end(): void {
    while (this.#stack.length > 0) this.#stack.pop()?.close?.()
  }

  #open(name: string, attributes: Attributes): Close | undefined {
    const drops = this.#reader.drops(name, attributes)
    const hidden = drops === undefined && name !== 'body' && name !== 'html' && isHidden(name, attributes)
    if (drops === undefined && !hidden) return this.#reader.open(name, attributes)
    if (drops !== 'nothing') this.#count(hidden ? 'hidden' : 'elements')
    this.#skipFrom = this.#stack.length + 1
    this.#skipped = name
    return undefined
  }

  // The event after an implied end tells whose tag it was: `endTag` is undefined when another element opened instead.
  #settle(endTag: string | undefined): void {
    if (!this.#orphan) return
    this.#orphan = false
    if (FORMATTING.has(this.#skipped)) this.#skipFrom = this.#depthOf((name) => MARKERS.has(name))
    else if (endTag !== undefined && isOrdinary(endTag)) this.#skipFrom = this.#depthOf((name) => !isOrdinary(name))
    else this.#skipFrom = undefined
    this.#skipped = ''
  }

  // Without such an element the rest of the page is dropped: no page has fewer than no open elements.
  #depthOf(fits: (name: string) => boolean): number {
    return this.#stack.findLastIndex(({ name }) => fits(name)) + 1
  }

  #count(what: string): void {
    this.dropped[what] = (this.dropped[what] ?? 0) + 1
  }
}

const isOrdinary = (name: string) => FORMATTING.has(name) || ORDINARY_INSIDE.has(name)
