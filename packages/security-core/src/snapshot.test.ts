// Proves that a snapshot is plain, deeply frozen, equal to what it was taken from, and takes nothing else.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { snapshot } from './snapshot.ts'

const scalar = fc.oneof(
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const { value: plain } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}))

function assertDeeplyFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  assert.ok(Object.isFrozen(value))
  for (const item of Object.values(value)) assertDeeplyFrozen(item)
}

function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(objectsIn)]
}

suite('snapshot()', () => {
  test('property: equal to the original, frozen all the way down, and shares no object with it', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const copy = snapshot(value)
        assert.deepEqual(copy, value)
        assertDeeplyFrozen(copy)
        const originals = new Set(objectsIn(value))
        assert.ok(objectsIn(copy).every((object) => !originals.has(object)))
      }),
    )
  })

  test('does not follow later changes of the original', () => {
    const original = { op: 'read', where: ['a'], deep: { path: 'ok' } }
    const copy = snapshot(original)
    original.where.push('b')
    original.deep.path = '/etc/shadow'
    assert.deepEqual(copy, { op: 'read', where: ['a'], deep: { path: 'ok' } })
  })

  test('leaves out what is undefined, and copies what is not enumerable', () => {
    const value = { a: 1, b: undefined } as Record<string, unknown>
    Object.defineProperty(value, 'hidden', { value: 2, enumerable: false })
    assert.deepEqual(snapshot(value), { a: 1, hidden: 2 })
  })

  test('reads a proxy once: it cannot say one thing to the policy and another to the executor', () => {
    let reads = 0
    const proxy = new Proxy(
      { path: 'ok' },
      {
        getOwnPropertyDescriptor: () => {
          reads += 1
          return { value: reads === 1 ? 'ok' : '/etc/shadow', enumerable: true, configurable: true, writable: true }
        },
      },
    )
    const copy = snapshot(proxy)
    assert.equal(copy.path, 'ok')
    assert.equal(copy.path, 'ok')
    assert.equal(reads, 1)
  })

  class Row {
    id = 1
  }
  class Evil extends Array<unknown> {
    static override get [Symbol.species]() {
      return Array
    }
  }
  const ownMap = Object.assign([1], { map: () => ['other'] })
  const ownConstructor = Object.assign([1], { constructor: { [Symbol.species]: Row } })
  const getterItem = Object.defineProperty([1], 0, { get: () => 2 })
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const wide: Record<string, unknown> = {}
  Object.assign(wide, { a: wide, b: wide, c: [wide, wide] })
  const nest = (levels: number): unknown => (levels === 0 ? 'x' : { in: nest(levels - 1) })
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()

  const REFUSED: readonly (readonly [name: string, value: unknown])[] = [
    ['a getter', { get path() { return 'x' } }], // biome-ignore format: one row
    ['a setter', { set path(_: string) {} }], // biome-ignore format: one row
    ['a getter in a list', getterItem],
    ['a list with its own map', ownMap],
    ['a list with its own constructor', ownConstructor],
    ['a subclass of Array', Evil.from([1])],
    ['a list with a gap', [1, , 3]], // oxlint-disable-line no-sparse-arrays -- the gap is the case
    ['a function', { run: () => 1 }],
    ['a class instance', new Row()],
    ['a Date', { at: new Date(0) }],
    ['a Map', new Map()],
    ['bytes', new Uint8Array(2)],
    ['an object with an odd prototype', Object.create({ inherited: 1 })],
    ['a symbol', { kind: Symbol('x') }],
    ['a symbol as key', { [Symbol('x')]: 1 }],
    ['a bigint', { id: 1n }],
    ['not a number', { id: Number.NaN }],
    ['infinity', { id: Number.POSITIVE_INFINITY }],
    ['undefined in a list', [undefined]],
    ['its own __proto__', JSON.parse('{"__proto__":{"admin":true}}')],
    ['a cycle', cycle],
    ['a wide cycle', wide],
    ['33 levels', nest(33)],
    ['a revoked proxy', revoked.proxy],
  ]
  for (const [name, value] of REFUSED) test(`refuses ${name}`, () => assert.throws(() => snapshot(value), TypeError))

  test('takes 32 levels', () => {
    assert.deepEqual(snapshot(nest(32)), nest(32))
  })
  test('takes an object without prototype', () => {
    assert.deepEqual(snapshot(Object.assign(Object.create(null), { a: 1 })), { a: 1 })
  })
})
