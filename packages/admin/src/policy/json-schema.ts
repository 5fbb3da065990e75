// The JSON Schema of the policy file, for editors: made of the very schemas that judge the file.
import { policySchema } from '@hardened-mcp/host/admin'
import { z } from 'zod'
import { SERVERS } from '../all-servers.ts'

/** Draft 2020-12, with the resources of each server in their place. */
export function policyJsonSchema(): string {
  const schema = jsonOf(policySchema) as Root
  const { servers } = schema.properties
  const section = servers.additionalProperties ?? servers.properties?.['file']
  const properties = Object.fromEntries(
    Object.entries(SERVERS).map(([name, { definition }]) => [
      name,
      { ...section, properties: { ...section?.properties, resources: jsonOf(definition.resources) } },
    ]),
  )
  const { $schema, ...rest } = schema
  const described = { $schema, title: 'hardened-mcp policy', ...rest }
  const own = { type: 'object', properties, additionalProperties: false }
  return `${JSON.stringify({ ...described, properties: { ...schema.properties, servers: own } }, null, 2)}\n`
}

type Section = Readonly<{ properties?: Readonly<Record<string, unknown>> }>
type Root = Readonly<{
  $schema: string
  properties: Readonly<Record<string, unknown>> & {
    servers: Readonly<{ additionalProperties?: Section; properties?: Readonly<Record<string, Section>> }>
  }
}>

function jsonOf(schema: z.ZodType): object {
  const { $schema, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' })
  return schema === policySchema ? { $schema, ...json } : json
}
