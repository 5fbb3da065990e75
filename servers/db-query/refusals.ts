// Every sentence with which a statement is refused. Fixed texts: the engine's own words never reach the caller.
import { Denial, type DenialCode, type DenialDetail } from '@hardened-mcp/security-core/worker'

export const RULES = {
  malformedText: 'The SQL text must be well-formed Unicode',
  controlCharacters: 'Control characters other than tab and line breaks are not allowed',
  directionControls: 'Byte order marks and text direction controls are not allowed',
  parameterText: 'Parameter text must be well-formed Unicode',
  parameterBytes: 'The parameters must have at most 65536 bytes in all',
  comments: 'SQL comments are not allowed',
  oneStatement: 'Only one statement is allowed',
  onlySelect: 'Only SELECT statements are allowed (WITH and VALUES are forms of SELECT)',
  noExplain: 'EXPLAIN is not allowed as a prefix',
  nesting: 'The statement must nest at most 80 parentheses',
  tokens: 'The statement must have at most 4000 tokens',
  schemaTables: 'Schema tables are not available; use list_tables and describe_table',
  unreadable: 'A quoted text, a quoted name or a character of the statement cannot be read',
  syntax: 'The statement has a syntax error',
  unknownTable: 'No table of that name is available',
  unknownColumn: 'No column of that name is available',
  quotedText: 'No column of that name is available; a text takes single quotes',
  unknownIndex: 'No index of that name is available on that table',
  unusableIndex: 'The index after INDEXED BY does not fit the conditions of the query',
  unknownCollation: 'No collation of that name is available; there are BINARY, NOCASE and RTRIM',
  unknownWindow: 'No window of that name is defined',
  unknownFunction: 'No function of that name is available',
  functionArguments: 'A function is called with the wrong number of arguments',
  ambiguousColumn: 'A column name is ambiguous; put the table name before it',
  distinctAggregate: 'An aggregate with DISTINCT takes one argument',
  aggregateMisuse: 'An aggregate or window function stands where none is allowed',
  circularName: 'A WITH part reads a table of its own name; give the part another name',
  recursion: 'A recursive WITH part may name itself once, in FROM, and may not aggregate over itself',
  orderTerm: 'A number or name in ORDER BY or GROUP BY is not in the result',
  joinForm:
    'A join has a form that is not possible: NATURAL with ON or USING, a JOIN without a table, an unknown kind of join',
  repeatedName: 'A WITH part has the name of another one',
  windowForm:
    'A window adds to another what it may not: the base window has it already, or the function takes none of it',
  parameterNumber: 'The number of a parameter must be between ?1 and ?32766',
  noTables: '* needs a table in FROM',
  clauseOrder: 'ORDER BY and LIMIT belong behind the last part of a compound SELECT',
  windowFrame: 'The frame of a window is not possible',
  rowValue: 'A row value stands where one value is needed',
  tooManyParts:
    'The statement has too many parts: at most 2000 columns, 500 compound parts, 64 tables in a join and 1000 levels',
  columnCount: 'Parts of the statement have different numbers of columns',
  notPrepared: 'The statement cannot be prepared',
  notReadable: 'No table of that name is available', // as for a missing one: the parts of a full-text table, schema tables
  tableFunction: 'Only the table functions json_each and json_tree are available',
  parserVeto: 'The statement is not exactly one plain SELECT',
  parserRequired: 'The statement could not be confirmed by the second parser, which the policy requires',
  failed: 'The statement failed while it ran',
  failedJson: 'The statement failed while it ran: a value is not well-formed JSON',
  failedPath: 'The statement failed while it ran: a JSON path is not well-formed',
  failedOverflow: 'The statement failed while it ran: integer overflow',
  failedPattern: 'The statement failed while it ran: a LIKE or GLOB pattern is too complex',
  failedSearch: 'The statement failed while it ran: the full-text search expression is not well-formed',
} as const satisfies Record<string, string>

export type Rule = keyof typeof RULES

/** A refusal under a named rule. `hint` is public and may only hold allowed names; `reason` is for the audit trail. */
export const refuse = (rule: Rule, reason: string = rule, hint = ''): Denial =>
  new Denial('sql_denied', `${rule}: ${reason}`, { says: `${RULES[rule]}${hint}` })

/** Any other refusal with a fixed sentence. */
export const stop = (code: DenialCode, says: string, reason: string = says, detail: DenialDetail = {}): Denial =>
  new Denial(code, reason, { ...detail, says })
