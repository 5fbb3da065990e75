// A policy file against the server that it is for: names that nothing has are mistakes, and the file's own tests have to hold.
import { CAPABILITIES, principal, scopeTable, type ToolDefinition } from '@hardened-mcp/security-core'
import type { ServerDefinition } from '../define-server.ts'
import { parseStrictly } from '../parse-strictly.ts'
import { effectivePolicy, peopleOfFile } from './effective-policy.ts'
import { type Explanation, explainCall } from './explain.ts'
import type { PolicyFile } from './policy-file.ts'
import type { PolicyTest } from './policy-test-section.ts'

export type TestOutcome = Readonly<{ test: PolicyTest; passed: boolean }> & Explanation

type Definition = Pick<ServerDefinition, 'name' | 'resources' | 'tools' | 'policies' | 'places'>

/** Throws `RangeError` on a tool that this server does not have. `described` is what flags granted, when they did. */
export function checkPolicy(definition: Definition, file: PolicyFile, described?: unknown): void {
  const tools = toolsOf(definition, file, described)
  if (tools === undefined) return
  const known = new Set(tools.map(({ name }) => name))
  const name = definition.name as 'file'
  const mustKnow = (where: string, list: readonly string[] = []) => {
    const unknown = list.find((tool) => tool !== '*' && !known.has(tool))
    if (unknown !== undefined) throw new RangeError(`${where}: there is no tool ${unknown}`)
  }
  const section = file.servers[name]
  const named = (all: object | undefined) => Object.keys(all ?? {})
  mustKnow(`servers.${name}`, [...(section?.allowed_tools ?? []), ...(section?.denied_tools ?? [])])
  mustKnow(`servers.${name}.rate_limits`, named(section?.rate_limits))
  mustKnow(`servers.${name}.concurrent`, named(section?.concurrent))
  mustKnow(`servers.${name}.labels`, named(section?.labels))
  for (const [role, { servers }] of Object.entries(file.roles ?? {}))
    mustKnow(`roles.${role}.servers.${name}`, servers[name]?.allowed_tools)
  for (const [tenant, { servers }] of Object.entries(file.tenants ?? {})) {
    const own = servers[name]
    mustKnow(`tenants.${tenant}.servers.${name}`, [...(own?.allowed_tools ?? []), ...(own?.denied_tools ?? [])])
    mustKnow(`tenants.${tenant}.servers.${name}.rate_limits`, [...named(own?.rate_limits), ...named(own?.concurrent)])
  }
  // A misspelt place would be a rule that never asks.
  const places = new Set(placesOf(definition, described ?? section?.resources))
  for (const [index, rule] of (file.approvals?.rules ?? []).entries()) {
    if (rule.server !== name) continue
    mustKnow(`approvals.rules.${index}`, rule.tools)
    const nowhere = (rule.places ?? []).find((place) => !places.has(place))
    if (nowhere !== undefined) throw new RangeError(`approvals.rules.${index}: there is no place ${nowhere}`)
  }
}

/** Runs the file's own tests for this server. */
export function runPolicyTests(definition: Definition, file: PolicyFile, described?: unknown): readonly TestOutcome[] {
  const section = file.servers[definition.name as 'file']
  const granted = described ?? section?.resources
  const resources = granted === undefined ? undefined : parseStrictly(definition.resources, granted, 'Resources')
  const { ceiling } = effectivePolicy(definition.name, section, peopleOfFile(file))
  const scopes = scopeTable(file.oauth?.scopes ?? {}, file.oauth?.scope_implies ?? {})
  const ours = (file.tests ?? []).filter(({ server }) => server === definition.name)
  return ours.map((test) => {
    const { id, tenant, roles, can, scopes: held } = test.caller
    const rights = held === undefined ? (can ?? CAPABILITIES) : scopes.capabilitiesOf(held)
    const explanation = explainCall({
      server: definition.name,
      tools: resources === undefined ? [] : definition.tools(resources),
      policies: resources === undefined ? [() => ({ verdict: 'allow' })] : definition.policies(resources),
      policy: ceiling,
      tool: test.tool,
      caller: principal({ id, tenant, auth: 'api_key', can: rights, ...(roles && { roles }) }),
      input: test.arguments,
    })
    return { test, passed: explanation.verdict === test.expect, ...explanation }
  })
}

const placesOf = (definition: Definition, granted: unknown): readonly string[] =>
  definition
    .places(parseStrictly(definition.resources, granted, `servers.${definition.name}.resources`))
    .map(({ name }) => name)

function toolsOf(definition: Definition, file: PolicyFile, described: unknown): readonly ToolDefinition[] | undefined {
  const granted = described ?? file.servers[definition.name as 'file']?.resources
  if (granted === undefined) return undefined
  return definition.tools(parseStrictly(definition.resources, granted, `servers.${definition.name}.resources`))
}
