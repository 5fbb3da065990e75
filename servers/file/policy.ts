// Question: may this path be touched at all?
// Threat:   a path that leaves the roots, or names a file that holds secrets.
// Rule:     every path of an operation reads to a place below a granted root and matches no secret name; no root, no path.
// Limits:   judges the text; the worker asks the same reader again and then walks the names by descriptor.
// Proof:    policy.test.ts
import { allow, type Decision, deny, type Policy, type TenantScope } from '@hardened-mcp/security-core/worker'
import { isWithin } from './narrowing.ts'
import { isChange, type Operation, type Scope } from './operations.ts'
import { PATH_RULES, type PathRule } from './path-rules.ts'
import { type PathReading, pathReader } from './path-syntax.ts'
import type { Resources, RootGrant } from './resources.ts'
import { type SecretTest, secretNames } from './secret-names.ts'
import { fileWriteRule, placeWriteRule } from './write-rules.ts'

export type Locate = (path: string, scope: Scope) => PathReading<RootGrant>

/** Pure. The one function that turns a path argument into a place, in the front and again in the worker. */
export function locator(granted: Resources, secrets: SecretTest = secretNames(granted.secret_names)): Locate {
  const readerOf = (tenant: string | undefined) => pathReader(granted.roots.filter((root) => opens(root, tenant)))
  const readers = new Map<string | undefined, ReturnType<typeof readerOf>>()
  const shared = readerOf(undefined)
  for (const tenant of granted.roots.flatMap(({ tenants }) => tenants ?? [])) readers.set(tenant, readerOf(tenant))
  return function locate(path, { tenant, within }) {
    const reading = (readers.get(tenant) ?? shared)(path)
    if (reading.ok && !isWithin(within, reading.place.root, reading.place.segments))
      return { ok: false, rule: 'outside', reason: "the path is in none of the client's roots" }
    if (!reading.ok || !secrets.onPath(reading.place.segments, namesAbove(reading.place.root))) return reading
    return { ok: false, rule: 'secret', reason: 'the path is on the list of secret names' }
  }
}

/** The policy of the pipeline: judged on the path as it was given. */
export function confinedPaths(granted: Resources): Policy<Operation> {
  const locate = locator(granted)
  return function judge(operation) {
    if (operation.op === 'roots') return allow()
    if (operation.op === 'read_many') return judgeAll(operation.paths.map((path) => locate(path, operation)))
    const reading = locate(operation.path, operation)
    if (!reading.ok) return denyPath(reading.rule, reading.reason)
    if (!isChange(operation)) return allow()
    const places = [reading.place]
    if (operation.op === 'move') {
      const target = locate(operation.to, operation)
      if (!target.ok) return denyPath(target.rule, target.reason)
      places.push(target.place)
    }
    // What moves and goes may be a directory, whose name has no extension: the worker looks at the entry itself.
    const isFile = operation.op === 'write' || operation.op === 'edit'
    const rules = places.map(({ root, segments }) => (isFile ? fileWriteRule : placeWriteRule)(root, segments))
    const broken = rules.find((rule) => rule !== undefined)
    return broken === undefined ? allow() : denyPath(broken, 'the place is not to be changed')
  }
}

// One path that may not be touched ends the call: the record then says `denied`, and the caller is told which one it was.
function judgeAll(readings: readonly PathReading<RootGrant>[]): Decision {
  const [i, broken] = [...readings.entries()].find(([, reading]) => !reading.ok) ?? []
  if (i === undefined || broken === undefined || broken.ok) return allow()
  const { code, says } = PATH_RULES[broken.rule]
  return deny(code, `${broken.rule}: path ${i + 1}: ${broken.reason}`, { says: `Path ${i + 1}: ${says}` })
}

/** A root without tenants is everybody's. */
export const belongsTo = (root: Pick<RootGrant, 'tenants'>, tenant: TenantScope | undefined) => opens(root, tenant)

const opens = ({ tenants }: Pick<RootGrant, 'tenants'>, tenant: string | undefined) =>
  tenants === undefined || (tenant !== undefined && tenants.includes(tenant))

/** The names of a root's own path: `.git` granted as a root still keeps its `config`. */
export const namesAbove = (root: RootGrant) => root.path.split('/').filter((name) => name !== '')

const denyPath = (rule: PathRule, reason: string): Decision =>
  deny(PATH_RULES[rule].code, `${rule}: ${reason}`, { says: PATH_RULES[rule].says })
