// Which seccomp profile a service has: told by its content, because a file can keep its name and lose its rules.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ROLES, type SeccompChoice } from './deployment.ts'

const SHIPPED = join(import.meta.dirname, '../../../../../seccomp')

/** `option` is a path, `unconfined`, or the profile itself, as Docker keeps it; `read` opens a path. */
export function seccompChoice(
  service: string,
  option: string | undefined,
  read: (path: string) => string,
): SeccompChoice {
  if (option === undefined) return 'default'
  if (option === 'unconfined') return 'unconfined'
  let profile: unknown
  try {
    profile = JSON.parse(option.startsWith('{') ? option : read(option))
  } catch {
    return 'unreadable'
  }
  if (isDeepStrictEqual(profile, shipped(`${service}.json`, service))) return 'own'
  return isDeepStrictEqual(profile, shipped(`${service}.gvisor.json`, service)) ? 'gvisor' : 'other'
}

function shipped(name: string, service: string): unknown {
  const path = join(SHIPPED, name)
  return Object.hasOwn(ROLES, service) && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}
