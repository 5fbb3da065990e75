// Grammar fuzz: whatever is accepted answers what an oracle answers that contains nothing but the exposed tables and columns.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { asker, fixture, HIDDEN_OTHERWISE, type Outcome } from './fixture.ts'

const RUNS = Number(process.env['DB_QUERY_FUZZ_RUNS'] ?? 1500) // 100 000 before a release

const { file, remove } = fixture()
after(remove)
const ask = asker(file)
const twin = fixture(HIDDEN_OTHERWISE)
after(twin.remove)
const askTwin = asker(twin.file)

// The oracle holds copies of what `limited` shows: there is nothing in it to leak.
const oracle = new Database(':memory:')
const source = new Database(file, { readonly: true })
const EXPOSED: Readonly<Record<string, readonly string[]>> = {
  customers: ['id', 'name', 'country'],
  employees: ['id', 'name', 'manager_id', 'department'],
  orders: ['id', 'customer_id', 'ordered_at', 'status', 'total'],
  order_totals: ['order_id', 'customer', 'amount'],
}
for (const [table, columns] of Object.entries(EXPOSED)) {
  const list = columns.join(', ')
  const types = new Map(
    source
      .prepare<[string], { name: string; type: string }>('SELECT name, type FROM pragma_table_info(?)')
      .all(table)
      .map(({ name, type }) => [name, type]),
  )
  oracle.exec(`CREATE TABLE ${table} (${columns.map((column) => `${column} ${types.get(column) ?? ''}`).join(', ')})`)
  const insert = oracle.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`)
  for (const row of source.prepare<[], unknown[]>(`SELECT ${list} FROM ${table}`).raw(true).safeIntegers(true).all())
    insert.run(...row)
}
source.close()

const HIDDEN = [
  ...['email', 'salary', 'password_hash', 'value', 'api_token', 'credit_limit'],
  ...['"email"', '[salary]', '`credit_limit`', 'a."salary"', 'customers.email', 'main.employees.salary'],
]
const TABLES = [
  ...Object.keys(EXPOSED),
  'users',
  'secrets',
  'login_names',
  'main.customers',
  'sqlite_schema',
  'temp.employees',
]

const { expression, select } = fc.letrec<{ expression: string; select: string; source: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'sql' },
    { weight: 30, arbitrary: fc.constantFrom('a.id', 'a.name', '1', "'GB'", 'NULL') },
    {
      weight: 2,
      arbitrary: fc.constantFrom('id', 'name', 'b.id', 'a.country', 'a.department', 'a.total', 'a.customer'),
    },
    { weight: 1, arbitrary: fc.constantFrom(...HIDDEN) },
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '||', '=', '<', 'AND', 'OR', 'IS', 'LIKE'), tie('expression'))
      .map(([l, o, r]) => `(${l} ${o} ${r})`),
    fc
      .tuple(
        fc.constantFrom(
          'length',
          'upper',
          'typeof',
          'abs',
          'quote',
          'hex',
          'max',
          'count',
          'json_array',
          'pragma_table_info',
        ),
        tie('expression'),
      )
      .map(([f, e]) => `${f}(${e})`),
    fc.tuple(tie('expression'), tie('expression')).map(([c, v]) => `CASE WHEN ${c} THEN ${v} END`),
    tie('expression').map((e) => `CAST(${e} AS TEXT)`),
    tie('expression').map((e) => `${e} COLLATE NOCASE`),
    fc.tuple(tie('expression'), tie('expression')).map(([l, r]) => `((a.id, ${l}) < (2, ${r}))`),
    fc.tuple(tie('expression'), tie('expression')).map(([e, low]) => `(${e} BETWEEN ${low} AND 'X')`),
    tie('expression').map((e) => `json_extract(json_array(${e}), '$[0]')`),
    fc
      .tuple(fc.constantFrom('sum(a.id)', 'count(*)', 'row_number()', 'lag(a.id)'), tie('expression'))
      .map(([f, e]) => `${f} OVER (ORDER BY ${e})`),
    tie('expression').map((e) => `count(*) FILTER (WHERE ${e})`),
    tie('select').map((inner) => `(${inner} ORDER BY 1)`), // else the value is that of any row
    tie('select').map((inner) => `EXISTS (${inner})`),
    fc.tuple(tie('expression'), tie('select')).map(([e, inner]) => `${e} IN (${inner})`),
  ),
  source: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'sql' },
    { weight: 12, arbitrary: fc.constantFrom('customers', 'employees') },
    { weight: 3, arbitrary: fc.constantFrom('orders', 'order_totals') },
    { weight: 1, arbitrary: fc.constantFrom(...TABLES) },
    { weight: 2, arbitrary: tie('select').map((inner) => `(${inner})`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("(SELECT 1 AS id, 'GB' AS name)", '(VALUES (1, 2))', "json_each('[1,2]')"),
    },
  ),
  select: fc
    .record({
      list: fc.oneof(
        fc.constantFrom('*', 'a.*', 'count(*)', 'a.id'),
        fc.array(tie('expression'), { minLength: 1, maxLength: 2 }).map((all) => all.join(', ')),
      ),
      from: tie('source'),
      join: fc.option(
        fc.record({
          how: fc.constantFrom('JOIN', 'LEFT JOIN', 'NATURAL JOIN', 'FULL JOIN'),
          with: tie('source'),
          on: fc.constantFrom('', ' USING (id)', ' USING (name)', ' ON a.id = b.id'),
        }),
      ),
      where: fc.option(tie('expression')),
      group: fc.option(fc.constantFrom('1', 'a.id', 'country', 'salary'), { freq: 1 }),
      also: fc.option(
        fc.tuple(
          fc.constantFrom('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'),
          fc.constantFrom('SELECT 1', 'SELECT id FROM orders', 'SELECT value FROM secrets', 'VALUES (1)'),
        ),
        { freq: 1 },
      ),
      order: fc.option(fc.constantFrom('1', '1', '1 DESC NULLS LAST', 'a.id', 'email'), { freq: 2 }),
    })
    .map(({ list, from, join, where, group, also, order }) =>
      [
        `SELECT ${list} FROM ${from} AS a`,
        join === null ? '' : ` ${join.how} ${join.with} AS b${join.how.startsWith('NATURAL') ? '' : join.on}`,
        where === null ? '' : ` WHERE ${where}`,
        group === null ? '' : ` GROUP BY ${group}`,
        also === null ? '' : ` ${also.join(' ')}`,
        order === null || also?.[1] === 'VALUES (1)' ? '' : ` ORDER BY ${order}`,
      ].join(''),
    ),
}))
const statement = fc.oneof(
  { weight: 8, arbitrary: select },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('x', 'customers', 'secrets', 'main'), select)
      .map(([name, inner]) => `WITH ${name} AS (${inner}) SELECT * FROM ${name}`),
  },
  { weight: 1, arbitrary: expression.map((each) => `SELECT ${each} FROM customers AS a`) },
)

// A cursor holds a fingerprint of the whole file: that something has changed is no secret.
const seen = (outcome: Outcome) =>
  'text' in outcome ? outcome.text.replace(/,"next":"[\w-]*"/, '') : `${outcome.code} ${outcome.says}`

// Rows have no order without ORDER BY: they are compared as a bag.
const bag = (rows: readonly unknown[][]) => rows.map((row) => JSON.stringify(row)).toSorted()

suite('grammar', () => {
  test('an accepted statement reads nothing that the oracle does not hold', (t) => {
    let answered = 0
    let refused = 0
    let compared = 0
    fc.assert(
      fc.property(statement, (sql) => {
        const outcome = ask(sql, 'limited')
        assert.equal(seen(askTwin(sql, 'limited')), seen(outcome), sql) // what is hidden decides nothing
        if ('code' in outcome) {
          refused += 1
          return
        }
        answered += 1
        assert.doesNotMatch(outcome.text, /CANARY|99000\d|@example\.com/, sql)
        if (outcome.answer.truncated !== undefined) return
        const rows = oracle.prepare<[], unknown[]>(sql.replaceAll('temp.', 'main.')).raw(true).all() // throws when it names what is not there
        if (/GROUP BY|count\(|max\(|OVER/i.test(sql)) return // a column beside an aggregate is any row's: the twin has to do
        compared += 1
        assert.deepEqual(bag(outcome.answer.rows), bag(rows), sql)
      }),
      { numRuns: RUNS },
    )
    assert.ok(answered > RUNS / 10 && refused > RUNS / 10, `${answered} answered, ${refused} refused`) // else the generator is blunt
    t.diagnostic(`${answered} answered, the rows of ${compared} compared; ${refused} refused`)
  })
})
