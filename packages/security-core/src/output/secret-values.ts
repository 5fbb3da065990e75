// Question: does the answer carry a credential?
// Threat:   keys in rows, configuration files and pages: a model repeats what it read, to whoever asks next.
// Rule:     what has the form of a known credential, and its check digits where it has some, is replaced by its name.
// Limits:   knows the forms of the table and no passwords; a credential cut in two, or written in another alphabet, passes.
// Proof:    secret-values.test.ts
import { crcDigits, isAccountNumber, isCardNumber } from './check-digits.ts'
import type { OutputFilter } from './release.ts'

type Kind = Readonly<{ start: string; form: RegExp; holds?: (text: string) => boolean }>

/** `start` is a text that every one of them holds; `form` is linear: one bounded or possessive run after a fixed prefix. */
const CREDENTIALS = {
  mcp_key: {
    start: 'mcp_',
    form: /mcp_[A-Za-z0-9_-]{49}(?![A-Za-z0-9_-])/,
    holds: (text) => text.endsWith(crcDigits(text.slice(0, -6))),
  },
  github_token: {
    start: 'gh[pousr]_',
    form: /gh[pousr]_[A-Za-z0-9]{36}(?![A-Za-z0-9])/,
    holds: (text) => text.endsWith(crcDigits(text.slice(4, -6))),
  },
  github_fine_grained_token: {
    start: 'github_pat_',
    form: /github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9])/,
  },
  npm_token: {
    start: 'npm_',
    form: /npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/,
    holds: (text) => text.endsWith(crcDigits(text.slice(4, -6))),
  },
  gitlab_token: { start: 'glpat-', form: /glpat-[A-Za-z0-9_-]{20,64}(?![A-Za-z0-9_-])/ },
  aws_key_id: { start: 'A(?:KI|SI)A', form: /A(?:KI|SI)A[A-Z2-7]{16}(?![A-Za-z0-9])/ },
  google_api_key: { start: 'AIza', form: /AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/ },
  slack_token: { start: 'xox[abeprs]-', form: /xox[abeprs]-[A-Za-z0-9-]{20,255}(?![A-Za-z0-9-])/, holds: hasDigits },
  stripe_key: { start: '[rs]k_live_', form: /[rs]k_live_[A-Za-z0-9]{20,247}(?![A-Za-z0-9])/ },
  anthropic_key: { start: 'sk-ant-', form: /sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{80,120}(?![A-Za-z0-9_-])/ },
  openai_key: {
    start: 'sk-(?:proj|svcacct|admin)-',
    form: /sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}(?![A-Za-z0-9_-])/,
  },
  jwt: {
    start: 'eyJ',
    form: /eyJ[A-Za-z0-9_-]{10,2048}\.[A-Za-z0-9_-]{2,8192}\.[A-Za-z0-9_-]{22,2048}(?![A-Za-z0-9_-])/,
    holds: isSignedToken,
  },
  private_key: {
    start: 'PRIVATE KEY',
    // RFC 7468; without its end the whole rest is taken: a part of a key is still a key.
    form: /-----BEGIN (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s:,.\\-]{1,16384}/,
    holds: (text) => /[A-Za-z0-9+/]{40}/.test(text),
  },
} as const satisfies Record<string, Kind>

const ACCOUNTS = {
  card_number: { start: '\\d[ -]?\\d{3}', form: /[2-6]\d{3}(?:[ -]?\d){8,15}(?![\d-])/, holds: isCardNumber },
  iban: { start: '[A-Z]{2}\\d\\d', form: /[A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])/, holds: isAccountNumber },
} as const satisfies Record<string, Kind>

export const SECRET_KINDS = { credentials: CREDENTIALS, account_numbers: ACCOUNTS } as const

/** `redact` replaces each by `[redacted: NAME]`; `refuse` lets no answer out that holds one. */
export function secretValues(group: keyof typeof SECRET_KINDS, action: 'redact' | 'refuse'): OutputFilter {
  const kinds: readonly (readonly [name: string, kind: Kind])[] = Object.entries(SECRET_KINDS[group])
  const forms = kinds.map(([name, { form }]) => `(?<${name}>${form.source})`)
  const screen = new RegExp(`(?<![A-Za-z0-9_])(?:${forms.join('|')})`, 'g')
  const holds = new Map(kinds.map(([name, kind]) => [name, kind.holds ?? (() => true)]))
  return Object.freeze({
    name: group === 'credentials' ? 'secretValues' : 'accountNumbers',
    suspects: new RegExp(kinds.map(([, { start }]) => start).join('|')),
    ...(action === 'refuse' ? { refuses: true as const } : {}),
    says: (count) => `${count} ${group === 'credentials' ? 'credentials' : 'account numbers'} were redacted`,
    clean(text) {
      let removed = 0
      const cleaned = text.replace(screen, (match: string, ...rest: unknown[]) => {
        const groups = rest.at(-1) as Record<string, string | undefined>
        const name = Object.keys(groups).find((key) => groups[key] !== undefined) ?? ''
        if (holds.get(name)?.(match) !== true) return match
        removed += 1
        return `[redacted: ${name}]`
      })
      return { text: cleaned, removed }
    },
  })
}

function hasDigits(text: string): boolean {
  return /\d{6}/.test(text) // xoxb-your-token-here is a placeholder
}

// RFC 7515 §3.1: the first part is a JSON object that names its algorithm.
function isSignedToken(text: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(text.slice(0, text.indexOf('.')), 'base64url').toString())
    return typeof header === 'object' && header !== null && 'alg' in header && header.alg !== 'none'
  } catch {
    return false
  }
}
