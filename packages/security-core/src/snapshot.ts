// Question: is what runs the thing that was judged?
// Threat:   an operation that changes between the check and the use (getters, proxies, shared references).
// Rule:     the operation is copied into plain frozen data once; policies judge the copy and the executor gets the same copy.
// Limits:   says nothing about the world the operation names; the worker checks that again at the moment of use.
// Proof:    snapshot.test.ts

/**
 * Returns a deep, frozen copy of plain data (objects, arrays, strings, finite numbers, booleans, null, undefined left out).
 * Throws `TypeError` on anything else: accessors, functions, class instances, symbols, lists
 * with gaps, cycles. A proxy is read once, property by property: what it says later no longer counts.
 */
export function snapshot<T>(value: T): T {
  return copy(value, 0) as T
}

const MAX_DEPTH = 32 // no operation of the suite nests deeper than 4; a cycle ends here as well

function copy(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new TypeError(`Operation must nest at most ${MAX_DEPTH} levels`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return copyArray(value, depth)
  if (typeof value === 'object') return copyRecord(value, depth)
  throw new TypeError(`Operation must be plain data, got ${typeof value}`)
}

// Index by index: `value.map` would run a method, a constructor or a species that the array itself brings along.
function copyArray(value: readonly unknown[], depth: number): unknown {
  if (Object.getPrototypeOf(value) !== Array.prototype)
    throw new TypeError('Operation must be plain data, got a class instance')
  const result: unknown[] = []
  for (const key of Reflect.ownKeys(value)) {
    if (key === 'length') continue
    if (key !== String(result.length)) throw new TypeError(`Operation must hold plain lists, got ${String(key)}`)
    result.push(copy(plain(value, key), depth + 1))
  }
  if (result.length !== value.length) throw new TypeError('Operation must hold plain lists, got a gap')
  return Object.freeze(result)
}

function copyRecord(value: object, depth: number): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError('Operation must be plain data, got a class instance')
  const result: Record<string, unknown> = {}
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') throw new TypeError('Operation must be plain data, got a symbol')
    if (key === '__proto__') throw new TypeError('Operation must not name __proto__')
    const item = plain(value, key)
    if (item !== undefined) result[key] = copy(item, depth + 1)
  }
  return Object.freeze(result)
}

function plain(holder: object, key: string): unknown {
  const property = Object.getOwnPropertyDescriptor(holder, key)
  if (property === undefined || !('value' in property))
    throw new TypeError(`Operation must be plain data, got an accessor at ${key}`)
  return property.value as unknown
}
