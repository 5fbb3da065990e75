// The part of the policy file that says what answers are looked through for before they leave.
import { hiddenCharacters, type OutputFilter, secretValues } from '@hardened-mcp/security-core'
import { z } from 'zod'

const action = z.enum(['redact', 'refuse', 'off'])

export const screeningSection = z.strictObject({
  /** Keys and tokens of known form. */
  credentials: action.default('redact'),
  /** Payment cards and bank accounts: off, because in many a database they are the very answer. */
  account_numbers: action.default('off'),
})
export type ScreeningSection = z.output<typeof screeningSection>

/** In the order in which they work: what is hidden goes first, so that it cannot hide a credential from the next. */
export function filtersOf(
  section: ScreeningSection = { credentials: 'redact', account_numbers: 'off' },
): readonly [OutputFilter, ...OutputFilter[]] {
  const groups = ['credentials', 'account_numbers'] as const
  return [
    hiddenCharacters,
    ...groups.flatMap((group) => {
      const chosen = section[group]
      return chosen === 'off' ? [] : [secretValues(group, chosen)]
    }),
  ]
}
