// Question: can what is logged forge a log line, or show something else than it says?
// Threat:   line feeds, terminal escapes, bidi overrides and keys that appear twice, in texts that came from a caller (CWE-117).
// Rule:     one event is one line of printable ASCII JSON on stderr; fields are flat, bounded, and inside an object of their own.
// Limits:   for operators, and may lose lines when nobody reads stderr. What must not be lost goes to the audit trail.
// Proof:    log.test.ts
import { destination, pino, stdTimeFunctions } from 'pino'

/** Flat facts, with names from the code and never from a caller. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>
export type LogLevel = 'info' | 'warn' | 'error'
export type OperationalLog = Readonly<Record<LogLevel, (event: string, fields?: LogFields) => void>>

const MAX_TEXT = 4_096 // UTF-16 units: a stack trace
const MAX_FIELDS = 32
const MAX_WAITING_BYTES = 1024 * 1024 // lines held while nobody reads stderr; later ones are dropped

/** `write` takes whole lines; left out, they go to stderr without ever blocking a call. */
export function operationalLog(options: {
  name: string
  level: LogLevel
  write?: (line: string) => void
}): OperationalLog {
  const write = options.write ?? stderrLines()
  const logger = pino(
    {
      level: options.level,
      base: { name: options.name, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => write(asciiLine(line)) },
  )
  return Object.freeze({
    info: (event, fields) => logger.info(entry(event, fields)),
    warn: (event, fields) => logger.warn(entry(event, fields)),
    error: (event, fields) => logger.error(entry(event, fields)),
  })
}

// A key of `fields` cannot collide with `level` or `time`: pino would write both.
const entry = (event: string, fields: LogFields = {}) => ({ event: bounded(event), fields: flat(fields) })

function flat(fields: LogFields): Record<string, string | number | boolean | null> {
  const known: Record<string, string | number | boolean | null> = {}
  for (const [key, value] of Object.entries(fields).slice(0, MAX_FIELDS)) {
    if (!/^[a-z][a-z0-9_]{0,31}$/.test(key) || value === undefined) continue
    known[key] = plain(value)
  }
  return known
}

// An object would bring its own keys, getters and toJSON into the line.
function plain(value: unknown): string | number | boolean | null {
  if (typeof value === 'string') return bounded(value)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  return `[${typeof value}]`
}

const bounded = (text: string) =>
  text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...[cut, ${text.length} in all]`

/** pino leaves C1, bidi, U+2028 and lone surrogates as they are. In JSON they stand only inside texts, where \u means the same. */
function asciiLine(line: string): string {
  const escaped = line.trimEnd().replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `${escaped}\n`
}

function stderrLines(): (line: string) => void {
  const stderr = destination({ dest: 2, sync: false, maxLength: MAX_WAITING_BYTES })
  stderr.on('error', () => undefined) // a reader that went away must not end the server
  process.on('exit', () => {
    try {
      stderr.flushSync()
    } catch {
      // Nobody reads any more.
    }
  })
  return (line) => void stderr.write(line)
}
