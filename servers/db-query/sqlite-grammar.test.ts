// A third reading of every corpus: sqlite3-parser, generated from SQLite's own grammar, must see one SELECT where the guard answers.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, suite, test } from 'node:test'
import { parseStmt } from 'sqlite3-parser'
import { asker, fixture, vectors } from './fixture.ts'
import type { Params } from './operations.ts'

type Row = Readonly<{ name: string; given: { sql: string; params?: Params; policy: string } }>
const rowsOf = (file: string) => vectors(file) as readonly Row[]

const { file, remove } = fixture(
  readFileSync(new URL('../../test/vectors/sql/odd-tables.sql', import.meta.url), 'utf8'),
)
const ask = asker(file)
after(remove)

const NAMES = 'names, columns and functions are not grammar: hidden and missing ones parse'
const TEXT = 'the front refuses the text before anybody reads it as SQL'
const SEPARATOR = 'its numbers have no digit separator (1_000, SQLite 3.46)'
const AFTER = 'a failure of values, types or limits comes after parsing'

/** Classes of attacks that this parser reads as one SELECT, and why the guard refuses them nevertheless. */
const STRICTER: Readonly<Record<string, string>> = {
  stacked: 'a semicolon before or behind the one statement is nothing to the grammar',
  comments: 'comments are white space to the grammar',
  pragma: `pragma_* table functions are names; ${NAMES}`,
  'schema tables': NAMES,
  'hidden tables': NAMES,
  'hidden columns': NAMES,
  'shadow tables': NAMES,
  'confirming names': NAMES,
  functions: NAMES,
  'table functions': NAMES,
  'other dialects': `dialect functions are names; ${NAMES}`,
  'hidden characters': TEXT,
  nesting: 'the limits of nesting and size are ours',
  parameters: AFTER,
  'run errors': AFTER,
  'two readers': `it reads as SQLite does; ${NAMES}`,
}
/** Classes of statements that the guard answers and this parser does not read as one SELECT. */
const WIDER: Readonly<Record<string, string>> = {
  plain: SEPARATOR,
  operators: SEPARATOR,
  analysts: SEPARATOR,
}

const classOf = (name: string) => name.slice(0, name.indexOf(':'))
const isOneSelect = (sql: string) => {
  const read = parseStmt(sql)
  return read.status === 'ok' && read.root.type === 'SelectStmt'
}

function disagreements(rows: readonly Row[]): Record<'guard' | 'grammar', ReadonlySet<string>> {
  const only = { guard: new Set<string>(), grammar: new Set<string>() }
  for (const { name, given } of rows) {
    const answered = 'answer' in ask(given.sql, given.policy, given.params)
    if (answered !== isOneSelect(given.sql)) only[answered ? 'guard' : 'grammar'].add(classOf(name))
  }
  return only
}

suite('sqlite3-parser as a second opinion', () => {
  test('reads one SELECT in all that the guard answers', () => {
    const { guard, grammar } = disagreements([...rowsOf('legitimate.json'), ...rowsOf('odd-tables.json')])
    assert.deepEqual([...guard].toSorted(), Object.keys(WIDER).toSorted())
    assert.deepEqual([...grammar], [])
  })
  test('reads one SELECT in no attack that was refused, but for the classes with a reason', () => {
    const { guard, grammar } = disagreements(rowsOf('attacks.json'))
    assert.deepEqual([...grammar].toSorted(), Object.keys(STRICTER).toSorted())
    assert.deepEqual([...guard], [])
  })
})
