// Question: does the answer carry a credential?
// Threat:   keys in rows, configuration files and pages: a model repeats what it read, to whoever asks next.
// Rule:     what has the form of a known credential, and its check digits where it has some, is replaced by its name.
// Limits:   knows the forms of the table and no passwords; a credential cut in two, or written in another alphabet, passes.
// Proof:    secret-values.test.ts
import { crc32, crcDigits, isAccountNumber, isCardNumber } from './check-digits.ts'
import type { OutputFilter } from './release.ts'
import { slicedFilter } from './slices.ts'

type Kind = Readonly<{ start: string; begins?: string; form: RegExp; holds?: (text: string) => boolean }>

/** `start` is a text that every one of them holds, and begins with unless `begins` is given; `form` is linear: one bounded or possessive run after a fixed prefix. */
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
  gitlab_token: {
    start: 'gl(?:pat|dt|rt|ptt|soat|ft|cbt|agent|imt|ffct)-',
    form: /gl(?:pat|dt|rt|ptt|soat|ft|cbt|agent|imt|ffct)-[A-Za-z0-9_-]{20,64}(?:\.[a-z0-9]{2}\.[a-z0-9]{9})?(?![A-Za-z0-9_-])/,
    holds: (text) => /\d/.test(text),
  },
  grafana_token: {
    start: 'glsa_',
    form: /glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}(?![A-Za-z0-9_])/,
    holds: (text) => crc32(text.slice(5, -9)) === Number.parseInt(text.slice(-8), 16),
  },
  aws_key_id: { start: 'A(?:KI|SI)A', form: /A(?:KI|SI)A[A-Z2-7]{16}(?![A-Za-z0-9])/ },
  google_api_key: { start: 'AIza', form: /AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/ },
  slack_token: { start: 'xox[abeprs]-', form: /xox[abeprs]-[A-Za-z0-9-]{20,255}(?![A-Za-z0-9-])/, holds: hasDigits },
  google_oauth_secret: { start: 'GOCSPX-', form: /GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/ },
  slack_webhook: {
    start: 'hooks\\.slack\\.com/',
    form: /hooks\.slack\.com\/(?:services|workflows)\/T[A-Z0-9]{8,12}\/[AB][A-Z0-9]{8,12}\/[A-Za-z0-9]{18,48}(?![A-Za-z0-9])/,
  },
  stripe_key: { start: '[rs]k_live_', form: /[rs]k_live_[A-Za-z0-9]{20,247}(?![A-Za-z0-9])/ },
  anthropic_key: { start: 'sk-ant-', form: /sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{80,120}(?![A-Za-z0-9_-])/ },
  openai_key: {
    start: 'sk-(?:proj|svcacct|admin)-',
    form: /sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}(?![A-Za-z0-9_-])/,
  },
  pypi_token: { start: 'pypi-AgE', form: /pypi-AgE[A-Za-z0-9_-]{50,500}(?![A-Za-z0-9_-])/ },
  huggingface_token: { start: 'hf_', form: /hf_[A-Za-z]{34}(?![A-Za-z0-9_])/, holds: isMixed },
  docker_token: { start: 'dckr_pat_', form: /dckr_pat_[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])/ },
  digitalocean_token: { start: 'do[oprt]_v1_', form: /do[oprt]_v1_[0-9a-f]{64}(?![A-Za-z0-9])/ },
  sendgrid_key: { start: 'SG\\.', form: /SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/ },
  shopify_token: { start: 'shp(?:at|ca|pa|ss)_', form: /shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}(?![A-Za-z0-9])/ },
  telegram_token: { start: ':AA', begins: '\\d{8,10}:AA', form: /\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/ },
  vault_token: { start: 'hv[sbr]\\.', form: /hv[sbr]\.[A-Za-z0-9_-]{90,300}(?![A-Za-z0-9_-])/ },
  azure_storage_key: { start: 'AccountKey=', form: /AccountKey=[A-Za-z0-9+/]{86}==/ },
  age_key: { start: 'AGE-SECRET-KEY-1', form: /AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}(?![A-Z0-9])/ },
  jwt: {
    start: 'eyJ',
    form: /eyJ[A-Za-z0-9_-]{10,2048}\.[A-Za-z0-9_-]{2,8192}\.[A-Za-z0-9_-]{22,2048}(?![A-Za-z0-9_-])/,
    holds: isSignedToken,
  },
  private_key: {
    start: 'PRIVATE KEY',
    begins: '-----BEGIN ',
    // RFC 7468; without its end the whole rest is taken: a part of a key is still a key.
    form: /-----BEGIN (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s:,.\\-]{1,16384}/,
    holds: (text) => /[A-Za-z0-9+/]{40}/.test(text),
  },
} as const satisfies Record<string, Kind>

const ACCOUNTS = {
  card_number: { start: '\\d[ -]?\\d{3}', form: /[2-6]\d{3}(?:[ -]?\d){8,15}(?![\d-])/, holds: isCardNumber },
  iban: { start: '[A-Z]{2}\\d\\d', form: /[A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])/, holds: isAccountNumber },
} as const satisfies Record<string, Kind>

const LONGEST = 16_500 // a private key with what stands around it

export const SECRET_KINDS = { credentials: CREDENTIALS, account_numbers: ACCOUNTS } as const

/** `redact` replaces each by `[redacted: NAME]`; `refuse` lets no answer out that holds one. */
export function secretValues(group: keyof typeof SECRET_KINDS, action: 'redact' | 'refuse'): OutputFilter {
  const kinds: readonly (readonly [name: string, kind: Kind])[] = Object.entries(SECRET_KINDS[group])
  const forms = kinds.map(([name, { form }]) => `(?<${name}>${form.source})`)
  const places = kinds.map(([, { start, begins = start }]) => begins)
  const holds = new Map(kinds.map(([name, kind]) => [name, kind.holds ?? (() => true)]))
  const suspects = new RegExp(kinds.map(([, { start }]) => start).join('|'))
  return slicedFilter({
    name: group === 'credentials' ? 'secretValues' : 'accountNumbers',
    suspects,
    mayHold: suspects,
    begins: new RegExp(`(?<![A-Za-z0-9_])(?=${places.join('|')})`, 'g'),
    pattern: new RegExp(forms.join('|'), 'y'),
    reach: LONGEST,
    ...(action === 'refuse' ? { refuses: true as const } : {}),
    says: (count) => `${count} ${group === 'credentials' ? 'credentials' : 'account numbers'} were redacted`,
    instead: ({ 0: match, groups = {} }) => {
      const name = Object.keys(groups).find((key) => groups[key] !== undefined) ?? ''
      return holds.get(name)?.(match) === true ? `[redacted: ${name}]` : undefined
    },
  })
}

function hasDigits(text: string): boolean {
  return /\d{6}/.test(text) // xoxb-your-token-here is a placeholder
}

function isMixed(text: string): boolean {
  return /[a-z]/.test(text.slice(3)) && /[A-Z]/.test(text) // hf_ and a long word of one case is a name
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
