// The part of the policy file that says which calls need a yes, from whom, and which refusals of labels a yes can lift.
import { isAbsolute } from 'node:path'
import type { ApprovalRule } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { toolName } from './limits-section.ts'
import { SERVER_NAMES } from './server-names.ts'

const rule = z
  .strictObject({
    server: z.enum(SERVER_NAMES),
    /** Each list that is left out stands for all. */
    tools: z.array(toolName).min(1).max(100).exactOptional(),
    roles: z.array(z.string().max(32)).min(1).max(100).exactOptional(),
    /** Roots, databases and hosts, as this file names them. */
    places: z.array(z.string().min(1).max(256)).min(1).max(1_000).exactOptional(),
    /** `always`: no call without it. `tainted`: it lets one call pass that labels stop. */
    when: z.enum(['always', 'tainted']).default('always'),
    strength: z.enum(['elicit', 'step_up', 'operator']),
    /** Of `step_up`: the scope that the fresh token must have. */
    scope: z.string().min(1).max(128).exactOptional(),
  })
  .refine(({ strength, scope }) => (strength === 'step_up') === (scope !== undefined), {
    path: ['scope'],
    message: 'Belongs to strength step_up, which needs it',
  })

export const approvalsSection = z.strictObject({
  /** Where requests wait for the operator; what replicas share. */
  directory: z.string().refine(isAbsolute, 'Must be an absolute path').exactOptional(),
  /** How long a request waits for the operator. */
  request_minutes: z.int().min(1).max(1_440).default(60),
  /** How long the operator's yes can be used. */
  grant_minutes: z.int().min(1).max(60).default(10),
  pending_per_caller: z.int().min(1).max(64).default(8),
  rules: z.array(rule).min(1).max(200),
})
export type ApprovalsSection = z.output<typeof approvalsSection>

/** What one server goes by. */
export const approvalRulesOf = (section: ApprovalsSection | undefined, server: string): readonly ApprovalRule[] =>
  (section?.rules ?? [])
    .filter((each) => each.server === server)
    .map(({ tools, roles, places, when, strength, scope }) => ({
      tools: setOf(tools),
      roles: setOf(roles),
      places: setOf(places),
      ...{ when, strength, scope },
    }))

type File = Readonly<{
  version: 1 | 2
  roles?: Readonly<Record<string, unknown>>
  oauth?: Readonly<{ scopes: Readonly<Record<string, unknown>> }>
  approvals?: ApprovalsSection
}>

/** What else of the file a rule needs: a rule that could never be met, or never matches, is a mistake. */
export function* approvalFaults({ version, roles = {}, oauth, approvals }: File): Generator<{
  path: (string | number)[]
  message: string
}> {
  for (const [index, { roles: named = [], strength, scope = '' }] of (approvals?.rules ?? []).entries()) {
    const path = ['approvals', 'rules', index]
    if (version === 1 && named.length > 0) yield { path: [...path, 'roles'], message: 'Needs version: 2' }
    const unknown = named.find((role) => version === 2 && !Object.hasOwn(roles, role))
    if (unknown !== undefined) yield { path: [...path, 'roles'], message: `There is no role ${unknown}` }
    if (strength === 'operator' && approvals?.directory === undefined)
      yield { path: ['approvals', 'directory'], message: 'Is needed where the operator approves' }
    if (strength === 'step_up' && !Object.hasOwn(oauth?.scopes ?? {}, scope))
      yield { path: [...path, 'scope'], message: `Must be among oauth.scopes, got ${scope}` }
  }
}

const setOf = (list: readonly string[] | undefined) => (list === undefined ? undefined : new Set(list))
