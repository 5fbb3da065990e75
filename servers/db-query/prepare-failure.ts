// What the engine says of a statement that it cannot prepare, sorted into fixed sentences, with a hint where one helps.
import { nameKey } from './catalogue.ts'
import { nearestHint, nearestName } from './nearest-name.ts'
import { type Rule, refuse, stop } from './refusals.ts'

/** Exposed names only: whatever is offered here is offered to everybody who may ask. */
export type Names = Readonly<{ tables: readonly string[]; columns: readonly string[]; functions: readonly string[] }>

type Near = keyof Names | 'text'

const MESSAGES: readonly Readonly<{ pattern: RegExp; rule: Rule; near?: Near }>[] = [
  { pattern: /^no such table: (.*)$/s, rule: 'unknownTable', near: 'tables' },
  { pattern: /^no such column: ".*" - should this be a string literal/s, rule: 'quotedText' },
  { pattern: /^no such column: (.*)$/s, rule: 'unknownColumn', near: 'columns' },
  { pattern: /^cannot join using column (.*) - column not present/s, rule: 'unknownColumn', near: 'columns' },
  { pattern: /^no such function: (.*)$/s, rule: 'unknownFunction', near: 'functions' },
  { pattern: /^no such index: /, rule: 'unknownIndex' },
  { pattern: /^no query solution/, rule: 'unusableIndex' },
  { pattern: /^no such collation sequence: /, rule: 'unknownCollation' },
  { pattern: /^no such window: /, rule: 'unknownWindow' },
  { pattern: /^wrong number of arguments to function/, rule: 'functionArguments' },
  { pattern: /^'.*' is not a function$/s, rule: 'tableFunction' },
  { pattern: /^too many arguments on /, rule: 'tableFunction' },
  { pattern: /^DISTINCT aggregates must have/, rule: 'distinctAggregate' },
  {
    pattern: /^a NATURAL join may not|^unknown join type|^a JOIN clause is required|^ON clause references/,
    rule: 'joinForm',
  },
  { pattern: /^duplicate WITH table name/, rule: 'repeatedName' },
  { pattern: /^cannot override |^ORDER BY may not be used with/, rule: 'windowForm' },
  { pattern: /^variable number must be between/, rule: 'parameterNumber' },
  { pattern: /^no tables specified/, rule: 'noTables' },
  { pattern: /^ambiguous column name/, rule: 'ambiguousColumn' },
  { pattern: /^misuse of /, rule: 'aggregateMisuse' },
  { pattern: /^aggregate functions are not allowed|^HAVING clause on a non-aggregate/, rule: 'aggregateMisuse' },
  { pattern: /may not be used as a window function$|^FILTER may not be used/, rule: 'aggregateMisuse' },
  { pattern: /^circular reference: /, rule: 'circularName' },
  { pattern: /recursive (?:reference|table|quer|aggregate)/, rule: 'recursion' },
  { pattern: /term (?:out of range|does not match)/, rule: 'orderTerm' },
  { pattern: /clause should come after/, rule: 'clauseOrder' },
  { pattern: /^unsupported frame specification$|^RANGE with offset/, rule: 'windowFrame' },
  { pattern: /^row value misused$/, rule: 'rowValue' },
  { pattern: /^Expression tree is too large|^too many |^at most 64 tables/, rule: 'tooManyParts' },
  { pattern: /^near "(.*)": syntax error$/s, rule: 'syntax', near: 'text' },
  { pattern: /syntax error$|^incomplete input$|^unrecognized token/, rule: 'syntax' },
  { pattern: /number of result columns|columns but \d+ values|values for \d+ columns/, rule: 'columnCount' },
  { pattern: /sub-select returns \d+ columns|same number of terms/, rule: 'columnCount' },
  { pattern: /more than one statement$/, rule: 'oneStatement' },
]

/** The refusal that stands for what the skeleton threw: it holds exposed names and the caller's own text only. */
export function prepareFailure(thrown: unknown, names: Names): Error {
  const message = thrown instanceof Error ? thrown.message : ''
  for (const { pattern, rule, near } of MESSAGES) {
    const match = pattern.exec(message)
    if (match !== null) return refuse(rule, message, near === undefined ? '' : hintOf(near, match[1] ?? '', names))
  }
  if (message === 'out of memory') return stop('too_large', 'The statement is too large to prepare', message)
  return refuse('notPrepared', message)
}

function hintOf(near: Near, said: string, names: Names): string {
  if (near === 'text') return placeOf(said)
  const wanted = lastPart(said)
  if (near === 'tables') {
    const [, other] = TABLES_ELSEWHERE.find(([pattern]) => pattern.test(said)) ?? []
    if (other !== undefined) return `; ${other}`
  }
  const other = near === 'functions' && Object.hasOwn(ELSEWHERE, wanted.toLowerCase())
  if (other) return `; SQLite has ${ELSEWHERE[wanted.toLowerCase()]}`
  const nearest = nearestName(wanted, names[near])
  // Of a column: it is there, and not where the statement looks for it.
  const isElsewhere = near === 'columns' && nearest !== undefined && nameKey(nearest) === nameKey(wanted)
  return isElsewhere ? '; another table has one' : nearestHint(nearest)
}

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1)

// The caller's own word, shown only where it cannot be anything but a word or one mark.
const WORD_OR_MARK = /^(?:[A-Za-z_][A-Za-z0-9_]{0,31}|[0-9]{1,16}|[-+*/%=<>|&~!(),.])$/
const placeOf = (text: string) =>
  WORD_OR_MARK.test(text) ? ` near ${text}${SYNTAX_ELSEWHERE[text.toLowerCase()] ?? ''}` : ''

const SYNTAX_ELSEWHERE: Readonly<Record<string, string>> = {
  ilike: '; LIKE ignores the case of ASCII letters',
  top: '; SQLite has LIMIT',
  fetch: '; SQLite has LIMIT',
  first: '; SQLite has LIMIT',
  lateral: '; SQLite has correlated subqueries and json_each',
}

const TABLES_ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^(?:information_schema|pg_catalog|sys)\./i, 'list_tables and describe_table tell of tables and columns'],
  [/^dual$/i, 'SQLite has SELECT without FROM'],
  [/^(?:generate_series|range)$/i, 'SQLite has WITH RECURSIVE'],
  [/^(?:unnest|string_split|json_table|jsonb_array_elements)$/i, 'SQLite has json_each()'],
]

// What models bring along from other databases.
const ELSEWHERE: Readonly<Record<string, string>> = {
  now: "datetime('now')",
  getdate: "datetime('now')",
  curdate: "date('now')",
  date_trunc: "date(x, 'start of month') and strftime()",
  date_format: 'strftime()',
  to_char: 'strftime() and printf()',
  date_add: "date(x, '+1 day')",
  date_sub: "date(x, '-1 day')",
  datediff: 'julianday()',
  year: "strftime('%Y', x)",
  month: "strftime('%m', x)",
  day: "strftime('%d', x)",
  len: 'length()',
  char_length: 'length()',
  left: 'substr()',
  right: 'substr()',
  position: 'instr()',
  charindex: 'instr()',
  nvl: 'ifnull()',
  isnull: 'ifnull()',
  greatest: 'max(a, b)',
  least: 'min(a, b)',
  array_agg: 'json_group_array()',
  stddev: 'avg() and sqrt()',
  regexp: 'LIKE and GLOB',
  generate_series: 'WITH RECURSIVE',
  any: 'IN (…)',
}
