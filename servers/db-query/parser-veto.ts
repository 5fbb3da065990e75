// Question: does an independent parser read the statement as one plain SELECT too?
// Threat:   a form of writing that the engine checks have no rule for yet.
// Rule:     where node-sql-parser understands the statement, it must be exactly one SELECT without INTO; else it is refused.
// Limits:   never the source of truth: it reads three quarters of real queries, and some otherwise than SQLite. Runs last, bounded in size and time.
// Proof:    parser-veto.test.ts
import { Script } from 'node:vm'
import dialect from 'node-sql-parser/build/sqlite.js'
import { codeOf } from './open-database.ts'
import type { ParserMode } from './resources.ts'
import { refuse, stop } from './refusals.ts'
import type { Token } from './token-scan.ts'

const parser = new dialect.Parser()

// `select cast(cast(…` of 47 characters takes the parser 223 s and 4 GB: it backtracks over each level.
const MAX_TOKENS = 600
const MAX_NESTING = 12
const DEADLINE_MS = 200 // p50 is 0.4 ms, a hundred times that on a crowded machine; at 200 MB/s of garbage this is 40 MB

/** Throws the refusal when the parser vetoes, or in mode `require` when it does not understand the statement. */
export function parserVeto(sql: string, tokens: readonly Token[], mode: ParserMode): void {
  if (mode === 'off' || (mode === 'veto' && !canObject(sql))) return
  const isLong = nestingOf(tokens) > MAX_NESTING || tokens.length > MAX_TOKENS
  const reading = isLong ? 'not understood' : read(sql)
  if (typeof reading === 'string') return mode === 'require' ? refuseUnread(reading) : undefined
  if (reading.statements.length !== 1 || !isPlainSelect(reading.statements[0])) throw refuse('parserVeto')
}

// The parser takes half of the time a new text costs. One statement that begins with SELECT or WITH is a plain SELECT for it,
// unless one of these stands somewhere: in a literal too, because it may think that the literal has ended.
const PLAIN_START = /^\s*(?:select|with)\b/i
const OBJECTION = /;|into|insert|update|delete|replace|merge|create|drop|alter|truncate|call|set/i

/** Whether the parser could come to another reading than one plain SELECT. */
export const canObject = (sql: string) => !PLAIN_START.test(sql) || OBJECTION.test(sql)

// A text that could not be read in time may be read the next time: `busy` is not remembered as a verdict.
function refuseUnread(why: Unread): never {
  if (why === 'too slow') throw stop('busy', 'The second parser did not finish in time; try again', why)
  throw refuse('parserRequired', why)
}

// The only way to end JavaScript that is under way: V8 terminates code that a vm script called, at the script's timeout.
const cell: { work: () => unknown } = { work: () => undefined }
const SLOT = Symbol.for('hardened-mcp.db-query.parser-veto')
Object.defineProperty(globalThis, SLOT, { value: cell, enumerable: false })
const script = new Script(`globalThis[Symbol.for('hardened-mcp.db-query.parser-veto')].work()`)

type Unread = 'not understood' | 'too slow'

// Either way the engine's checks have decided already.
function read(sql: string): { statements: readonly unknown[] } | Unread {
  cell.work = () => parser.astify(sql, { database: 'sqlite' })
  try {
    const ast = script.runInThisContext({ timeout: DEADLINE_MS }) as unknown
    return { statements: Array.isArray(ast) ? ast : [ast] }
  } catch (thrown) {
    return codeOf(thrown) === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? 'too slow' : 'not understood'
  }
}

read('SELECT a FROM t WHERE b = 1') // compiles the parser before the first caller waits for it

function nestingOf(tokens: readonly Token[]): number {
  let depth = 0
  let deepest = 0
  for (const { text } of tokens) {
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

function isPlainSelect(statement: unknown): boolean {
  const { type, into } = (statement ?? {}) as { type?: unknown; into?: { position?: unknown; expr?: unknown } }
  return type === 'select' && (into?.position ?? null) === null && (into?.expr ?? null) === null
}
