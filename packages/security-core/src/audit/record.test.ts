// Proves that whatever a caller sends, a record is one ASCII line that reads back as what was recorded.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HOSTILE_TEXTS } from '@hardened-mcp/testkit'
import fc from 'fast-check'
import { AUDIT_EVENTS, type AuditEvent } from './event.ts'
import { GENESIS } from './chain.ts'
import { faultOfLine } from './verify/line-fault.ts'
import { recordLine } from './record.ts'

const PLACE = { seq: 7, atMs: 1_767_225_600_123, prev: GENESIS }
const ARGS = 'a'.repeat(64)

/** Every field there is: a new one that the record forgets does not type-check here, and fails below. */
const FULL: Required<AuditEvent> = {
  type: 'tool_call.denied',
  call_id: 'c-1',
  server: 'db-query',
  tool: 'query_sql',
  tenant: 'acme',
  caller: 'agent-1',
  auth: 'api_key',
  client: 'demo/1.0',
  args: ARGS,
  marks: 'sql_comment',
  decision: 'deny',
  rule: 'sql_denied',
  policy: 'p-1',
  dur_ms: 12,
  rows: 3,
  bytes: 456,
  taint: 'private,untrusted',
  approval: 'a_0123456789abcdef',
  chain: 'gateway < planner',
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  err: 'table "users" is not exposed',
  size: 7,
  root: 'b'.repeat(64),
  epoch: 2,
  next: 'c'.repeat(64),
  sig: 'd'.repeat(128),
  seal: 'e'.repeat(128),
}
/** Fields of one fixed form: a hostile text in them must not pass the verifier. */
const FORMS: ReadonlySet<string> = new Set(['type', 'args', 'decision', 'root', 'next', 'sig', 'seal'])
const STRINGS = Object.entries(FULL).flatMap(([field, value]) => (typeof value === 'string' ? [field] : []))
const TEXTS = STRINGS.filter((field) => !FORMS.has(field))

suite('recordLine()', () => {
  test('writes the fields in the order of FORMAT.md', () => {
    assert.equal(
      recordLine(FULL, PLACE),
      `{"v":1,"seq":7,"ts":"2026-01-01T00:00:00.123Z","type":"tool_call.denied","call_id":"c-1","server":"db-query","tool":"query_sql","tenant":"acme","caller":"agent-1","auth":"api_key","client":"demo/1.0","args":"${ARGS}","marks":"sql_comment","decision":"deny","rule":"sql_denied","policy":"p-1","dur_ms":12,"rows":3,"bytes":456,"taint":"private,untrusted","approval":"a_0123456789abcdef","chain":"gateway < planner","trace":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","err":"table \\"users\\" is not exposed","size":7,"root":"${'b'.repeat(64)}","epoch":2,"next":"${'c'.repeat(64)}","sig":"${'d'.repeat(128)}","seal":"${'e'.repeat(128)}","prev":"${GENESIS}"}`,
    )
  })

  test('leaves out what is absent', () => {
    assert.equal(
      recordLine({ type: 'config.loaded' }, PLACE),
      `{"v":1,"seq":7,"ts":"2026-01-01T00:00:00.123Z","type":"config.loaded","prev":"${GENESIS}"}`,
    )
  })

  test('knows every event, and so does the verifier', () => {
    for (const type of AUDIT_EVENTS) assert.equal(faultOfLine(recordLine({ type }, PLACE)).wrong, undefined)
  })

  for (const [because, value] of HOSTILE_TEXTS)
    test(`${because}: one ASCII line that reads back equal, in every field of every record`, () => {
      for (const type of AUDIT_EVENTS)
        for (const field of STRINGS.filter((name) => name !== 'type')) {
          const line = recordLine({ ...FULL, type, [field]: value }, PLACE)
          assert.match(line, /^[ -~]{1,8191}$/)
          const { [field]: read, ...others } = JSON.parse(line) as Record<string, unknown>
          const { [field]: _, ...expected } = JSON.parse(recordLine({ ...FULL, type }, PLACE)) as Record<
            string,
            unknown
          >
          assert.deepEqual(others, expected)
          assert.ok(read === value || isCut(String(read), value), `${field} reads ${String(read)}`)
          assert.equal(faultOfLine(line).wrong === undefined, TEXTS.includes(field), `${field} of ${type}`)
        }
    })

  // FORMAT.md: over 256 units, or over 512 characters as escaped; the beginning stays, and the cut says how much there was.
  function isCut(read: string, value: string): boolean {
    const escaped = value.replace(/[^ !#-[\]-~]/g, (unit) => (/["\\]/.test(unit) ? 'xx' : 'xxxxxx')).length
    const [kept, said] = read.split(/(\.\.\.\[cut, \d+ in all\])$/)
    return (
      (value.length > 256 || escaped > 512) &&
      value.startsWith(kept ?? '?') &&
      said === `...[cut, ${value.length} in all]`
    )
  }

  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 85 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 85 }).map((units) => String.fromCharCode(...units)),
  )
  const anyEvent = fc.record(
    {
      ...Object.fromEntries(TEXTS.map((field) => [field, anyText])),
      rows: fc.maxSafeNat(),
      bytes: fc.maxSafeNat(),
      dur_ms: fc.maxSafeNat(),
    },
    { requiredKeys: [] },
  )

  test('any text in any field: one ASCII line that reads back equal and that the verifier accepts', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const line = recordLine({ type: 'tool_call.error', ...event }, PLACE)
        assert.match(line, /^[ -~]+$/)
        const { v: _v, seq: _seq, ts: _ts, prev: _prev, ...read } = JSON.parse(line) as Record<string, unknown>
        assert.deepEqual(read, { type: 'tool_call.error', ...event })
        assert.equal(faultOfLine(line).wrong, undefined)
      }),
    )
  })

  test('texts of any length: never over 8 KiB, even when all fields are full, and still in form', () => {
    const lengthy = fc.oneof(fc.string({ unit: 'binary', maxLength: 2_000 }), fc.string({ maxLength: 2_000 }))
    fc.assert(
      fc.property(lengthy, (text) => {
        const line = recordLine({ ...FULL, ...Object.fromEntries(TEXTS.map((field) => [field, text])) }, PLACE)
        assert.ok(line.length < 8192)
        assert.equal(faultOfLine(line).wrong, undefined)
        const { err } = JSON.parse(line) as { err: string }
        assert.ok(err.length <= 256)
        assert.ok(err === text || err.endsWith(`...[cut, ${text.length} in all]`))
      }),
    )
  })

  for (const [because, text, read] of [
    ['256 plain characters fit', 'x'.repeat(256), 'x'.repeat(256)],
    ['257 are cut', 'x'.repeat(257), `${'x'.repeat(236)}...[cut, 257 in all]`],
    ['85 escaped ones fit', 'é'.repeat(85), 'é'.repeat(85)],
    ['86 are cut', 'é'.repeat(86), `${'é'.repeat(82)}...[cut, 86 in all]`],
    ['a pair is not halved', `${'x'.repeat(235)}😀${'x'.repeat(51)}`, `${'x'.repeat(235)}...[cut, 288 in all]`],
  ] as const)
    test(because, () => {
      assert.equal((JSON.parse(recordLine({ type: 'auth.failure', err: text }, PLACE)) as { err: string }).err, read)
    })

  test('a clock that is set back does not lose the record', () => {
    assert.match(recordLine({ type: 'tool_call.error', dur_ms: -5.5 }, PLACE), /"dur_ms":0,/)
  })

  for (const [because, event] of [
    ['an unknown type', { type: 'tool_call.maybe' }],
    ['an object for a text', { type: 'auth.success', caller: { toString: () => '","seq":0' } }],
    ['a number for a text', { type: 'auth.success', caller: 5 }],
    ['null', { type: 'auth.success', caller: null }],
    ['a text for a number', { type: 'tool_call.success', rows: '5,"x":1' }],
    ['not a number', { type: 'tool_call.success', rows: Number.NaN }],
    ['infinity', { type: 'tool_call.success', bytes: Number.POSITIVE_INFINITY }],
  ] as const)
    test(`refuses ${because}`, () => {
      assert.throws(() => recordLine(event as unknown as AuditEvent, PLACE), TypeError)
    })

  for (const atMs of [Number.NaN, -1, 253_402_300_800_000])
    test(`refuses the time ${atMs}`, () => {
      assert.throws(() => recordLine({ type: 'auth.success' }, { ...PLACE, atMs }), RangeError)
    })
})
