// What a policy file comes to: for each server the tools that can be called, and by whom.
import type { PlaceFacts } from '@hardened-mcp/host'
import { effectivePolicy, parseStrictly, peopleOfFile, type PolicyFile } from '@hardened-mcp/host/admin'
import { CAPABILITIES, mayCall, type ToolDefinition } from '@hardened-mcp/security-core'
import { SERVERS } from '../all-servers.ts'

export type Right = Readonly<{ who: string; server: string; tool: string }>

/** The tools of a server as its section grants resources; without resources nothing is known of them. */
export function toolsOf(file: PolicyFile, server: string): readonly ToolDefinition[] {
  const definition = SERVERS[server]?.definition
  const granted = file.servers[server as 'file']?.resources
  if (definition === undefined || granted === undefined) return []
  return definition.tools(parseStrictly(definition.resources, granted, `servers.${server}.resources`))
}

/** The places of a server as its section grants them. */
export function placesOf(file: PolicyFile, server: string): readonly PlaceFacts[] {
  const definition = SERVERS[server]?.definition
  const granted = file.servers[server as 'file']?.resources
  if (definition === undefined || granted === undefined) return []
  return definition.places(parseStrictly(definition.resources, granted, `servers.${server}.resources`))
}

/** What the server's own ceiling leaves, for each server of the file. */
export function callableTools(file: PolicyFile): readonly { server: string; tools: readonly string[] }[] {
  return Object.entries(file.servers).map(([server, section]) => {
    const known = new Map(toolsOf(file, server).map((tool) => [tool.name, tool]))
    const tools = (section?.allowed_tools ?? []).filter(
      (tool) =>
        !(section?.denied_tools ?? []).includes(tool) &&
        (known.get(tool)?.needs ?? []).every((need) => section?.permissions.includes(need)),
    )
    return { server, tools }
  })
}

/** Every right of the file, for a credential that holds everything. Version 1 knows nobody by name. */
export function rightsOf(file: PolicyFile): readonly Right[] {
  const people = peopleOfFile(file)
  const can = new Set(CAPABILITIES)
  const callers =
    people === undefined
      ? [{ who: 'everybody', caller: { can } }]
      : [
          ...people.subjects.map(({ id, tenant }) => ({ who: `${id} of ${tenant}`, caller: { can, id, tenant } })),
          ...Object.keys(people.tenants).flatMap((tenant) =>
            Object.keys(people.roles).map((role) => ({
              who: `a key of ${tenant} with role ${role}`,
              caller: { can, tenant, roles: new Set([role]) },
            })),
          ),
        ]
  return Object.keys(file.servers).flatMap((server) => {
    const { ceiling } = effectivePolicy(server, file.servers[server as 'file'], people)
    return toolsOf(file, server).flatMap((tool) =>
      callers
        .filter(({ caller }) => mayCall(tool, caller, ceiling).verdict === 'allow')
        .map(({ who }) => ({ who, server, tool: tool.name })),
    )
  })
}
