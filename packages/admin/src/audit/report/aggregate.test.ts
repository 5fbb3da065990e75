// Proves what is added up of a trail, what the time of a report leaves out, and that names cannot make it grow without end.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { AuditRecord } from '@hardened-mcp/host/admin'
import { aggregate, MAX_NAMES, MAX_SERIES, OTHERS } from './aggregate.ts'
import { callsOf, countOf } from './figures.ts'
import { KEPT, keptRecords, kindOf } from './kept-records.ts'
import { timeline } from './timeline.ts'

const AT = Date.UTC(2026, 4, 1)
const ALWAYS = { fromMs: 0, toMs: Number.POSITIVE_INFINITY }

function record(type: string, over: Partial<AuditRecord> = {}, atMs = AT): AuditRecord {
  return { seq: 0, ts: new Date(atMs).toISOString(), type, prev: '0'.repeat(64), ...over }
}
const ended = (type: string, caller: string, over: Partial<AuditRecord> = {}, atMs = AT) =>
  record(type, { tool: 'read_file', caller, tenant: 'acme', ...over }, atMs)

function told(records: readonly AuditRecord[], options: Partial<Parameters<typeof aggregate>[0]> = {}) {
  const sums = aggregate({ ...ALWAYS, ...options })
  const counted = records.filter((one) => sums.add(one, Date.parse(one.ts)))
  return { ...sums.result(), counted: counted.length }
}

suite('aggregate()', () => {
  test('counts a call once, at its end, under its tool, caller and tenant', () => {
    const all = told([
      ended('tool_call.request', 'a'),
      ended('tool_call.success', 'a', { dur_ms: 7, marks: 'ignore_previous,base64' }),
      ended('tool_call.request', 'b'),
      ended('tool_call.denied', 'b', { rule: 'path_denied' }),
      ended('rate_limit.hit', 'b', { rule: 'rate_limited' }),
      ended('tool_call.error', 'b'),
      record('auth.failure', { rule: 'unauthorized' }),
      record('alert.raised', { rule: 'burst' }),
      record('checkpoint'),
    ])
    assert.deepEqual([all.records, all.counted, all.failed_logins, callsOf(all.all.total)], [8, 8, 1, 4])
    assert.deepEqual(
      [...all.by.caller].map(([name, { total }]) => [name, callsOf(total)]),
      [
        ['a', 1],
        ['b', 3],
      ],
    )
    assert.deepEqual([all.by.tool.size, callsOf(all.by.tenant.get('acme')!.total)], [1, 4])
    assert.deepEqual(Object.fromEntries(all.refusals), { path_denied: 1, rate_limited: 1, unnamed: 1 })
    assert.deepEqual(Object.fromEntries(all.by.caller.get('b')!.rules), { path_denied: 1, rate_limited: 1, unnamed: 1 })
    assert.deepEqual(Object.fromEntries(all.marks), { ignore_previous: 1, base64: 1 })
    assert.deepEqual(Object.fromEntries(all.alerts), { burst: 1 })
    assert.deepEqual(all.used.get('b')?.get('read_file')?.calls, 3)
  })

  test('a time bounds what is counted, on both sides; what was seen before it is not new', () => {
    const day = 86_400_000
    const records = [0, 1, 2, 3].map((n) => ended('tool_call.success', n < 2 ? 'old' : `new-${n}`, {}, AT + n * day))
    const all = told(records, { fromMs: AT + day, toMs: AT + 3 * day })
    assert.deepEqual([all.records, all.from, all.to], [2, '2026-05-02T00:00:00.000Z', '2026-05-03T00:00:00.000Z'])
    assert.deepEqual(
      all.firstSeen.map(({ kind, name, tool, at }) => [kind, name, tool, at.slice(0, 10)]),
      [
        ['caller', 'new-2', undefined, '2026-05-03'],
        ['caller and tool', 'new-2', 'read_file', '2026-05-03'],
      ],
    )
    assert.equal(all.used.get('old')?.get('read_file')?.calls, 1)
  })

  test('trails are read one after the other: the earliest record makes a name known, whichever comes first', () => {
    const all = told([ended('tool_call.success', 'a', {}, AT + 9_000), ended('tool_call.success', 'a', {}, AT)])
    assert.deepEqual(
      [all.by.caller.get('a')?.first_seen, all.by.caller.get('a')?.last_seen],
      ['2026-05-01T00:00:00.000Z', '2026-05-01T00:00:09.000Z'],
    )
    assert.equal(all.firstSeen.find(({ kind }) => kind === 'caller')?.at, '2026-05-01T00:00:00.000Z')
  })

  test('names of the prototype are names', () => {
    const all = told(['__proto__', 'constructor', ''].map((name) => ended('tool_call.success', name, { rule: name })))
    assert.deepEqual([...all.by.caller.keys()], ['__proto__', 'constructor', ''])
  })

  test('names beyond the limit are counted together, and only the first have a series', () => {
    const over = timeline()
    const all = told(
      Array.from({ length: MAX_NAMES + 50 }, (_, n) => ended('tool_call.success', `c-${n}`)),
      { over },
    )
    assert.equal(all.by.caller.size, MAX_NAMES + 1)
    assert.equal(countOf(all.by.caller.get(OTHERS)!.total, 'succeeded'), 50)
    assert.equal([...all.by.caller.values()].filter((figures) => figures.over !== undefined).length, MAX_SERIES)
    assert.equal(all.used.size, MAX_NAMES)
  })
})

suite('keptRecords()', () => {
  const NAMES = { tool: ['read_file'], caller: ['rare', 'busy'], tenant: ['acme'] }
  const keep = (records: readonly AuditRecord[]) => {
    const kept = keptRecords()
    for (const [seq, one] of records.entries())
      kept.add(one, { at: Date.parse(one.ts), slot: 0, seq, line: JSON.stringify({ ...one, seq }) })
    return kept
  }

  test('keeps the newest of each kind and name, each record once, the newest first', () => {
    const kept = keep([
      ended('tool_call.success', 'rare'),
      record('alert.raised', { rule: 'burst' }, AT + 1),
      ...Array.from({ length: 5_000 }, (_, n) => ended('tool_call.success', 'busy', {}, AT + 10 + n)),
      ...Array.from({ length: 1_000 }, (_, n) => ended('tool_call.denied', 'busy', {}, AT + 10 + n)),
    ])
    const records = kept.of(NAMES)
    const types = records.map(({ line }) => (JSON.parse(line) as AuditRecord).type)
    assert.equal(types.filter((type) => type === 'alert.raised').length, 1)
    assert.equal(types.filter((type) => type === 'tool_call.denied').length, KEPT.refused)
    assert.equal(types.filter((type) => type === 'tool_call.success').length, KEPT.any + 1)
    assert.equal(new Set(records.map(({ seq }) => seq)).size, records.length)
    assert.ok(records.every(({ at }, n) => n === 0 || at <= (records[n - 1]?.at ?? 0)))
    assert.deepEqual(
      kept.newestOf('caller', 'rare').map(({ seq }) => seq),
      [0],
    )
    assert.equal(kept.newestOf('caller', 'busy').length, KEPT.name)
  })

  test('the newest by its time, not by its place: trails are read one after the other', () => {
    const kept = keep([
      ...Array.from({ length: 700 }, (_, n) => ended('tool_call.success', 'busy', {}, AT + 1_000_000 + n)),
      ...Array.from({ length: 700 }, (_, n) => ended('tool_call.success', 'busy', {}, AT + n)),
    ])
    const times = kept.of({ tool: [], caller: [], tenant: [] }).map(({ at }) => at)
    assert.deepEqual([times.length, times[0], times.at(-1)], [KEPT.any, AT + 1_000_699, AT + 1_000_400])
  })

  for (const [type, kind] of [
    ['alert.raised', 'alert'],
    ['auth.failure', 'login'],
    ['audit.reviewed', 'operator'],
    ['config.loaded', 'operator'],
    ['approval.granted', 'operator'],
    ['tool_call.error', 'refused'],
    ['tool_call.success', 'any'],
    ['tool_call.request', 'any'],
  ] as const)
    test(`${type} is kept as ${kind}`, () => assert.equal(kindOf(record(type)), kind))
})
