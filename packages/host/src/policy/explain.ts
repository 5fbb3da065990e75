// Why a call would be allowed or refused: the steps of the real controls, in their order, without doing anything.
import {
  accessSteps,
  type CallContext,
  clear,
  Denial,
  type Policies,
  parseInput,
  type Principal,
  type ServerCapabilityPolicy,
  type Step,
  type ToolDefinition,
} from '@hardened-mcp/security-core'

export type Explanation = Readonly<{ verdict: 'allow' | 'deny'; steps: readonly Step[] }>

/** Without `input` it ends where the arguments would be read. Limits, and what only the worker can see, are not looked at. */
export function explainCall<Operation extends object>(from: {
  server: string
  tools: readonly ToolDefinition<unknown, Operation>[]
  policies: Policies<Operation>
  policy: ServerCapabilityPolicy | undefined
  tool: string
  caller: Principal
  input?: unknown
}): Explanation {
  const { caller, policy } = from
  const tool = from.tools.find(({ name }) => name === from.tool)
  const steps: Step[] = [
    { holds: tool !== undefined, says: `There is ${tool === undefined ? 'no' : 'a'} tool ${from.tool}` },
  ]
  if (tool === undefined) return { verdict: 'deny', steps }
  for (const step of accessSteps(tool, caller, policy)) {
    steps.push(step)
    if (!step.holds) return { verdict: 'deny', steps }
  }
  if (from.input === undefined) return { verdict: 'allow', steps }
  const call: CallContext = { id: 'explain', server: from.server, tool, caller, at: 0 }
  let says = 'The arguments fit the schema of the tool'
  try {
    const input = parseInput(tool.input, from.input)
    steps.push({ holds: true, says })
    says = "The server's own policies allow the operation"
    clear(tool.plan(input, caller), from.policies, call)
    steps.push({ holds: true, says })
    return { verdict: 'allow', steps }
  } catch (thrown) {
    const reason = thrown instanceof Denial ? `${thrown.code}: ${thrown.message}` : 'The tool failed on these arguments'
    return { verdict: 'deny', steps: [...steps, { holds: false, says: reason }] }
  }
}
