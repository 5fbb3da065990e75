// A watched resource is looked at by calls; a change is told once, a refusal ends the watch, and there are never many.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { resourceWatch } from './resource-watch.ts'

function watched(states: Record<string, string | undefined>) {
  const told: string[] = []
  const looks: string[] = []
  let turn = () => {}
  let ended = 0
  const watch = resourceWatch({
    look: async (uri) => (looks.push(uri), states[uri]),
    notify: (uri) => void told.push(uri),
    every(run) {
      turn = run
      return () => void (ended += 1)
    },
  })
  const next = async () => {
    turn()
    for (let n = 0; n < 50; n++) await Promise.resolve()
  }
  return { watch, states, told, looks, next, ended: () => ended }
}

suite('resourceWatch()', () => {
  test('tells of a change once, and of nothing that stayed as it was', async () => {
    const { watch, states, told, next } = watched({ a: '1', b: '1' })
    assert.equal(await watch.add('a'), true)
    assert.equal(await watch.add('b'), true)
    await next()
    assert.deepEqual(told, [])
    states['a'] = '2'
    await next()
    await next()
    assert.deepEqual(told, ['a'])
  })

  test('takes nothing that a call refuses, and no more than eight', async () => {
    const { watch } = watched(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`r${i}`, 'x'])))
    assert.equal(await watch.add('secret'), false)
    const added = await Promise.all(Array.from({ length: 9 }, (_, i) => watch.add(`r${i}`)))
    assert.deepEqual(added, [...Array<boolean>(8).fill(true), false])
    watch.remove('r0')
    assert.equal(await watch.add('r8'), true)
  })

  test('ends with a resource that is gone or refused from now on, having said so, and with the connection', async () => {
    const { watch, states, told, looks, next, ended } = watched({ a: '1' })
    await watch.add('a')
    states['a'] = undefined
    await next()
    assert.deepEqual(told, ['a'])
    looks.length = 0
    await next()
    assert.deepEqual(looks, [])
    watch.close()
    assert.equal(ended(), 1)
  })
})
