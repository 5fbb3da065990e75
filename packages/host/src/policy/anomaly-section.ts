// The part of the policy file that says what counts as odd, what is bait, who hears of it, and who has to wait.
import {
  type AlertRule,
  alertRules,
  CANARY_VALUE,
  COUNTED,
  type CountedRule,
  FIXED,
  readUrl,
} from '@hardened-mcp/security-core'
import { z } from 'zod'
import { inside } from '../identity/oauth/config.ts'

const minutes = z.int().min(1).max(1_440)
const amount = z.int().min(1).max(1_000_000)
const COUNTED_NAMES = Object.keys(COUNTED) as CountedRule[]

const breaker = z.strictObject({
  /** `quarantine`: the caller waits. `alert`: only the operator hears of it. */
  mode: z.enum(['quarantine', 'alert']).default('quarantine'),
  /** Refusals of one caller within the window. */
  denials: amount.default(10),
  /** Part of its calls that fail for a reason of its own, once it made `of` of them within the window. */
  percent: z.int().min(1).max(100).default(50),
  of: amount.default(20),
  window_minutes: minutes.default(5),
  quarantine_minutes: minutes.default(15),
})

const canaries = z.strictObject({
  /** Values that stand in bait rows and files, and nowhere else. */
  values: z
    .array(z.string().regex(CANARY_VALUE, 'Must be 12 to 128 characters of A-Z a-z 0-9 _ -'))
    .max(1_000)
    .default([]),
  /** `root:/path`, `database` or `database.table`, `host/path`; below a folder when it ends in `/`. */
  places: z.array(z.string().min(1).max(1_024)).max(1_000).default([]),
  action: z.enum(['alert', 'refuse', 'quarantine']).default('refuse'),
})

const webhook = z.strictObject({
  /** Gets each alert as JSON, by POST. May hold a secret: it is never logged. */
  url: z.string().refine((text) => readUrl(text).ok, 'Must be an https URL'),
  /** Sent as a bearer token. */
  token_file: z.string().min(1).max(4_096).exactOptional(),
  /** Where the host is not on the public internet: the only network it may be in. */
  inside: inside.exactOptional(),
})
export type WebhookConfig = z.output<typeof webhook>

const threshold = z.union([z.literal('off'), z.strictObject({ most: amount, minutes })])

/** Left out: alerts are raised by the default thresholds, and nobody has to wait. */
export const anomalySection = z.strictObject({
  breaker: breaker.prefault({}),
  /** How many within how many minutes, or `off`. */
  rules: z
    .strictObject({
      ...(Object.fromEntries(COUNTED_NAMES.map((name) => [name, threshold.exactOptional()])) as Record<
        CountedRule,
        z.ZodExactOptional<typeof threshold>
      >),
      ...(Object.fromEntries(FIXED.map((name) => [name, z.literal('off').exactOptional()])) as Record<
        (typeof FIXED)[number],
        z.ZodExactOptional<z.ZodLiteral<'off'>>
      >),
    })
    .default({}),
  canaries: canaries.exactOptional(),
  webhook: webhook.exactOptional(),
})
export type AnomalySection = z.output<typeof anomalySection>

/** The rules of the core with what the operator set. */
export function rulesOf(section: AnomalySection | undefined): readonly AlertRule[] {
  if (section === undefined) return alertRules()
  const chosen = Object.entries(section.rules)
  return alertRules({
    breaker: section.breaker,
    off: chosen.filter(([, value]) => value === 'off').map(([name]) => name),
    counts: Object.fromEntries(chosen.filter(([, value]) => value !== 'off')),
  })
}

/** Every file beside the policy that the section names. */
export const anomalyFiles = (section: AnomalySection | undefined): readonly string[] =>
  [section?.webhook?.token_file, section?.webhook?.inside?.ca_file].filter((file) => file !== undefined)
