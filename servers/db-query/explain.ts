// Question: which words of a query plan may be shown?
// Threat:   plans name what stands behind granted views and limited tables: hidden tables, columns and indexes.
// Rule:     a plan of whole tables is shown as SQLite says it; where a view stands in for what is hidden, known phrases and exposed tables are shown, every other word is `…`.
// Limits:   the shape of a plan says that a view joins or sorts, as its timing does.
// Proof:    explain.test.ts
import type { Budget, Result } from '@hardened-mcp/security-core/worker'
import { bindNulls, bindParams } from './bind-params.ts'
import { type Catalogue, nameKey } from './catalogue.ts'
import type { Snapshot } from './guard.ts'
import type { ExplainOperation } from './operations.ts'
import { stop } from './refusals.ts'
import type { Token } from './token-scan.ts'

type Row = Readonly<{ id: number; parent: number; detail: string }>

/** Plans the statement without running it, and answers the plan as indented lines. */
export function explained({ sql, params, caller }: ExplainOperation, snapshot: Snapshot, spend: Budget): Result {
  const { tokens } = snapshot.judge(sql, caller.tenant)
  const bound = Object.keys(params).length === 0 ? bindNulls(tokens) : bindParams(tokens, params)
  const rows = snapshot.engine.prepare<unknown[], Row>(`EXPLAIN QUERY PLAN ${sql}`).all(...bound)
  const show = standsForHidden(tokens, snapshot.tables) ? shownOf(snapshot.tables) : (detail: string) => detail
  const depths = new Map<number, number>()
  const plan = rows.map(({ id, parent, detail }) => {
    const depth = (depths.get(parent) ?? -1) + 1
    depths.set(id, depth)
    return `${'  '.repeat(depth)}${show(detail)}`
  })
  const text = JSON.stringify({ plan })
  if (Buffer.byteLength(text) > spend.outputBytes) throw stop('too_large', 'The plan exceeds the answer limit')
  return { text, rows: plan.length }
}

// A table cannot be read without being named, so looking for its name among all tokens misses none.
const standsForHidden = (tokens: readonly Token[], tables: Catalogue) =>
  tokens.some(({ kind, text }) => {
    const bare =
      kind === 'quoted' || kind === 'text'
        ? text.slice(1, -1).replaceAll(text.slice(-1).repeat(2), text.slice(-1))
        : text
    return tables.get(nameKey(bare))?.limited === true
  })

const OBJECT =
  /^(SCAN|SEARCH|MATERIALIZE|CO-ROUTINE|BLOOM FILTER ON|RIGHT-JOIN|USING ROWID SEARCH ON TABLE) (.+?)( (?:USING|VIRTUAL TABLE|LEFT-JOIN|FOR IN-OPERATOR|\().*)?$/s
const ACCESS =
  /^ (USING (?:AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?INDEX|USING INTEGER PRIMARY KEY|USING PRIMARY KEY|VIRTUAL TABLE INDEX)/
const PHRASE =
  /^(?:SCAN CONSTANT ROW|SCAN \d+ CONSTANT ROWS?|SCAN \d+-ROW VALUES CLAUSE|USE TEMP B-TREE FOR [A-Z0-9 ()]+|(?:CORRELATED )?(?:SCALAR|LIST) SUBQUERY \d+|REUSE LIST SUBQUERY \d+|LEFT-MOST SUBQUERY|COMPOUND QUERY|UNION(?: ALL)?(?: USING TEMP B-TREE)?|(?:INTERSECT|EXCEPT) USING TEMP B-TREE|MERGE \([A-Z ]+\)|LEFT|RIGHT|MULTI-INDEX (?:OR|AND)|INDEX \d+|CREATE BLOOM FILTER|SETUP|RECURSIVE STEP)$/

const shownOf = (tables: Catalogue) => (detail: string) => {
  if (PHRASE.test(detail)) return detail
  const [, verb, object, rest = ''] = OBJECT.exec(detail) ?? []
  if (verb === undefined || object === undefined) return '…'
  const access = ACCESS.exec(rest)?.[0] ?? ''
  return `${verb} ${tables.get(nameKey(object.replace(/^main\./, '')))?.name ?? '…'}${access}${access === '' || access.endsWith('KEY') ? '' : ' …'}`
}
