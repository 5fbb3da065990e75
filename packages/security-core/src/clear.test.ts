// Proves door 1: nothing is cleared without every policy, and no cast stands in for it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall } from '@hardened-mcp/testkit'
import { assertCleared, type Cleared, clear } from './clear.ts'
import { allow, deny } from './decision.ts'
import { Denial } from './denial.ts'

type Note = { op: 'read_note'; name: string }
const note = (): Note => ({ op: 'read_note', name: 'shopping' })
const isInternal = (thrown: unknown) => thrown instanceof Denial && thrown.code === 'internal'

suite('clear()', () => {
  test('asks every policy about the same frozen copy, and returns it', () => {
    const seen: object[] = []
    const policy = (operation: Note) => {
      seen.push(operation)
      return allow()
    }
    const original = note()
    const cleared = clear(original, [policy, policy], aCall())
    assert.deepEqual(cleared, note())
    assert.deepEqual(
      seen.map((operation) => operation === cleared),
      [true, true],
    )
    assert.notEqual(seen[0], original)
    assert.ok(Object.isFrozen(cleared))
    assertCleared(cleared)
    assert.throws(() => assertCleared(original), isInternal, 'the original can still change')
  })

  test('throws the refusal of the first policy that denies and does not ask the next', () => {
    let asked = 0
    const no = () => deny('path_denied', 'outside the root')
    const counting = () => {
      asked += 1
      return allow()
    }
    assert.throws(
      () => clear(note(), [counting, no, counting], aCall()),
      (thrown) => thrown instanceof Denial && thrown.code === 'path_denied',
    )
    assert.equal(asked, 1)
  })

  test('what a policy refused is not cleared, even when the policy kept it', () => {
    let kept: object = {}
    const policy = (operation: Note) => {
      kept = operation
      return deny('path_denied', 'no')
    }
    assert.throws(() => clear(note(), [policy], aCall()))
    assert.throws(() => assertCleared(kept), isInternal)
  })
})

suite('assertCleared()', () => {
  const cleared = clear(note(), [() => allow()], aCall())
  const FORGED: readonly (readonly [name: string, value: object])[] = [
    ['a plain object that only says it is cleared', note()],
    ['a frozen object behind a cast', Object.freeze(note()) as Cleared<Note>],
    ['a copy of a cleared operation', { ...cleared }],
    ['a structured clone of a cleared operation', structuredClone(cleared)],
    ['an heir of a cleared operation', Object.create(cleared) as object],
    ['a proxy around a cleared operation', new Proxy(cleared, {})],
  ]
  for (const [name, value] of FORGED)
    test(`refuses ${name}`, () => assert.throws(() => assertCleared(value), isInternal))
})
