// How a policy file labels a place: what is read there carries the label, and what goes there must not exceed it.
import type { Label } from '@hardened-mcp/security-core/worker'
import { z } from 'zod'

/** Each half that is left out is the server's own, as `placeLabel` fills it in. */
export const labelSchema = z.strictObject({
  integrity: z.enum(['trusted', 'untrusted']).exactOptional(),
  secrecy: z.enum(['public', 'private']).exactOptional(),
})

/** `fallback` is what the server holds of a place that the operator says nothing about. */
export const placeLabel = (given: z.output<typeof labelSchema> | undefined, fallback: Label): Label => ({
  ...fallback,
  ...given,
})
