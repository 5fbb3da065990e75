// Question: can what a caller sends change the shape of the trail?
// Threat:   a line feed, a quote, an escape sequence or a bidi override that forges a record, or hides one from its reader (CWE-117).
// Rule:     one record is one line of printable ASCII with a fixed key order; everything else is \uXXXX; only known fields are read.
// Limits:   a text over its size is cut, and the cut says how much is gone. What a text means is not judged.
// Proof:    record.test.ts
import { AUDIT_EVENTS, type AuditEvent } from './event.ts'

const TEXT_UNITS = 256 // UTF-16 units of one text, as parsed
const TEXT_CHARS = 512 // characters of one text, as escaped: with all texts full the record stays below 8 KiB
const MAX_MS = 253_402_300_799_999 // the last millisecond whose year has four digits

/** Fields in the order of the line, between `ts` and `prev`. A field that the event lacks is left out. */
const FIELDS = [
  ['call_id', text],
  ['server', text],
  ['tool', text],
  ['tenant', text],
  ['caller', text],
  ['auth', text],
  ['client', text],
  ['args', text],
  ['marks', text],
  ['decision', text],
  ['rule', text],
  ['policy', text],
  ['dur_ms', count],
  ['rows', count],
  ['bytes', count],
  ['taint', text],
  ['approval', text],
  ['chain', text],
  ['trace', text],
  ['err', text],
  ['size', count],
  ['root', text],
  ['epoch', count],
  ['next', text],
  ['sig', text],
  ['seal', text],
] as const satisfies readonly (readonly [Exclude<keyof AuditEvent, 'type'>, (value: unknown) => string])[]

/** Where in the trail, and when: `atMs` is milliseconds since the epoch, `prev` the hash of the line before. */
export type RecordPlace = Readonly<{ seq: number; atMs: number; prev: string }>

/** Returns the line without its line feed. Throws `TypeError` or `RangeError` on a value that is not of its declared type. */
export function recordLine(event: AuditEvent, place: RecordPlace): string {
  if (!AUDIT_EVENTS.includes(event.type)) throw new TypeError('An audit event must have a known type')
  let line = `{"v":1,"seq":${count(place.seq)},"ts":"${timeOf(place.atMs)}","type":"${event.type}"`
  for (const [name, write] of FIELDS) {
    const value = event[name]
    if (value !== undefined) line += `,"${name}":${write(value)}`
  }
  return `${line},"prev":${text(place.prev)}}`
}

function timeOf(atMs: number): string {
  if (!(atMs >= 0 && atMs <= MAX_MS)) throw new RangeError(`The time of a record must lie in 1970 to 9999, got ${atMs}`)
  if (atMs !== last.atMs) last = { atMs, text: new Date(atMs).toISOString() }
  return last.text
}

// Records come in groups of one millisecond: writing their time out once saved a tenth of the CPU time of a record.
let last = { atMs: Number.NaN, text: '' }

// A clock that is set back makes a duration negative: no reason to lose the record.
function count(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('A figure of a record must be a number')
  return String(Math.min(Math.max(0, Math.round(value)), Number.MAX_SAFE_INTEGER))
}

const PLAIN = /^[ !#-[\]-~]{0,256}$/ // printable ASCII without quote and backslash

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('A text of a record must be a string')
  if (PLAIN.test(value)) return `"${value}"`
  if (value.length <= TEXT_UNITS) {
    const escaped = asciiEscaped(value)
    if (escaped.length <= TEXT_CHARS) return `"${escaped}"`
  }
  return `"${cut(value)}"`
}

/** Escapes a string for use between JSON quotes; there is exactly one escaped form. Safe to show on any terminal. */
function asciiEscaped(value: string): string {
  return value.replace(/[^ !#-[\]-~]/g, (unit) => {
    if (unit === '"' || unit === '\\') return `\\${unit}`
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

// Keeps the longest beginning that leaves room for the note, and never half of a surrogate pair.
function cut(value: string): string {
  const note = `...[cut, ${value.length} in all]`
  const units = TEXT_UNITS - note.length
  let kept = ''
  for (const character of value.slice(0, units).replace(/[\ud800-\udbff]$/, '')) {
    const escaped = asciiEscaped(character)
    if (kept.length + escaped.length + note.length > TEXT_CHARS) break
    kept += escaped
  }
  return `${kept}${note}`
}
