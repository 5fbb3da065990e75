// What a policy says of a tool's answers beyond what the tool says itself: more is possible, less is not.
import type { ToolFacts } from '@hardened-mcp/security-core'
import type { ServerPolicy } from './policy-file.ts'

/** By name of the tool. The schema of the policy file knows no other words than `untrusted` and `private`. */
export type AddedLabels = NonNullable<ServerPolicy['labels']>

export const withLabels = <Tool extends Pick<ToolFacts, 'name' | 'yields'>>(
  tool: Tool,
  added: AddedLabels | undefined,
): Tool => {
  const more = added?.[tool.name]
  return more === undefined ? tool : Object.freeze({ ...tool, yields: Object.freeze({ ...tool.yields, ...more }) })
}
