// A second opinion from another door of the engine: the authorizer of node:sqlite judges both corpora, and every disagreement has its reason.
import assert from 'node:assert/strict'
import { constants, DatabaseSync } from 'node:sqlite'
import { after, suite, test } from 'node:test'
import { asker, fixture, vectors } from './fixture.ts'
import type { Params } from './operations.ts'

type Row = Readonly<{ name: string; given: { sql: string; params?: Params; policy: string } }>
type Tables = Readonly<Record<string, { columns?: readonly string[] }>>
const legitimate = vectors('legitimate.json') as readonly Row[]
const attacks = vectors('attacks.json') as readonly Row[]
const limited = (vectors('policies.json') as { limited: Tables }).limited

const { file, remove } = fixture()
const ask = asker(file)
const db = new DatabaseSync(file, { readOnly: true })
after(() => {
  db.close()
  remove()
})

/** Allows reads of exposed columns and nothing else; what a view reads is the view's business. */
function authorize(
  action: number,
  first: string | null,
  second: string | null,
  _db: string | null,
  inside: string | null,
): number {
  if (action === constants.SQLITE_SELECT || action === constants.SQLITE_RECURSIVE) return constants.SQLITE_OK
  if (action === constants.SQLITE_FUNCTION)
    return second === 'load_extension' ? constants.SQLITE_DENY : constants.SQLITE_OK
  if (action !== constants.SQLITE_READ || first === null) return constants.SQLITE_DENY
  if (inside !== null) return constants.SQLITE_OK
  const grant = limited[first.toLowerCase()]
  if (grant === undefined) return constants.SQLITE_DENY
  return second === '' || (grant.columns?.includes(second ?? '') ?? true) ? constants.SQLITE_OK : constants.SQLITE_DENY
}

function authorizerAllows(sql: string): boolean {
  db.setAuthorizer(authorize)
  try {
    db.prepare(sql)
    return true
  } catch {
    return false
  } finally {
    db.setAuthorizer(null)
  }
}

const CTE = 'what a CTE reads counts as read by a view of the name of the CTE (or of any name the caller picks)'
const TABLE_FUNCTION = 'json_each and json_tree are read like tables, which the policy does not name'
const SHADOW = 'a virtual table reads its own shadow tables, which the policy does not name'

/** Classes with rows that the authorizer allows and the guard refuses. */
const STRICTER: Readonly<Record<string, string>> = {
  stacked: 'preparing reads the first statement and is silent about the rest',
  comments: 'an authorizer does not see comments',
  control: 'VACUUM and VACUUM INTO raise no event while they are prepared',
  pragma: CTE,
  explain: 'EXPLAIN raises the events of the statement it explains',
  'schema tables': CTE,
  'hidden tables': CTE,
  'hidden columns': `USING raises no read event; ${CTE}; a limited table has no rowid`,
  functions: 'this second opinion refuses load_extension only; the guard has a closed list',
  'hidden characters': 'an authorizer does not see the text',
  nesting: 'depth is no event',
  parameters: 'values are bound after preparing',
  'run errors': 'a failure while running comes after preparing',
  'confirming names': 'INDEXED BY raises no event',
}
/** Classes with rows that the guard answers and the authorizer refuses. */
const WIDER: Readonly<Record<string, string>> = {
  joins: TABLE_FUNCTION,
  json: TABLE_FUNCTION,
  parameters: `${TABLE_FUNCTION}; ${SHADOW}`,
  ctes: 'to count the rows of a materialised CTE is a read of a table of its name',
  functions: 'soundex() is not built into the SQLite of node:sqlite',
  'full text': SHADOW,
  spatial: SHADOW,
  analysts: `${TABLE_FUNCTION}; ${SHADOW}; the aggregates and soundex() that the SQLite of node:sqlite lacks`,
  'full text and space': SHADOW,
}

const classOf = (name: string) => name.slice(0, name.indexOf(':'))

type Side = 'guard' | 'authorizer'

/** The classes in which exactly one of the two allows a statement. */
function disagreements(rows: readonly Row[]): Record<Side, Set<string>> {
  const only: Record<Side, Set<string>> = { guard: new Set(), authorizer: new Set() }
  for (const { name, given } of rows) {
    const answered = 'answer' in ask(given.sql, 'limited', given.params)
    if (answered !== authorizerAllows(given.sql)) only[answered ? 'guard' : 'authorizer'].add(classOf(name))
  }
  return only
}

suite('node:sqlite authorizer as a second opinion', () => {
  const onLimited = ({ given }: Row) => given.policy === 'limited'
  test('refuses every attack that the guard refuses, but for the classes with a reason', () => {
    const { guard, authorizer } = disagreements(attacks.filter(onLimited))
    assert.deepEqual([...authorizer].toSorted(), Object.keys(STRICTER).toSorted())
    assert.deepEqual([...guard], [])
  })
  test('allows every legitimate query that the guard answers, but for the classes with a reason', () => {
    const { guard, authorizer } = disagreements(legitimate.filter(onLimited))
    assert.deepEqual([...guard].toSorted(), Object.keys(WIDER).toSorted())
    assert.deepEqual([...authorizer], [])
  })
  test('is not enough alone: a CTE hides a hidden table from it, and USING a hidden column', () => {
    for (const sql of [
      'WITH x AS (SELECT value FROM secrets) SELECT * FROM x',
      'SELECT count(*) FROM employees a JOIN employees b USING (salary)',
    ]) {
      assert.ok(authorizerAllows(sql), sql)
      assert.ok('code' in ask(sql, 'limited'), sql)
    }
  })
})
