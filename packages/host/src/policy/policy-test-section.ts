// A test of the policy file: who calls what with which arguments, and what has to come of it.
import { CAPABILITIES } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { SERVER_NAMES } from './server-names.ts'

export const policyTest = z.strictObject({
  name: z.string().min(1).max(200),
  server: z.enum(SERVER_NAMES),
  tool: z.string().min(1).max(64),
  caller: z.strictObject({
    id: z.string().min(1).max(128),
    tenant: z.string().min(1).max(63),
    roles: z.array(z.string()).max(32).exactOptional(),
    /** What the credential holds: capabilities, or scopes of the oauth section. Left out: everything. */
    can: z.array(z.enum(CAPABILITIES)).exactOptional(),
    scopes: z.array(z.string()).exactOptional(),
  }),
  /** Left out: only whether the tool may be called at all. */
  arguments: z.record(z.string(), z.unknown()).exactOptional(),
  expect: z.enum(['allow', 'deny']),
})
export type PolicyTest = z.output<typeof policyTest>
