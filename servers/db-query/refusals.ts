// Every sentence with which a statement is refused. Fixed texts: the engine's own words never reach the caller.
import { Denial, type DenialCode, type DenialDetail } from '@hardened-mcp/security-core'

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
  unknownFunction: 'No function of that name is available',
  functionArguments: 'A function is called with the wrong number of arguments',
  ambiguousColumn: 'A column name is ambiguous; put the table name before it',
  aggregateMisuse: 'An aggregate or window function stands where none is allowed',
  columnCount: 'Parts of the statement have different numbers of columns',
  notPrepared: 'The statement cannot be prepared',
  notReadable: 'The statement reads something that is not available',
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
