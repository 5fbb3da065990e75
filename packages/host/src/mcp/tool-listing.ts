// What tools/list says of a tool: its facts, and its two schemas as JSON Schema.
import type { ToolDefinition } from '@hardened-mcp/security-core'
import { z } from 'zod'

/** One row of tools/list: plain JSON, computed once. */
export type ToolListing = Readonly<{
  name: string
  title: string
  description: string
  inputSchema: Readonly<Record<string, unknown>> & { type: 'object' }
  outputSchema: Readonly<Record<string, unknown>> & { type: 'object' }
  annotations: Readonly<Record<string, boolean>>
}>

/** The same for every caller: what a tool is does not depend on who asks. */
export function toolListing(tool: ToolDefinition): ToolListing {
  const { name, title, description, annotations } = tool
  return Object.freeze({
    name,
    title,
    description,
    inputSchema: schemaOf(tool.input, 'input'),
    outputSchema: outputSchemaOf(tool.output),
    annotations: { ...annotations },
  })
}

type JsonSchema = Readonly<Record<string, unknown>> & { type: 'object' }

// JSON Schema 2020-12 is the default dialect of MCP 2026-07-28 and valid for older clients; `$schema` would only cost bytes.
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' })
  if (json.type !== 'object') throw new TypeError('Tool schemas must describe an object')
  return Object.freeze(json) as JsonSchema
}

// Clients of 2025-11-25 check refusals against the output schema too, so the schema has to name both shapes.
function outputSchemaOf(schema: z.ZodType): JsonSchema {
  const { properties, required, ...json } = schemaOf(schema, 'output')
  if (Object.keys(properties ?? {}).length === 0) return Object.freeze({ type: 'object' }) // names nothing, so it fits both
  const common = { error: { type: 'object' }, notices: { type: 'array', items: { type: 'string' } } }
  return Object.freeze({
    ...json,
    properties: { ...(properties as object), ...common },
    anyOf: [{ required: required ?? [] }, { required: ['error'] }],
  })
}
