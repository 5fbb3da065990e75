// Question: do two values say the same thing?
// Threat:   one set of arguments with many spellings (key order, escapes, 1.0 for 1), so that its keyed hash proves nothing.
// Rule:     one text per JSON value, in the manner of RFC 8785: keys sorted by UTF-16 unit, no white space, shortest numbers.
// Limits:   says nothing about values outside JSON: they are refused, as is nesting over 64 levels and text over 8 Mi units.
// Proof:    canonical-json.test.ts
import { Denial } from '../denial.ts'

const MAX_DEPTH = 64 // twice what the transports let through
const MAX_LENGTH = 8 * 1024 * 1024 // UTF-16 units; a body of 1 MiB grows at most fivefold (1e20 is written out)

/**
 * Returns the canonical text. Equal JSON values give equal text, different ones different text. As in `JSON.stringify`, a
 * member that is undefined is absent, and elsewhere undefined is null; getters and `toJSON` are never called on its behalf.
 * RFC 8785 refuses lone surrogates; here they stay escaped (`\ud800`), which keeps the text well formed and distinct.
 */
export function canonicalJson(value: unknown): string {
  let room = MAX_LENGTH
  return write(value, 0)

  function write(item: unknown, depth: number): string {
    if (depth > MAX_DEPTH) throw new Denial('invalid_input', `The arguments nest deeper than ${MAX_DEPTH} levels`)
    if (Array.isArray(item)) return spend(`[${elements(item, depth).join()}]`, 2)
    if (typeof item === 'object' && item !== null) return spend(`{${members(item, depth).join()}}`, 2)
    const text = scalar(item)
    return spend(text, text.length)
  }

  function elements(item: readonly unknown[], depth: number): string[] {
    const parts: string[] = []
    for (let index = 0; index < item.length; index += 1) parts.push(write(item[index], depth + 1))
    return parts
  }

  function members(item: object, depth: number): string[] {
    const parts: string[] = []
    // The default order of sort is by UTF-16 code unit, which is RFC 8785 §3.2.3.
    for (const key of Object.keys(item).toSorted()) {
      const member: unknown = Object.getOwnPropertyDescriptor(item, key)?.value
      if (member === undefined) continue
      const name = JSON.stringify(key)
      parts.push(`${spend(name, name.length)}:${write(member, depth + 1)}`)
    }
    return parts
  }

  // A value that refers to itself in many places is small in memory and endless in text.
  function spend(text: string, length: number): string {
    room -= length + 1
    if (room < 0) throw new Denial('invalid_input', `The arguments are longer than ${MAX_LENGTH} characters`)
    return text
  }
}

function scalar(item: unknown): string {
  if (item === null || item === undefined) return 'null'
  if (typeof item === 'string' || typeof item === 'boolean') return JSON.stringify(item)
  if (typeof item === 'number' && Number.isFinite(item)) return JSON.stringify(item)
  throw new Denial('invalid_input', `The arguments hold a ${typeof item} that JSON cannot express`)
}
