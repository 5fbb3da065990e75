// Turns the caller's values into what the driver binds, with SQLite's own parameter numbering.
import type { Param, Params } from './operations.ts'
import { stop } from './refusals.ts'
import type { Token } from './token-scan.ts'

/** Arguments for the driver: anonymous values by position, then one object of named ones. */
export type Bound = readonly unknown[]

/** An array binds by SQLite's numbers to every form; an object binds to the named ones. Nothing may be missing or left over. */
export function bindParams(tokens: readonly Token[], params: Params): Bound {
  const slots = slotsOf(tokens)
  const valueOf = Array.isArray(params) ? byNumber(params, slots) : byName(params, slots)
  const named = Object.create(null) as Record<string, unknown>
  const unnamed = new Map<number, unknown>()
  for (const slot of slots) {
    if (slot.name === '') unnamed.set(slot.number, toSqlite(valueOf(slot)))
    else named[slot.name] = toSqlite(valueOf(slot))
  }
  // `?3` alone makes three parameters: for the driver the two that the statement does not use are anonymous ones.
  const taken = new Set(slots.map(({ number, name }) => (name === '' ? 0 : number)))
  const anonymous = Array.from({ length: largestOf(slots) }, (_, index) => index + 1)
    .filter((number) => !taken.has(number))
    .map((number) => unnamed.get(number) ?? null)
  return Object.keys(named).length === 0 ? anonymous : [...anonymous, named]
}

/** NULL for every parameter: enough to plan a statement. */
export function bindNulls(tokens: readonly Token[]): Bound {
  return bindParams(tokens, Array<Param>(largestOf(slotsOf(tokens))).fill(null))
}

export type Slot = Readonly<{ number: number; name: string }>

// sqlite.org/lang_expr.html §2: `?` takes the largest number so far plus one, `?N` takes N, a new name takes the next.
export function slotsOf(tokens: readonly Token[]): readonly Slot[] {
  const slots: Slot[] = []
  const byText = new Map<string, Slot>()
  let largest = 0
  for (const { kind, text } of tokens) {
    if (kind !== 'variable' || byText.has(text)) continue
    const given = /^\?[0-9]+$/.test(text) ? Number(text.slice(1)) : largest + 1
    largest = Math.max(largest, given)
    const slot = { number: given, name: text === '?' ? '' : text.slice(1) }
    if (slots.some(({ name }) => name !== '' && name === slot.name))
      throw stop('invalid_input', 'Parameters such as :x and @x must have different names')
    slots.push(slot)
    if (text !== '?') byText.set(text, slot)
  }
  return slots
}

const largestOf = (slots: readonly Slot[]) => slots.reduce((most, { number }) => Math.max(most, number), 0)

function byNumber(params: readonly Param[], slots: readonly Slot[]): (slot: Slot) => Param {
  const wanted = largestOf(slots)
  if (wanted !== params.length)
    throw stop('invalid_input', `Parameters in the statement: ${wanted}; values given: ${params.length}`)
  return ({ number }) => params[number - 1] ?? null
}

function byName(params: Readonly<Record<string, Param>>, slots: readonly Slot[]): (slot: Slot) => Param {
  const values = new Map(Object.entries(params).map(([key, value]) => [key.replace(/^[:@$?]/, ''), value]))
  if (slots.some(({ name }) => name === '')) throw stop('invalid_input', 'Values for ? must be given as an array')
  if (slots.some(({ name }) => !values.has(name)))
    throw stop('invalid_input', 'A named parameter of the statement has no value')
  if (values.size !== slots.length || values.size !== Object.keys(params).length)
    throw stop('invalid_input', 'A value was given for a parameter that the statement does not have')
  return ({ name }) => values.get(name) ?? null
}

const INT64_MAX = 2n ** 63n - 1n

function toSqlite(value: Param): unknown {
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value // the driver binds numbers as REAL
  if (typeof value !== 'object' || value === null) return value
  if ('blob_base64' in value) return Buffer.from(value.blob_base64, 'base64')
  const int = BigInt(value.int)
  if (int > INT64_MAX || int < -INT64_MAX - 1n) throw stop('invalid_input', 'Integers must fit 64 bits')
  return int
}
