// The form of one line of a trail, as FORMAT.md states it: what holds, and what is wrong with a line that does not.

/** What a line says of its place, its time and its kind. */
export type Claims = Readonly<{ seq: number; ts: string; type: string; prev: string }>
export type LineCheck = Readonly<{ claims: Claims; wrong?: string }>

// One character of a text has one spelling: itself, \" or \\, or \u with lower-case digits for what is not printable ASCII.
const CHARACTER = String.raw`(?:[ !#-\[\]-~]|\\["\\]|\\u(?!00(?:[2-6][0-9a-f]|7[0-9a-e]))[0-9a-f]{4})`
const TEXT = `"${CHARACTER}{0,256}"`
const COUNT = '(?:0|[1-9][0-9]{0,15})'
const TIME = String.raw`[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z`
const HASH = '[0-9a-f]{64}'
const SIGNATURE = '[0-9a-f]{128}'

const OPTIONAL: readonly (readonly [name: string, pattern: string])[] = [
  ['call_id', TEXT],
  ['server', TEXT],
  ['tool', TEXT],
  ['tenant', TEXT],
  ['caller', TEXT],
  ['auth', TEXT],
  ['client', TEXT],
  ['args', `"${HASH}"`],
  ['marks', TEXT],
  ['decision', '"(?:allow|deny)"'],
  ['rule', TEXT],
  ['policy', TEXT],
  ['dur_ms', COUNT],
  ['rows', COUNT],
  ['bytes', COUNT],
  ['taint', TEXT],
  ['approval', TEXT],
  ['chain', TEXT],
  ['trace', TEXT],
  ['err', TEXT],
  ['size', COUNT],
  ['root', `"${HASH}"`],
  ['epoch', COUNT],
  ['next', `"${HASH}"`],
  ['sig', `"${SIGNATURE}"`],
  ['seal', `"${SIGNATURE}"`],
]
const ORDER = ['v', 'seq', 'ts', 'type', ...OPTIONAL.map(([name]) => name), 'prev']

// The whole form in one expression: key order, no second copy of a key, no white space, no unknown key. Each part starts
// with a literal that no other part can start with, so matching takes one pass.
const LINE = new RegExp(
  String.raw`^\{"v":1,"seq":(${COUNT}),"ts":"(${TIME})","type":"([a-z]+(?:[._][a-z]+)*)"` +
    OPTIONAL.map(([name, pattern]) => `(?:,"${name}":${pattern})?`).join('') +
    String.raw`,"prev":"(${HASH})"\}$`,
)

/** `claims` is what the line says of its place; it counts only where `wrong` is absent. */
export function faultOfLine(line: string): LineCheck {
  const match = LINE.exec(line)
  const claims = { seq: Number(match?.[1]), ts: match?.[2] ?? '', type: match?.[3] ?? '', prev: match?.[4] ?? '' }
  if (match !== null && Number.isSafeInteger(claims.seq)) return { claims }
  return { claims, wrong: diagnosis(line) }
}

// Only words: the line has failed already, and every branch here reports a fault.
function diagnosis(line: string): string {
  if (line === '') return 'An empty line'
  if (line.includes('\r')) return 'Holds a carriage return'
  if (/[^ -~]/.test(line)) return 'Holds a byte outside printable ASCII'
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return 'Is not JSON'
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'Is not a JSON object'
  const keys = [...line.matchAll(/[{,]\s*"([a-z_]+)"\s*:/g)].map((match) => String(match[1]))
  const known = Object.keys(parsed)
  if (known.includes('v') && (parsed as { v: unknown }).v !== 1) return 'Is of a version other than 1'
  if (known.some((key) => !ORDER.includes(key))) return 'Holds an unknown field'
  const lacking = ['v', 'seq', 'ts', 'type', 'prev'].find((key) => !known.includes(key))
  if (lacking !== undefined) return `Lacks the field ${lacking}`
  if (JSON.stringify(parsed).length !== line.length && keys.length > known.length) return 'Holds a field twice'
  const places = known.map((key) => ORDER.indexOf(key))
  if (places.some((place, index) => index > 0 && place < (places[index - 1] as number)))
    return 'Has its fields in another order'
  const outside = line.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  if (/\s/.test(outside)) return 'Holds white space between its fields'
  return 'Holds a value that is not in its one written form'
}
