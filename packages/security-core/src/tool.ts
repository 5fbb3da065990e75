// A tool is data: facts, two schemas, and a pure function from validated input to an operation.
import type { z } from 'zod'
import { MOST_TEXT_BYTES } from './output/answer-shape.ts'
import type { Capability, Principal, ToolFacts } from './types.ts'

/** Hints for clients (MCP ToolAnnotations). All four are stated, never left to a default. */
export type ToolHints = Readonly<{
  readOnlyHint: boolean
  destructiveHint: boolean
  idempotentHint: boolean
  openWorldHint: boolean
}>

export interface ToolDefinition<Input = unknown, Operation extends object = object> extends ToolFacts {
  readonly title: string
  readonly description: string
  /** Strict object schema: type, range and length of every argument. Unknown keys are refused. */
  readonly input: z.ZodType<Input>
  /** Shape of the structured result. */
  readonly output: z.ZodType
  readonly annotations: ToolHints
  /** The result has `data` in base64, its `mime_type` and `uri`: the data goes out as one MCP content block of its own. */
  readonly media?: true
  /** Required and non-empty: forgetting it does not type-check. */
  readonly needs: readonly [Capability, ...Capability[]]
  /** Pure. Describes the work; does none. `roots` are URIs to which the client would narrow it; absent where it said nothing. */
  plan(input: Input, caller: Principal, roots?: readonly string[]): Operation
}

const TOOL_NAME = /^[a-z][a-z0-9_]{0,63}$/ // MCP 2025-11-25 §Tools: [A-Za-z0-9_.-]{1,128}; ours are verb_noun

/** Infers `Input` from the schema, so that `plan` cannot disagree with it, and freezes the definition. */
export function defineTool<Schema extends z.ZodType, Operation extends object>(
  definition: Omit<ToolDefinition<z.output<Schema>, Operation>, 'input'> & { readonly input: Schema },
): ToolDefinition<unknown, Operation> {
  if (!TOOL_NAME.test(definition.name))
    throw new RangeError(`Tool name must match ${TOOL_NAME.source}, got ${definition.name}`)
  if (definition.needs.length === 0) throw new RangeError(`Tool ${definition.name} must need at least one capability`)
  if (definition.media !== true && definition.budget.outputBytes > MOST_TEXT_BYTES)
    throw new RangeError(`Tool ${definition.name} must answer in at most ${MOST_TEXT_BYTES} bytes, unless with media`)
  for (const facts of [definition.needs, definition.yields, definition.budget, definition.annotations])
    Object.freeze(facts) // a guard that holds them must not be able to raise a budget for the next call
  return Object.freeze({ ...definition }) as ToolDefinition<unknown, Operation>
}
