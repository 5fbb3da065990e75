// Proves both sides of the rule over every short sequence of calls: nothing private gets out, and nothing else is stopped.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aCaller, aTool, fakeClock } from '@hardened-mcp/testkit'
import type { Label } from '../types.ts'
import { CLEAN, join, labelText, refusedFlow } from './label.ts'
import { memoryTaint } from './memory-taint.ts'
import { type Flow, taint, type TaintStore } from './taint.ts'

const label = (integrity: Label['integrity'], secrecy: Label['secrecy']): Label => ({ integrity, secrecy })
const LABELS = [
  CLEAN,
  label('trusted', 'private'),
  label('untrusted', 'public'),
  label('untrusted', 'private'),
] as const

/** Every place of a small deployment, and what can be done there. `server` says whose process it is. */
const PLACES = {
  customers: { server: 'db-query', label: label('trusted', 'private') },
  catalogue: { server: 'db-query', label: CLEAN },
  handbook: { server: 'file', label: CLEAN },
  notes: { server: 'file', label: label('untrusted', 'private') },
  web: { server: 'fetch', label: label('untrusted', 'public') },
  wiki: { server: 'fetch', label: label('untrusted', 'private') },
} as const satisfies Record<string, { server: string; label: Label }>
type Place = keyof typeof PLACES

const read = (place: Place) => ({ name: `read ${place}`, reads: [place], into: undefined, brings: undefined })
const send = (place: Place) => ({ name: `send ${place}`, reads: [place], into: place, brings: undefined })
const write = (place: Place) => ({ name: `write ${place}`, reads: [], into: place, brings: undefined })
const move = (from: Place, into: Place) => ({ name: `move ${from} ${into}`, reads: [], into, brings: from })
type Step = Readonly<{
  name: string
  reads: readonly Place[]
  into: Place | undefined
  brings: Place | undefined
}>
const STEPS: readonly Step[] = [
  read('customers'),
  read('catalogue'),
  read('handbook'),
  write('handbook'),
  write('notes'),
  send('web'), // a GET sends its URL
  send('wiki'),
  move('notes', 'handbook'),
]

const serverOf = ({ into, reads }: Step) => PLACES[into ?? reads[0] ?? 'web'].server
const flowOf = ({ reads, into, brings }: Step): Flow => ({
  reads: reads.map((place) => PLACES[place].label).reduce(join, CLEAN),
  ...(into === undefined ? {} : { into: PLACES[into].label }),
  ...(brings === undefined ? {} : { brings: PLACES[brings].label }),
})

type Who = 'agent-1' | 'agent-2'
type Call = Readonly<{ who: Who; step: Step }>
const CONTEXTS = { 'agent-1': aCall(), 'agent-2': aCall({ caller: aCaller([], 'agent-2') }) } as const

/** Knows nothing of labels carried: follows each piece of data itself, from place to caller to place. */
function followed() {
  const holds = new Map<string, Set<Place>>(Object.keys(PLACES).map((place) => [place, new Set([place as Place])]))
  const at = (name: string) => holds.get(name) ?? holds.set(name, new Set()).get(name) ?? new Set<Place>()
  const pour = (from: string, to: string) => at(from).forEach((origin) => at(to).add(origin))
  return {
    /** Origins that would arrive where they must not. */
    stray({ who, step: { into, brings } }: Call): Place[] {
      if (into === undefined) return []
      const arriving = new Set([...at(who), ...(brings === undefined ? [] : at(brings))])
      return [...arriving].filter((origin) => strays(PLACES[origin].label, PLACES[into].label))
    },
    run({ who, step: { reads, into, brings } }: Call): void {
      if (into !== undefined) pour(who, into)
      if (into !== undefined && brings !== undefined) pour(brings, into)
      for (const place of reads) pour(place, who)
    },
  }
}
const strays = (from: Label, to: Label) =>
  (from.secrecy === 'private' && to.secrecy === 'public') ||
  (from.integrity === 'untrusted' && to.integrity === 'trusted')

/** Plays a sequence against servers whose stores are given, and counts what went wrong. */
async function play(calls: readonly Call[], storeOf: (server: string) => TaintStore) {
  const world = followed()
  let leaked = 0
  let blocked = 0
  for (const call of calls) {
    const server = serverOf(call.step)
    const control = taint<Step>({ store: storeOf(server), mode: 'enforce', flowOf })
    const context = CONTEXTS[call.who]
    const stray = world.stray(call)
    const passage = control(call.step, context)
    const { verdict } = await passage.gate()
    if (verdict === 'allow' && stray.length > 0) leaked++
    if (verdict === 'deny' && stray.length === 0) blocked++
    if (verdict === 'deny') continue
    world.run(call)
    await passage.carry()
  }
  return { leaked, blocked }
}

const memory = () => memoryTaint({ windowMs: 60_000, now: fakeClock().now })

function* sequences(callers: readonly Who[], length: number): Generator<Call[]> {
  if (length === 0) return yield []
  for (const rest of sequences(callers, length - 1))
    for (const who of callers) for (const step of STEPS) yield [...rest, { who, step }]
}

async function playAll(callers: readonly Who[], length: number, stores: () => (server: string) => TaintStore) {
  const sum = { sequences: 0, leaked: 0, blocked: 0 }
  for (const calls of sequences(callers, length)) {
    const { leaked, blocked } = await play(calls, stores())
    sum.sequences += 1
    sum.leaked += leaked
    sum.blocked += blocked
  }
  return sum
}

const shared = () => {
  const store = memory()
  return () => store
}

suite('taint()', () => {
  test('over every sequence of five calls of one caller: no leak, and no harmless call blocked', async () => {
    assert.deepEqual(await playAll(['agent-1'], 5, shared), { sequences: 32_768, leaked: 0, blocked: 0 })
  })

  test('over every sequence of four calls of two callers who share places: the same', async () => {
    assert.deepEqual(await playAll(['agent-1', 'agent-2'], 4, shared), { sequences: 65_536, leaked: 0, blocked: 0 })
  })

  test('the same runner sees leaks where every server keeps its labels to itself', async () => {
    const { leaked, blocked } = await playAll(['agent-1'], 4, () => {
      const stores = new Map<string, TaintStore>()
      return (server) => stores.get(server) ?? stores.set(server, memory()).get(server) ?? memory()
    })
    assert.ok(leaked > 1_000, `${leaked} leaks`)
    assert.equal(blocked, 0)
  })

  test('a tool that states no place stands for one with the label of its answers', async () => {
    const store = memory()
    const control = taint<object>({ store, mode: 'enforce' })
    const sends = (yields: Label, effect: 'read' | 'write' | 'egress' = 'egress') =>
      control({}, aCall({ tool: aTool({ effect, yields }) }))
        .gate()
        .then(({ verdict }) => verdict)
    await store.join(aCaller(), label('trusted', 'private'))
    assert.equal(await sends(label('untrusted', 'public')), 'deny')
    assert.equal(await sends(label('untrusted', 'private')), 'allow')
    assert.equal(await sends(label('untrusted', 'public'), 'read'), 'allow')
  })

  test('a refusal says which of both rules it was, and the trail what is carried', async () => {
    const store = memory()
    const seen: string[] = []
    const control = taint<object>({ store, mode: 'enforce', onRefused: (_call, why) => seen.push(why) })
    await store.join(aCaller(), label('untrusted', 'private'))
    const public_ = await control(
      {},
      aCall({ tool: aTool({ effect: 'egress', yields: label('untrusted', 'public') }) }),
    ).gate()
    assert.deepEqual(public_, {
      verdict: 'deny',
      code: 'tainted',
      reason: 'What would arrive is private,untrusted',
      detail: { says: 'Private data was read before, and this call could carry it to a place that is not private' },
    })
    const trusted = await control(
      {},
      aCall({ tool: aTool({ effect: 'write', yields: label('trusted', 'private') }) }),
    ).gate()
    assert.equal(
      trusted.verdict === 'deny' && trusted.detail?.says,
      'Untrusted content was read before, and this call would write where only trusted content may stand',
    )
    assert.deepEqual(seen, ['private', 'untrusted'])
  })

  test('mark lets the call pass and tells of it', async () => {
    const store = memory()
    const seen: string[] = []
    const control = taint<object>({ store, mode: 'mark', onRefused: (_call, why) => seen.push(why) })
    await store.join(aCaller(), label('trusted', 'private'))
    const call = aCall({ tool: aTool({ effect: 'egress', yields: label('untrusted', 'public') }) })
    assert.equal((await control({}, call).gate()).verdict, 'allow')
    assert.deepEqual(seen, ['private'])
  })

  test('labels are of one tenant and caller, whatever their names are', async () => {
    const store = memory()
    await store.join({ tenant: 'a', id: 'b","c' }, label('untrusted', 'private'))
    for (const [tenant, id] of [
      ['a', 'b'],
      ['a","b', 'c'],
      ['b","c', 'a'],
    ] as const)
      assert.deepEqual(await store.read({ tenant, id }), CLEAN)
  })
})

suite('labels', () => {
  test('join is commutative, associative and idempotent, and CLEAN is its bottom', () => {
    for (const a of LABELS)
      for (const b of LABELS) {
        assert.deepEqual(join(a, b), join(b, a))
        assert.deepEqual(join(a, a), a)
        assert.deepEqual(join(a, CLEAN), a)
        for (const c of LABELS) assert.deepEqual(join(join(a, b), c), join(a, join(b, c)))
      }
  })

  test('data flows to a place exactly when joining it changes nothing there', () => {
    for (const data of LABELS)
      for (const place of LABELS)
        assert.equal(refusedFlow(data, place) === undefined, labelText(join(data, place)) === labelText(place))
  })

  test('the text of the trail', () => {
    assert.deepEqual(LABELS.map(labelText), ['', 'private', 'untrusted', 'private,untrusted'])
  })
})

suite('memoryTaint()', () => {
  test('a label lasts to the end of its window after the last read, each by itself', async () => {
    const clock = fakeClock()
    const store = memoryTaint({ windowMs: 1_000, now: clock.now })
    await store.join(aCaller(), label('trusted', 'private'))
    clock.advance(600)
    await store.join(aCaller(), label('untrusted', 'public'))
    clock.advance(400)
    assert.equal(labelText(await store.read(aCaller())), 'private,untrusted')
    clock.advance(1)
    assert.equal(labelText(await store.read(aCaller())), 'untrusted')
    clock.advance(600)
    assert.equal(labelText(await store.read(aCaller())), '')
  })

  test('a clock that is set back shortens nothing', async () => {
    const clock = fakeClock()
    const store = memoryTaint({ windowMs: 1_000, now: clock.now })
    await store.join(aCaller(), label('trusted', 'private'))
    clock.advance(-5_000)
    await store.join(aCaller(), label('trusted', 'private'))
    clock.advance(6_000)
    assert.equal(labelText(await store.read(aCaller())), 'private')
  })

  test('when it is full of live labels it refuses, and forgets only what is over', async () => {
    const clock = fakeClock()
    const store = memoryTaint({ windowMs: 1_000, now: clock.now, most: 2 })
    const mark = (id: string) => store.join(aCaller([], id), label('trusted', 'private'))
    await mark('a')
    await mark('b')
    await assert.rejects(mark('c'), RangeError)
    assert.equal(labelText(await store.read(aCaller([], 'a'))), 'private')
    clock.advance(1_001)
    await mark('c')
    assert.equal(labelText(await store.read(aCaller([], 'c'))), 'private')
  })
})
