// Question: is the text one statement, without comments, of the right kind and size?
// Threat:   stacked statements, comment tricks, EXPLAIN and PRAGMA, schema tables, parsers drowned in nesting.
// Rule:     SQLite's own token rules decide where literals and names end; then one statement, no comment, SELECT|WITH|VALUES.
// Limits:   says nothing about names and writes: `WITH … DELETE` passes here and is refused by the engine checks.
// Proof:    token-scan.test.ts
import { refuse } from './refusals.ts'

export type TokenKind = 'word' | 'quoted' | 'text' | 'blob' | 'number' | 'variable' | 'mark'
export type Token = Readonly<{ kind: TokenKind; text: string }>

const MAX_TOKENS = 4000
const MAX_NESTING = 80

// SQLite reads every byte from 0x80 on as part of a name (tokenize.c, IdChar), and `$` inside one.
const WORD = '[A-Za-z_\\u0080-\\uffff][A-Za-z0-9_$\\u0080-\\uffff]*'
const RULES: readonly Readonly<{ kind: TokenKind | 'space' | 'comment' | 'unreadable'; source: string }>[] = [
  { kind: 'space', source: '[ \\t\\n\\f\\r]+' },
  { kind: 'comment', source: '--|/\\*|#' }, // `#` starts a comment in MySQL and is never needed in SQLite
  { kind: 'blob', source: "[xX]'(?:[0-9A-Fa-f]{2})*'" },
  { kind: 'unreadable', source: "[xX]'" },
  { kind: 'word', source: WORD },
  { kind: 'text', source: "'[^']*(?:''[^']*)*'" },
  { kind: 'quoted', source: '"[^"]*(?:""[^"]*)*"|`[^`]*(?:``[^`]*)*`|\\[[^\\]]*\\]' },
  { kind: 'variable', source: '\\?[0-9]*|[:@$][A-Za-z0-9_$\\u0080-\\uffff]+' },
  { kind: 'number', source: '(?:[0-9]|\\.[0-9])[0-9A-Za-z_.]*' },
  { kind: 'mark', source: '[-+*/%=<>|&~!(),.;]' },
]
const TOKEN = new RegExp(RULES.map(({ source }) => `(${source})`).join('|'), 'y')

/** Returns the tokens of the one statement in `sql`, or throws the refusal that names the broken rule. */
export function tokenScan(sql: string): readonly Token[] {
  const tokens = tokensOf(sql)
  const first = tokens[0]
  const keyword = first?.kind === 'word' ? first.text.toUpperCase() : ''
  const end = tokens.findIndex(isSemicolon)
  if (end !== -1 && end !== tokens.length - 1) throw refuse('oneStatement')
  if (keyword === 'EXPLAIN') throw refuse('noExplain')
  if (!FORMS_OF_SELECT.has(keyword)) throw refuse('onlySelect', `first token is of kind ${first?.kind ?? 'none'}`)
  const statement = end === -1 ? tokens : tokens.slice(0, end)
  boundNesting(statement)
  if (statement.some((token, index) => isSchemaTable(token, statement[index - 1]))) throw refuse('schemaTables')
  return statement
}

const FORMS_OF_SELECT: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES'])
const isSemicolon = (token: Token) => token.kind === 'mark' && token.text === ';'

/** The tokens of any SQL text by SQLite's rules; throws on comments and on what has no end. */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < sql.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(sql)
    if (match === null) throw refuse('unreadable', `no token at ${at}`, sql.startsWith('::', at) ? POSTGRES_CAST : '')
    const kind = RULES[match.findIndex((group, index) => index > 0 && group !== undefined) - 1]?.kind
    if (kind === 'comment') throw refuse('comments', `comment at ${at}`)
    if (kind === undefined || kind === 'unreadable') throw refuse('unreadable', `no token at ${at}`)
    if (kind === 'space') continue
    tokens.push({ kind, text: match[0] })
    if (tokens.length > MAX_TOKENS) throw refuse('tokens')
  }
  return tokens
}

const POSTGRES_CAST = '; for x::type SQLite has CAST(x AS type)'

function boundNesting(tokens: readonly Token[]): void {
  let depth = 0
  for (const { text } of tokens) {
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    if (depth > MAX_NESTING) throw refuse('nesting')
  }
}

const SCHEMA_TABLE = /^sqlite_(?:temp_)?(?:schema|master)$|^sqlite_(?:sequence|stat[0-9])$/i
const BEFORE_TABLE = /^(?:FROM|JOIN|\.)$/i

// SQLite takes a string literal for a table name too; elsewhere 'sqlite_schema' is data.
function isSchemaTable({ kind, text }: Token, before: Token | undefined): boolean {
  if (kind === 'word') return SCHEMA_TABLE.test(text)
  if (kind === 'quoted') return SCHEMA_TABLE.test(text.slice(1, -1))
  return kind === 'text' && SCHEMA_TABLE.test(text.slice(1, -1)) && BEFORE_TABLE.test(before?.text ?? '')
}
