// Code of a page: kept as it is, in a fence that its own backticks cannot close, with the language that its highlighter wrote down.
import type { Attributes } from './visible-events.ts'

const PREFIXED = /(?:^|\s)(?:language-|lang-|highlight-(?:source|text)-|brush:\s*)([a-z0-9+#-]{1,20})/i
const SPHINX = /(?:^|\s)highlight-([a-z0-9+#-]{1,20})\s(?:[^]*\s)?notranslate(?:\s|$)/i
const HIGHLIGHTED = /(?:^|\s)(?:hljs|highlight|sourcecode|code|prettyprint|chroma)(?:\s|$)/i
// Names that stand alone in a class, or come from an element around the code, where `en` or `default` may stand as well.
const KNOWN: ReadonlySet<string> = new Set(
  (
    'ada apl applescript asm awk bash bat c clojure cmake console cpp crystal csharp css csv cuda d dart diff dockerfile elixir elm erlang ' +
    'fish fortran fsharp gdscript glsl go graphql groovy haskell hcl html http ini java javascript js json json5 jsonc jsx julia kotlin latex less ' +
    'lisp lua makefile markdown matlab mermaid nginx nim nix objectivec ocaml perl php powershell prolog properties protobuf ps1 py python r racket ' +
    'rb regex rs ruby rust sass scala scheme scss sh shell solidity sql svelte swift tcl terraform tex toml ts tsx typescript vb verilog vhdl vim ' +
    'vue wasm xml yaml yml zig zsh'
  ).split(' '),
)
const SAME: Readonly<Record<string, string>> = { python3: 'python', ipython3: 'python', pycon: 'python', 'c++': 'cpp' }

/** The language that an element of code says, or `''`. */
export function languageOf(attributes: Attributes): string {
  const named = attributes['data-lang'] ?? attributes['data-language'] ?? ''
  if (/^[a-z0-9+#-]{1,20}$/i.test(named)) return plain(named)
  const prefixed = PREFIXED.exec(attributes['class'] ?? '')?.[1]
  return prefixed === undefined ? knownOf(attributes) : plain(prefixed)
}

/** The language that an element around code says, or `''`: only what is no other word. */
export function languageAround(attributes: Attributes): string {
  const classes = attributes['class'] ?? ''
  const found = plain(PREFIXED.exec(classes)?.[1] ?? SPHINX.exec(classes)?.[1] ?? '')
  if (KNOWN.has(found)) return found
  return HIGHLIGHTED.test(classes) ? knownOf(attributes) : ''
}

const plain = (language: string) => SAME[language.toLowerCase()] ?? language.toLowerCase()

const knownOf = ({ class: classes = '', lang = '' }: Attributes) =>
  [...classes.toLowerCase().split(/\s+/, 10), lang.toLowerCase()].find((word) => KNOWN.has(word)) ?? ''

export function codeBlock(text: string, language: string, markup: boolean): readonly string[] {
  const lines = text
    .replace(/\r\n?/g, '\n')
    .replace(/^\n+|\s+$/g, '')
    .split('\n')
  if (!markup || lines.join('') === '') return lines.join('') === '' ? [] : lines
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return [fence + language, ...lines, fence]
}

export function codeSpan(text: string, markup: boolean): string {
  const code = text.replace(/\s+/g, ' ').trim()
  if (!markup || code === '') return code
  const fence = '`'.repeat(longestRun(code) + 1)
  const pad = code.startsWith('`') || code.endsWith('`') ? ' ' : ''
  return fence + pad + code + pad + fence
}

const longestRun = (text: string) =>
  (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)
