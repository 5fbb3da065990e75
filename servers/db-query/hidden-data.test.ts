// Non-interference: two databases that differ only in what the policy hides must answer every statement alike, byte for byte.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { asker, fixture, HIDDEN_OTHERWISE, type Outcome, vectors } from './fixture.ts'
import type { Params } from './operations.ts'
import { tokensOf } from './token-scan.ts'

type Row = Readonly<{ name: string; given: { sql: string; params?: Params; policy: string } }>
const legitimate = vectors('legitimate.json') as readonly Row[]
const attacks = vectors('attacks.json') as readonly Row[]

const RUNS = Number(process.env['DB_QUERY_FUZZ_RUNS'] ?? 1500) // 100 000 before a release

const one = fixture()
const two = fixture(HIDDEN_OTHERWISE)
after(() => [one, two].forEach(({ remove }) => remove()))

const [askOne, askTwo] = [asker(one.file), asker(two.file)]
const bare = (outcome: Outcome) =>
  'text' in outcome ? outcome.text.replace(/,"next":"[\w-]*"/, '') : `${outcome.code} ${outcome.says}`
const CLOCK = /random|now|current_|julianday\(\)/i

function alike(sql: string, policy: string, params?: Params): boolean {
  const [first, second] = [askOne(sql, policy, params), askTwo(sql, policy, params)]
  assert.equal(bare(second), bare(first), sql)
  return 'text' in first
}

suite('hidden data', () => {
  const limited = (row: Row) => row.given.policy === 'limited' && !CLOCK.test(row.given.sql)
  test('changes no answer of the legitimate corpus', () => {
    for (const { given } of legitimate.filter(limited)) alike(given.sql, given.policy, given.params)
  })
  test('changes no refusal of the attack corpus', () => {
    for (const { given } of attacks.filter(limited)) alike(given.sql, given.policy, given.params)
  })

  for (const sql of [
    'SELECT id FROM employees',
    'SELECT id FROM employees LIMIT 1',
    'SELECT group_concat(id) FROM employees',
    'SELECT id, row_number() OVER () FROM employees',
    'SELECT id FROM customers',
    "SELECT id FROM customers WHERE country IN ('GB', 'US')",
    'SELECT max(id), name FROM employees GROUP BY department',
  ])
    test(`decides no order: ${sql}`, () => assert.ok(alike(sql, 'limited')))

  // Tokens of both corpora, spliced: most results are refused, and a good part runs.
  const pieces = [...legitimate, ...attacks]
    .map(({ given }) => given.sql)
    .filter((sql) => sql.length < 400 && !CLOCK.test(sql) && !/RECURSIVE|zeroblob|printf/i.test(sql))
    .flatMap((sql) => {
      try {
        return [tokensOf(sql).map(({ text }) => text)]
      } catch {
        return []
      }
    })
  const names = [
    'id',
    'name',
    'email',
    'salary',
    'country',
    'customers',
    'employees',
    'orders',
    'secrets',
    'users',
    'value',
    'main',
    '.',
    '*',
    'rowid',
    'c',
    'e',
    'o',
  ]
  const index = fc.nat({ max: pieces.length - 1 })

  test('changes no answer of spliced and mutated statements', () => {
    let answered = 0
    const statement = fc.record({
      from: index,
      other: index,
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      at: fc.nat(),
      name: fc.constantFrom(...names),
      how: fc.constantFrom('swap', 'swap', 'splice', 'wrap', 'union'),
    })
    fc.assert(
      fc.property(statement, ({ from, other, cut, at, name, how }) => {
        const tokens = [...(pieces[from] ?? [])]
        const second = pieces[other] ?? []
        if (how === 'swap') tokens[at % tokens.length] = name
        if (how === 'splice')
          tokens.splice(
            Math.floor(cut * tokens.length),
            tokens.length,
            ...second.slice(Math.floor(cut * second.length)),
          )
        const sql = tokens.join(' ').replace(/ ?; ?$/, '')
        const whole =
          how === 'wrap'
            ? `SELECT count(*), ${name} FROM (${sql})`
            : how === 'union'
              ? `${sql} UNION ALL ${second.join(' ')}`
              : sql
        if (alike(whole, 'limited')) answered += 1
      }),
      { numRuns: RUNS },
    )
    assert.ok(answered > RUNS / 20, `${answered} of ${RUNS} ran`) // else the generator has gone blunt
  })
})
