// Question: may this path be touched at all?
// Threat:   a path that leaves the roots, or names a file that holds secrets.
// Rule:     every path of an operation reads to a place below a granted root and matches no secret name; no root, no path.
// Limits:   judges the text; the worker asks the same reader again and then walks the names by descriptor.
// Proof:    policy.test.ts
import { allow, type Decision, deny, type Policy } from '@hardened-mcp/security-core'
import type { Operation } from './operations.ts'
import { PATH_RULES, type PathRule } from './path-rules.ts'
import { type PathReading, pathReader } from './path-syntax.ts'
import type { Resources, RootGrant } from './resources.ts'
import { type SecretTest, secretNames } from './secret-names.ts'

export type Locate = (path: string) => PathReading<RootGrant>

/** Pure. The one function that turns a path argument into a place, in the front and again in the worker. */
export function locator(granted: Resources, secrets: SecretTest = secretNames(granted.secret_names)): Locate {
  const read = pathReader(granted.roots)
  return function locate(path) {
    const reading = read(path)
    if (!reading.ok || !secrets.onPath(reading.place.segments, namesAbove(reading.place.root))) return reading
    return { ok: false, rule: 'secret', reason: 'the path is on the list of secret names' }
  }
}

/** The policy of the pipeline: judged on the path as it was given. */
export function confinedPaths(granted: Resources): Policy<Operation> {
  const locate = locator(granted)
  return function judge(operation) {
    if (operation.op === 'roots') return allow()
    const reading = locate(operation.path)
    return reading.ok ? allow() : denyPath(reading.rule, reading.reason)
  }
}

/** The names of a root's own path: `.git` granted as a root still keeps its `config`. */
export const namesAbove = (root: RootGrant) => root.path.split('/').filter((name) => name !== '')

const denyPath = (rule: PathRule, reason: string): Decision =>
  deny(PATH_RULES[rule].code, `${rule}: ${reason}`, { says: PATH_RULES[rule].says })
