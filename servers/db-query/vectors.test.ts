// The corpora of test/vectors/sql against the executor: legitimate queries answer what plain SQLite answers, attacks are refused.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import { bindParams } from './bind-params.ts'
import { asker, fixture, vectors } from './fixture.ts'
import type { Params } from './operations.ts'
import { RULES } from './refusals.ts'
import { tokenScan } from './token-scan.ts'

type Given = Readonly<{ sql: string; params?: Params; policy: string }>
type Legitimate = Readonly<{ name: string; given: Given; expect: { row_count: number }; because: string }>
type Attack = Readonly<{
  name: string
  given: Given
  expect: { code: string; says?: string } | { rows: unknown[][] }
  because: string
}>

const legitimate = vectors('legitimate.json') as readonly Legitimate[]
const attacks = vectors('attacks.json') as readonly Attack[]

const { file, remove } = fixture()
const ask = asker(file)
const askRequiring = asker(file, 'require')
const oracle = new Database(file, { readonly: true })
after(remove)

const HIDDEN = /CANARY|99000\d|@example\.com/ // every value that the limited policy hides

// The oracle is the driver on the same file without any of our layers but the binding of parameters.
function plainRows({ sql, params = [] }: Given): unknown[][] {
  const plain = sql.replace('temp.customers', 'customers')
  const bound = bindParams(tokenScan(plain), params)
  return oracle
    .prepare<unknown[], unknown[]>(plain)
    .raw(true)
    .safeIntegers(true)
    .all(...bound)
}

// Written apart from run-query.ts on purpose: the shapes of the README, from the engine's values.
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint')
    return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : { int: `${value}` }
  if (value === Number.POSITIVE_INFINITY) return { real: 'inf' }
  if (!Buffer.isBuffer(value)) return value
  if (value.length > 12_288)
    return { blob_base64: value.subarray(0, 12_288).toString('base64'), bytes: value.length, cut: true }
  return { blob_base64: value.toString('base64'), bytes: value.length }
}

suite('legitimate queries', () => {
  for (const { name, given, expect } of legitimate) {
    test(name, () => {
      const outcome = ask(given.sql, given.policy, given.params)
      assert.ok('answer' in outcome, JSON.stringify(outcome))
      assert.equal(outcome.answer.row_count, expect.row_count)
      assert.equal(outcome.answer.rows.length, expect.row_count)
      if (/random/.test(given.sql)) return
      assert.deepEqual(
        outcome.answer.rows,
        plainRows(given).map((row) => row.map(asJson)),
      )
    })
  }
})

suite('attacks', () => {
  const before = digest()
  for (const { name, given, expect } of attacks) {
    test(name, () => {
      const outcome = ask(given.sql, given.policy, given.params)
      if ('rows' in expect) return assert.deepEqual('answer' in outcome && outcome.answer.rows, expect.rows)
      assert.ok('code' in outcome, JSON.stringify(outcome))
      assert.equal(outcome.code, expect.code, outcome.reason)
      if (expect.says !== undefined) assert.equal(outcome.says.replace(HINT, ''), expect.says)
      assert.doesNotMatch(outcome.says, HIDDEN)
      if (expect.code === 'sql_denied') assert.ok(isFixedText(outcome.says), outcome.says)
    })
  }
  test('leave the database file and its directory as they were', () => assert.deepEqual(digest(), before))
})

suite('the limited policy', () => {
  test('shows no hidden value in any answer of the legitimate corpus', () => {
    for (const { given } of legitimate.filter(({ given }) => given.policy !== 'open')) {
      const outcome = ask(given.sql, given.policy, given.params)
      if ('text' in outcome) assert.doesNotMatch(outcome.text, HIDDEN, given.sql)
    }
  })
  test('answers the same for hidden and for missing names', () => {
    const texts = ['SELECT * FROM secrets', 'SELECT * FROM zzzzzzz', 'SELECT * FROM users'].map((sql) =>
      ask(sql, 'limited'),
    )
    assert.deepEqual(
      texts.map((each) => 'says' in each && each.says),
      Array(3).fill('No table of that name is available'),
    )
    const columns = ['SELECT email FROM customers', 'SELECT zzzzz FROM customers'].map((sql) => ask(sql, 'limited'))
    assert.deepEqual(
      columns.map((each) => 'says' in each && each.says),
      Array(2).fill('No column of that name is available'),
    )
  })
  test('offers the nearest exposed name, never a hidden one', () => {
    assert.match(saysOf('SELECT * FROM custmers'), /; the nearest is customers$/)
    assert.match(saysOf('SELECT totl FROM orders'), /; the nearest is total$/)
    assert.equal(saysOf('SELECT * FROM secret'), 'No table of that name is available')
    assert.equal(saysOf('SELECT salar FROM employees'), 'No column of that name is available')
  })
})

suite('parser: require', () => {
  test('refuses what node-sql-parser cannot read, and passes what it can', () => {
    const read = untilRead('SELECT name FROM customers WHERE id = 3')
    assert.ok('answer' in read, JSON.stringify(read))
    const unread = untilRead("SELECT count(*) FILTER (WHERE status = 'open') FROM orders")
    assert.equal('says' in unread && unread.says, RULES.parserRequired)
  })
})

// On a crowded machine the parser may miss its deadline, and says so.
function untilRead(sql: string, tries = 5): ReturnType<typeof askRequiring> {
  const outcome = askRequiring(sql, 'limited')
  return 'code' in outcome && outcome.code === 'busy' && tries > 1 ? untilRead(sql, tries - 1) : outcome
}

const saysOf = (sql: string) => {
  const outcome = ask(sql, 'limited')
  return 'says' in outcome ? outcome.says : 'answered'
}

const HINT =
  /(?: near [\w+*/%=<>|&~!(),.-]{1,32})?(?:; (?:the nearest is|another table has|SQLite has|LIKE ignores|list_tables|for x::type) .*)?$/
const isFixedText = (says: string) =>
  (Object.values(RULES) as string[]).some(
    (text) => says.startsWith(text) && HINT.exec(says.slice(text.length))?.index === 0,
  )

function digest(): unknown {
  return { files: readdirSync(dirname(file)), sha256: createHash('sha256').update(readFileSync(file)).digest('hex') }
}
