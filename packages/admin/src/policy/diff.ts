// What changes between two policy files, in rights and limits rather than in lines.
import type { PolicyFile } from '@hardened-mcp/host/admin'
import { rightsOf } from './rights.ts'

export function differences(before: PolicyFile, after: PolicyFile): readonly string[] {
  const had = new Set(rightsOf(before).map(lineOf))
  const has = new Set(rightsOf(after).map(lineOf))
  const added = [...has].filter((line) => !had.has(line)).map((line) => `+ ${line}`)
  const gone = [...had].filter((line) => !has.has(line)).map((line) => `- ${line}`)
  return [...added, ...gone, ...changedSections(before, after)]
}

const lineOf = ({ who, server, tool }: { who: string; server: string; tool: string }) => `${who}: ${server} ${tool}`

function changedSections(before: PolicyFile, after: PolicyFile): readonly string[] {
  const [old, fresh] = [sectionsOf(before), sectionsOf(after)]
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((name) => old.get(name) !== fresh.get(name))
    .map((name) => `~ ${name}: ${old.get(name) ?? 'none'} -> ${fresh.get(name) ?? 'none'}`)
}

// What is not a right of a tool: limits, resources, scopes, weakenings.
function sectionsOf(file: PolicyFile): ReadonlyMap<string, string> {
  const rows = Object.entries(file.servers).flatMap(([name, section]) =>
    (
      ['rate_limits', 'concurrent', 'budgets', 'labels', 'deadline_seconds', 'worker_per_tenant', 'resources'] as const
    ).map((key) => [`servers.${name}.${key}`, section?.[key]] as const),
  )
  const tenants = Object.entries(file.tenants ?? {}).flatMap(([tenant, { servers }]) =>
    Object.entries(servers).flatMap(([name, section]) =>
      (['rate_limits', 'concurrent', 'budgets'] as const).map(
        (key) => [`tenants.${tenant}.servers.${name}.${key}`, section?.[key]] as const,
      ),
    ),
  )
  const rest = (['dry_run', 'limits', 'oauth'] as const).map((key) => [key, file[key]] as const)
  const texts = [...rows, ...tenants, ...rest].map(([name, value]) => [name, JSON.stringify(value) ?? 'none'] as const)
  return new Map(texts.filter(([, text]) => text !== 'none' && text !== '{}'))
}
