// Asks the doctor inside a running server, through Docker.
import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import type { Finding } from '../checks.ts'
import type { Service } from './deployment.ts'
import { REQUESTS } from './place-rules.ts'

const DOCTOR = ['/nodejs/bin/node', '/app/packages/admin/bin/hardened-mcp.js', 'doctor', '--json']
const LIMIT_MS = 120_000 // under gVisor on a busy machine

/** What the doctor says inside `container`; one `unknown` line when it does not answer. */
export function insideOf(container: string, { command, mounts }: Service): readonly Finding[] {
  const asked = ['--audit', '--keys', '--taint'].flatMap((flag) => {
    const value = command[command.indexOf(flag) + 1]
    return command.includes(flag) && value !== undefined ? [flag, value] : []
  })
  if (mounts.some(({ target }) => target === REQUESTS)) asked.push('--approvals', dirname(REQUESTS))
  const { stdout, stderr } = spawnSync(process.env['DOCKER'] ?? 'docker', ['exec', container, ...DOCTOR, ...asked], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
  })
  try {
    const findings = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Finding)
    if (findings.every(({ id, verdict }) => typeof id === 'string' && typeof verdict === 'string')) return findings
  } catch {} // an answer that is none is told as that
  return [
    {
      id: 'inside',
      verdict: 'unknown',
      checked: `no answer from inside: ${stderr?.split('\n')[0] ?? ''}`,
      mend: 'The container must run, from an image of this release',
    },
  ]
}
