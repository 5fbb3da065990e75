// The part of the policy file that says what arguments and answers are looked through for.
import {
  activeLinks,
  hiddenCharacters,
  type Controls,
  type OutputFilter,
  secretValues,
  shownCharacters,
  steeringMarks,
  templateTokens,
} from '@hardened-mcp/security-core'
import { z } from 'zod'

const action = z.enum(['redact', 'refuse', 'off'])
const link = z.enum(['defuse', 'mark', 'off'])

export const screeningSection = z.strictObject({
  /** Keys and tokens of known form. */
  credentials: action.default('redact'),
  /** An argument with such a key or token that would be written or sent. */
  arguments: z.enum(['refuse', 'off']).default('off'),
  /** Payment cards and bank accounts: off, because in many a database they are the very answer. */
  account_numbers: action.default('off'),
  /** What nobody sees is taken out, or written out as [U+202E]. */
  hidden_characters: z.enum(['remove', 'show']).default('remove'),
  /** Marks of chat templates get a space inside; off for who has to read such templates byte for byte. */
  template_tokens: z.enum(['break', 'off']).default('break'),
  /** Pictures, and links, whose address has a place to fill or holds encoded data. */
  active_images: link.default('defuse'),
  active_links: link.default('mark'),
  /** Hosts whose pictures and links are left alone: a name, or *.name for all below it. */
  link_hosts: z.array(z.string().regex(/^(?:\*\.)?[a-z0-9][a-z0-9.-]{0,252}$/)).default([]),
  /** Text that tries to steer a model is said and recorded; it never stops a call. */
  steering: z.enum(['mark', 'off']).default('mark'),
})
export type ScreeningSection = z.output<typeof screeningSection>

/** In the order in which they work: what is hidden goes first, so that it cannot hide a credential from the next. */
export function filtersOf(
  section: ScreeningSection = screeningSection.parse({}),
): readonly [OutputFilter, ...OutputFilter[]] {
  const groups = ['credentials', 'account_numbers'] as const
  const { active_images: images, active_links: links, link_hosts: hosts } = section
  return [
    section.hidden_characters === 'show' ? shownCharacters : hiddenCharacters,
    ...groups.flatMap((group) => {
      const chosen = section[group]
      return chosen === 'off' ? [] : [secretValues(group, chosen)]
    }),
    ...(section.template_tokens === 'off' ? [] : [templateTokens]),
    ...(images === 'off' && links === 'off' ? [] : [activeLinks({ images, links, hosts })]),
  ]
}

/** The phrases are made ready here, so that no first caller waits for them. */
export function answerMarksOf(section?: ScreeningSection): Pick<Controls<object>, 'answerMarks'> {
  if (section?.steering === 'off') return { answerMarks: noMarks }
  steeringMarks('')
  return {}
}

// oxlint-disable-next-line require-yield -- nothing is looked at
function* noMarks(): Generator<number, readonly string[]> {
  return []
}
