// `hardened-mcp policy explain`: the path of one decision, step by step.
import { parseArgs } from 'node:util'
import { effectivePolicy, explainCall, parseStrictly, peopleOfFile } from '@hardened-mcp/host/admin'
import { CAPABILITIES, type Capability, principal, scopeTable } from '@hardened-mcp/security-core'
import { UsageError } from '../command.ts'
import { SERVERS } from '../all-servers.ts'
import { checked } from './checked.ts'
import { watching } from './watching.ts'

export function explain(args: readonly string[], say: (line: string) => void): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      server: { type: 'string' },
      tool: { type: 'string' },
      caller: { type: 'string' },
      tenant: { type: 'string' },
      role: { type: 'string', multiple: true },
      can: { type: 'string', multiple: true },
      scope: { type: 'string', multiple: true },
      args: { type: 'string' },
    },
    allowPositionals: true,
  })
  const [path, ...extra] = positionals
  const { server: name, tool, caller: id, tenant } = values
  if (path === undefined || extra.length > 0) throw new UsageError('policy explain needs one FILE')
  if (name === undefined || tool === undefined || id === undefined || tenant === undefined)
    throw new UsageError('policy explain needs --server, --tool, --caller and --tenant')
  const server = Object.hasOwn(SERVERS, name) ? SERVERS[name] : undefined
  if (server === undefined) throw new UsageError(`--server needs one of ${Object.keys(SERVERS).join(', ')}`)
  const file = checked(path)
  const section = file.servers[name as 'file']
  if (section?.resources === undefined) throw new RangeError(`Policy file grants no resources to ${name}`)
  const resources = parseStrictly(server.definition.resources, section.resources, `servers.${name}.resources`)
  const scopes = scopeTable(file.oauth?.scopes ?? {}, file.oauth?.scope_implies ?? {})
  const can =
    values.scope === undefined ? (values.can?.map(capabilityOf) ?? CAPABILITIES) : scopes.capabilitiesOf(values.scope)
  const { verdict, steps } = explainCall({
    server: name,
    tools: server.definition.tools(resources),
    policies: server.definition.policies(resources),
    policy: effectivePolicy(name, section, peopleOfFile(file)).ceiling,
    tool,
    caller: principal({
      id,
      tenant,
      auth: 'api_key',
      can,
      ...(values.role === undefined ? {} : { roles: values.role }),
    }),
    ...(values.args === undefined ? {} : { input: argumentsOf(values.args) }),
  })
  for (const { holds, says } of steps) say(`${holds ? 'yes' : 'NO '}  ${says}`)
  for (const line of watching(file)) say(`watch  ${line}`)
  say(verdict)
  return verdict === 'allow' ? 0 : 1
}

function capabilityOf(text: string): Capability {
  const capability = CAPABILITIES.find((known) => known === text)
  if (capability === undefined) throw new UsageError(`--can needs one of ${CAPABILITIES.join(', ')}`)
  return capability
}

function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError('--args needs JSON')
  }
}
