// Question: is there something in this policy that its author can hardly have meant?
// Threat:   a wildcard that grew out of a demo, a rule that never applies and is believed to, a role that an injected page can turn into a leak.
// Rule:     names wildcards, rows that nothing reaches, and roles with untrusted text, private data and a way out at once (rule of two)
//           that nobody accepted in writing.
// Limits:   knows the policy, not the people: one person with two keys has both. Taint judges what really happened.
// Proof:    packages/admin/src/policy/policy.test.ts
import { type PolicyFile, withLabels } from '@hardened-mcp/host/admin'
import { CLEAN, joinLabels, type Label, refusedFlow, type ToolDefinition } from '@hardened-mcp/security-core'
import { alertFindings } from './alert-lint.ts'
import { placesOf, rightsOf, toolsOf } from './rights.ts'

export type Finding = Readonly<{
  rule: 'wildcard' | 'unreachable' | 'rule_of_two' | 'budget' | 'alerts'
  where: string
  says: string
}>

export const lint = (file: PolicyFile): readonly Finding[] => [
  ...wildcards(file),
  ...unreachable(file),
  ...ruleOfTwo(file),
  ...budgets(file),
  ...alertFindings(file),
]

function wildcards(file: PolicyFile): readonly Finding[] {
  const found: Finding[] = []
  const look = (value: unknown, where: string): void => {
    if (value === '*') found.push({ rule: 'wildcard', where, says: '"*" stands for everything: name what is meant' })
    if (value === '/' && where.endsWith('.path'))
      found.push({ rule: 'wildcard', where, says: 'the root of the file system' })
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) look(inner, `${where}.${key}`)
  }
  for (const [server, section] of Object.entries(file.servers)) {
    look(section?.resources, `servers.${server}.resources`)
    if (file.version === 2) found.push(...withoutTenants(section?.resources, `servers.${server}.resources`))
  }
  return found
}

// Where tenants are kept apart, a resource that names none is everybody's.
function withoutTenants(resources: unknown, where: string): readonly Finding[] {
  const lists = Object.entries(resources ?? {}).filter(([key]) => ['databases', 'roots', 'allow'].includes(key))
  return lists.flatMap(([key, list]) =>
    (Array.isArray(list) ? (list as unknown[]) : []).flatMap((entry, index) =>
      typeof entry === 'object' && entry !== null && 'tenants' in entry
        ? []
        : [
            {
              rule: 'wildcard' as const,
              where: `${where}.${key}.${index}`,
              says: 'without tenants it is open to all of them',
            },
          ],
    ),
  )
}

function unreachable(file: PolicyFile): readonly Finding[] {
  const finding = (where: string, says: string): Finding => ({ rule: 'unreachable', where, says })
  const rights = rightsOf(file)
  const found: Finding[] = []
  for (const [server, section] of Object.entries(file.servers)) {
    if (section === undefined) continue
    const where = `servers.${server}`
    for (const tool of toolsOf(file, server)) {
      if (!section.allowed_tools.includes(tool.name)) continue
      if (!rights.some((right) => right.server === server && right.tool === tool.name))
        found.push(finding(`${where}.allowed_tools`, `nobody can call ${tool.name}`))
    }
    for (const tool of [...Object.keys(section.rate_limits), ...Object.keys(section.concurrent ?? {})])
      if (tool !== '*' && !section.allowed_tools.includes(tool))
        found.push(finding(where, `a limit for ${tool}, which is not allowed`))
    const needed = new Set(
      toolsOf(file, server)
        .filter(({ name }) => section.allowed_tools.includes(name))
        .flatMap(({ needs }) => needs),
    )
    for (const permission of section.permissions)
      if (needed.size > 0 && !needed.has(permission))
        found.push(finding(`${where}.permissions`, `no allowed tool needs ${permission}`))
  }
  for (const [role, { servers }] of Object.entries(file.roles ?? {}))
    for (const [server, grant] of Object.entries(servers))
      for (const tool of grant?.allowed_tools ?? [])
        if (file.servers[server as 'file']?.allowed_tools.includes(tool) !== true)
          found.push(finding(`roles.${role}.servers.${server}`, `${tool} is not allowed by the server`))
  for (const { id, tenant, roles } of file.subjects ?? [])
    if (!rights.some(({ who }) => who === `${id} of ${tenant}`))
      found.push(finding('subjects', `${id} of ${tenant} with ${roles.join(', ')} can call nothing`))
  return found
}

function ruleOfTwo(file: PolicyFile): readonly Finding[] {
  const groups =
    file.version === 1
      ? [
          {
            who: 'everybody',
            accepted: false,
            allows: (server: string, tool: string) =>
              file.servers[server as 'file']?.allowed_tools.includes(tool) === true,
          },
        ]
      : Object.entries(file.roles ?? {}).map(([role, { servers, rule_of_two }]) => ({
          who: `role ${role}`,
          accepted: rule_of_two !== undefined,
          allows: (server: string, tool: string) => servers[server as 'file']?.allowed_tools.includes(tool) === true,
        }))
  return groups.flatMap(({ who, accepted, allows }) => {
    const tools = Object.keys(file.servers).flatMap((server) =>
      toolsOf(file, server)
        .filter(({ name }) => allows(server, name) && file.servers[server as 'file']?.allowed_tools.includes(name))
        .map((tool) => withLabels(asPlaced(tool, file, server), file.servers[server as 'file']?.labels)),
    )
    const untrusted = tools.find(({ yields }) => yields.integrity === 'untrusted')
    const secret = tools.find(({ yields }) => yields.secrecy === 'private')
    const sink = tools.find(({ effect, leads }) => effect !== 'read' && leads)
    if (accepted || untrusted === undefined || secret === undefined || sink === undefined) return []
    const says = `${untrusted.name} reads untrusted text, ${secret.name} private data, and ${sink.name} is a way out`
    return [{ rule: 'rule_of_two' as const, where: who, says }]
  })
}

// What the operator says of the places counts, as it does while the server runs: a place that is for nobody else is no way out.
function asPlaced(tool: ToolDefinition, file: PolicyFile, server: string): ToolDefinition & { leads: boolean } {
  const places = placesOf(file, server)
  const read = places.map(({ label }) => label).reduce<Label>(joinLabels, CLEAN)
  const yields = refusedFlow(tool.yields, CLEAN) === undefined ? tool.yields : read
  return { ...tool, yields, leads: places.some(({ into, label }) => into && label.secrecy === 'public') }
}

// What is reserved for one answer is the most that it may be: a budget below that lets nothing pass.
function budgets(file: PolicyFile): readonly Finding[] {
  return Object.entries(file.servers).flatMap(([server, section]) =>
    toolsOf(file, server)
      .filter(
        ({ name, budget }) =>
          section?.allowed_tools.includes(name) &&
          (section.budgets?.bytes ?? Number.POSITIVE_INFINITY) < budget.outputBytes,
      )
      .map(({ name, budget }) => ({
        rule: 'budget' as const,
        where: `servers.${server}.budgets.bytes`,
        says: `less than one answer of ${name} (${budget.outputBytes} bytes): it could never be called`,
      })),
  )
}
