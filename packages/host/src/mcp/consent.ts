// Question: how is the person behind a client asked, and what counts as a yes?
// Threat:   an answer that is no answer, one that a client gives for a question it was not asked, a question that waits for ever.
// Rule:     one form with one box. A yes is `accept` with that box checked; a no is `decline`, or the box left empty; all else is no answer.
// Limits:   the client relays both ways: whether a person saw the question, nobody here can know.
// Proof:    consent.test.ts
import type { Ask, Consent } from '@hardened-mcp/security-core'

export const ANSWER_MS = 110_000 // less than a question stands

const BOX = 'approve'

/** Of `elicitation/create`: the same form in both protocol eras. */
export const formOf = ({ text }: Extract<Ask, { strength: 'elicit' }>) => ({
  message: text,
  requestedSchema: {
    type: 'object' as const,
    properties: { [BOX]: { type: 'boolean' as const, title: 'Allow this one call', default: false } },
    required: [BOX],
  },
})

/** What the client declares: form elicitation, by name or by the empty object of 2025-06-18. */
export function canAsk(capabilities: unknown): boolean {
  const { elicitation } = (capabilities ?? {}) as { elicitation?: unknown }
  if (typeof elicitation !== 'object' || elicitation === null) return false
  return 'form' in elicitation || !('url' in elicitation)
}

/** `undefined` when it is no answer: a question that was put away, or never seen, is neither yes nor no. */
export function answerOf(id: unknown, response: unknown): Consent['answer'] {
  const { action, content } = (response ?? {}) as { action?: unknown; content?: unknown }
  if (typeof id !== 'string') return undefined
  if (action === 'decline') return { id, accepted: false }
  if (action !== 'accept') return undefined
  const { [BOX]: checked } = (content ?? {}) as { [BOX]?: unknown }
  return typeof checked === 'boolean' ? { id, accepted: checked } : undefined
}
