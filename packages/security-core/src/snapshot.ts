// Question: is what runs the thing that was judged?
// Threat:   an operation that changes between the check and the use (getters, proxies, shared references).
// Rule:     the operation is copied into plain frozen data once; policies judge the copy and the executor gets the same copy.
// Limits:   says nothing about the world the operation names; the worker checks that again at the moment of use.
// Proof:    snapshot.test.ts

/**
 * Returns a deep, frozen copy of plain data (objects, arrays, strings, finite numbers, booleans, null, undefined left out).
 * Throws `TypeError` on anything else: accessors, functions, class instances, symbols, cycles.
 */
export function snapshot<T>(value: T): T {
  return copy(value, 0) as T
}

const MAX_DEPTH = 32 // no operation of the suite nests deeper than 4; a cycle ends here as well

function copy(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new TypeError(`Operation must nest at most ${MAX_DEPTH} levels`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return Object.freeze(value.map((item) => copy(item, depth + 1)))
  if (typeof value === 'object') return copyRecord(value, depth)
  throw new TypeError(`Operation must be plain data, got ${typeof value}`)
}

function copyRecord(value: object, depth: number): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError('Operation must be plain data, got a class instance')
  const result: Record<string, unknown> = {}
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (!('value' in property)) throw new TypeError(`Operation must be plain data, got an accessor at ${key}`)
    if (key === '__proto__') throw new TypeError('Operation must not name __proto__')
    if (property.value !== undefined) result[key] = copy(property.value, depth + 1)
  }
  return Object.freeze(result)
}
