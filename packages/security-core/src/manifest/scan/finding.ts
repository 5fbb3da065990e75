// What a scan says: where, which rule, how bad, and an excerpt that is safe to print.

export const SEVERITIES = ['low', 'medium', 'high'] as const
export type Severity = (typeof SEVERITIES)[number]

export type Rule =
  | 'override'
  | 'secrecy'
  | 'secret_request'
  | 'cross_tool'
  | 'exfiltration'
  | 'redirection'
  | 'role_markup'
  | 'hidden_markup'
  | 'hidden_characters'
  | 'encoded_text'
  | 'command'
  | 'odd_name'
  | 'look_alike_name'
  | 'same_name'
  | 'shadowing'
  | 'false_hint'
  | 'remote_schema'
  | 'too_long'
  | 'unscanned'
  | 'drift'

/** `at` is a JSON pointer (RFC 6901) into the server: `/instructions`, `/tools/3/inputSchema/properties/path`. */
export type Finding = Readonly<{
  server: string
  tool?: string
  at: string
  rule: Rule
  severity: Severity
  says: string
  excerpt: string
}>

/** A finding before it is known whose text it was found in. */
export type Hit = Readonly<{ rule: Rule; severity: Severity; says: string; excerpt: string }>

const EXCERPT_CHARS = 120

/** The text around a match in printable ASCII: everything else as `\uXXXX`, so that a terminal or a log shows what is there. */
export function excerptOf(text: string, at = 0, length = text.length): string {
  const start = Math.max(0, Math.min(at - 20, text.length - EXCERPT_CHARS))
  const part = text.slice(start, start + EXCERPT_CHARS)
  const cut = [start > 0 ? '...' : '', start + EXCERPT_CHARS < text.length || at + length > text.length ? '...' : '']
  return `${cut[0]}${escaped(part)}${cut[1]}`
}

/** Printable ASCII alone. */
export const escaped = (text: string): string =>
  text.replace(/[^ -~]|\\/g, (unit) =>
    unit === '\\' ? '\\\\' : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
