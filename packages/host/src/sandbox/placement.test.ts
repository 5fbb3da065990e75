// Proves where calls go: back home, never more of one group at once than it says, and never too early.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Placing, placement } from './placement.ts'

type Job = Placing
const slots = [{ id: 1 }, { id: 2 }, { id: 3 }]
const all = () => true
const none = () => false

const clocked = () => {
  let nowMs = 1_000
  const places = placement<Job, { id: number }>(
    (job) => job,
    () => nowMs,
  )
  return { places, sleep: (ms: number) => void (nowMs += ms) }
}

suite('placement()', () => {
  test('without anything said, the first free worker', () => {
    const { places } = clocked()
    assert.deepEqual(places.placeOf({}, slots, all), { slot: { id: 1 } })
    assert.equal(places.placeOf({}, [], all), undefined)
  })

  test('a call goes home when its worker is free, and elsewhere when it is not', () => {
    const { places } = clocked()
    places.started({ home: 'a' }, { id: 2 })
    assert.deepEqual(places.placeOf({ home: 'a' }, slots, all), { slot: { id: 2 } })
    assert.deepEqual(places.placeOf({ home: 'b' }, slots, all), { slot: { id: 1 } })
    assert.deepEqual(places.placeOf({ home: 'a' }, [{ id: 3 }], all), { slot: { id: 3 } })
  })

  test('one that waits, waits for its worker as long as that lives', () => {
    const { places } = clocked()
    places.started({ home: 'a' }, { id: 2 })
    assert.equal(places.placeOf({ home: 'a', waits: true }, [{ id: 3 }], all), undefined)
    assert.deepEqual(places.placeOf({ home: 'a', waits: true }, [{ id: 3 }], none), { slot: { id: 3 } })
    assert.deepEqual(places.placeOf({ home: 'new', waits: true }, [{ id: 3 }], all), { slot: { id: 3 } })
  })

  test('a group has its number of workers and no more', () => {
    const { places } = clocked()
    const job = () => ({ group: { name: 'host', atOnce: 2, everyMs: 0 } })
    const [one, two] = [job(), job()]
    places.started(one, { id: 1 })
    assert.deepEqual(places.placeOf(two, [{ id: 2 }], all), { slot: { id: 2 } })
    places.started(two, { id: 2 })
    assert.equal(places.placeOf(job(), [{ id: 3 }], all), undefined)
    assert.deepEqual(places.placeOf({ group: { name: 'other', atOnce: 2, everyMs: 0 } }, [{ id: 3 }], all), {
      slot: { id: 3 },
    })
    places.ended(one)
    places.ended(one) // an end that is told twice counts once
    assert.deepEqual(places.placeOf(job(), [{ id: 3 }], all), { slot: { id: 3 } })
    places.started(job(), { id: 3 })
    assert.equal(places.placeOf(job(), [{ id: 1 }], all), undefined)
  })

  test('a group starts so far apart, and says how long to wait', () => {
    const { places, sleep } = clocked()
    const job = { group: { name: 'host', atOnce: 9, everyMs: 500 } }
    places.started(job, { id: 1 })
    sleep(200)
    assert.deepEqual(places.placeOf(job, slots, all), { afterMs: 300 })
    sleep(300)
    assert.deepEqual(places.placeOf(job, slots, all), { slot: { id: 1 } })
  })

  test('a worker that served one tenant serves no other: its own first, then one that served nobody, else one is replaced', () => {
    const { places } = clocked()
    assert.deepEqual(places.placeOf({ tenant: 'a' }, slots, all), { slot: { id: 1 } })
    places.started({ tenant: 'a' }, { id: 2 })
    assert.deepEqual(places.placeOf({ tenant: 'a' }, slots, all), { slot: { id: 2 } })
    assert.deepEqual(places.placeOf({ tenant: 'b' }, [{ id: 2 }, { id: 3 }], all), { slot: { id: 3 } })
    assert.deepEqual(places.placeOf({ tenant: 'b' }, [{ id: 2 }], all), { replace: { id: 2 } })
    assert.equal(places.placeOf({ tenant: 'b' }, [], all), undefined)
    places.gone(2)
    assert.deepEqual(places.placeOf({ tenant: 'b' }, [{ id: 2 }], all), { slot: { id: 2 } })
  })

  test('also the home of a call is left when another tenant has been there', () => {
    const { places } = clocked()
    places.started({ home: 'page', tenant: 'a' }, { id: 1 })
    assert.deepEqual(places.placeOf({ home: 'page', tenant: 'b' }, slots, all), { slot: { id: 2 } })
    assert.deepEqual(places.placeOf({ home: 'page', tenant: 'b', waits: true }, slots, all), { slot: { id: 2 } })
    assert.equal(places.placeOf({ home: 'page', tenant: 'a', waits: true }, [{ id: 2 }], all), undefined)
  })

  test('remembers a bounded number of homes', () => {
    const { places } = clocked()
    places.started({ home: 'first' }, { id: 3 })
    for (let n = 0; n < 5_000; n += 1) places.started({ home: String(n) }, { id: 2 })
    assert.deepEqual(places.placeOf({ home: 'first' }, slots, all), { slot: { id: 1 } })
    assert.deepEqual(places.placeOf({ home: '4999' }, slots, all), { slot: { id: 2 } })
  })
})
