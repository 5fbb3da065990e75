// The token scan: SQLite's own idea of literals, names and ends, on both sides of every boundary.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { RULES, type Rule } from './refusals.ts'
import { tokenScan, tokensOf } from './token-scan.ts'

const kinds = (sql: string) => tokenScan(sql).map(({ kind, text }) => `${kind} ${text}`)
const refusedAs = (rule: Rule) => ({ code: 'sql_denied', says: RULES[rule] })

suite('tokenScan()', () => {
  test('cuts a statement as SQLite does', () => {
    assert.deepEqual(kinds("SELECT 'a''b', \"c\"\"d\", [e;], `f--`, x'00', .5e3 FROM t$1 WHERE a->>'$.b' = ?1;"), [
      'word SELECT',
      "text 'a''b'",
      'mark ,',
      'quoted "c""d"',
      'mark ,',
      'quoted [e;]',
      'mark ,',
      'quoted `f--`',
      'mark ,',
      "blob x'00'",
      'mark ,',
      'number .5e3',
      'word FROM',
      'word t$1',
      'word WHERE',
      'word a',
      'mark -',
      'mark >',
      'mark >',
      "text '$.b'",
      'mark =',
      'variable ?1',
    ])
  })

  const cases: readonly (readonly [string, Rule])[] = [
    ['SELECT 1;;', 'oneStatement'],
    ['SELECT 1; SELECT 2', 'oneStatement'],
    ['SELECT 1 - -1 -- x', 'comments'],
    ['SELECT 1 /* x', 'comments'],
    ['SELECT 1 / * 2 #', 'comments'],
    ['', 'onlySelect'],
    ['SELECTED', 'onlySelect'],
    ['"SELECT" 1', 'onlySelect'],
    ['explain SELECT 1', 'noExplain'],
    [`SELECT ${'('.repeat(81)}`, 'nesting'],
    [`SELECT ${'1,'.repeat(2000)}`, 'tokens'],
    ['SELECT * FROM sqlite_schema', 'schemaTables'],
    ["SELECT * FROM 'sqlite_master'", 'schemaTables'],
    ["SELECT 'open", 'unreadable'],
    ["SELECT x'0'", 'unreadable'],
    ['SELECT 1 \\ 2', 'unreadable'],
  ]
  for (const [sql, rule] of cases)
    test(`refuses as ${rule}: ${sql.slice(0, 40)}`, () => assert.throws(() => tokenScan(sql), refusedAs(rule)))

  test('admits the last value inside every limit', () => {
    assert.equal(tokenScan(`SELECT ${'('.repeat(80)}1${')'.repeat(80)}`).length, 162)
    assert.equal(tokenScan(`SELECT ${'1,'.repeat(1999)}1`).length, 4000)
    assert.equal(tokenScan("SELECT 'sqlite_schema', sqlite_schema_copy FROM t").length, 6)
  })

  test('ends literals where SQLite ends them: a wrapped text comes back from the engine unchanged', () => {
    const engine = new Database(':memory:')
    const text = fc.string({
      unit: fc.constantFrom("'", '"', '`', '[', ']', ';', '-', '/', '*', '\\', '#', 'a', ' ', 'é'),
      maxLength: 30,
    })
    fc.assert(
      fc.property(text, (value) => {
        const literal = `'${value.replaceAll("'", "''")}'`
        assert.deepEqual(kinds(`SELECT ${literal}`), ['word SELECT', `text ${literal}`])
        assert.equal(engine.prepare(`SELECT ${literal}`).pluck().get(), value)
      }),
      { numRuns: 300 },
    )
  })

  test('loses no character: the tokens and white space are the whole text, or it is refused', () => {
    const soup = fc.string({
      unit: fc.constantFrom("'", '"', '[', ']', ';', '-', '*', '/', 'x', '1', '.', '?', ':', '$', ' ', '\n', '('),
      maxLength: 40,
    })
    fc.assert(
      fc.property(soup, (sql) => {
        try {
          const joined = tokensOf(sql)
            .map(({ text }) => text)
            .join('')
          assert.equal(joined.replace(/[ \n]/g, ''), sql.replace(/[ \n]/g, ''))
        } catch (thrown) {
          assert.equal((thrown as { code?: string }).code, 'sql_denied')
        }
      }),
      { numRuns: 500 },
    )
  })

  test('never accepts a text in which SQLite finds a second statement', () => {
    const engine = new Database(':memory:')
    const part = fc.constantFrom(
      '1',
      "'a",
      "'",
      '"',
      '[',
      ']',
      '`',
      ';',
      ' SELECT 2',
      ' ',
      ',',
      '--',
      '\n',
      "x'",
      '$a',
      '/*',
      '*/',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const sql = `SELECT ${parts.join('')}`
        try {
          engine.prepare(sql)
        } catch (thrown) {
          // The driver counts statements with SQLite's own tokenizer.
          if (/more than one statement/.test((thrown as Error).message)) assert.throws(() => tokenScan(sql))
        }
      }),
      { numRuns: 2000 },
    )
  })
})
