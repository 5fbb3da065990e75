// Asks the doctor inside a running server, through Docker.
import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { type Finding, linesOf } from '../checks.ts'
import type { Service } from './deployment.ts'
import { REQUESTS } from './place-rules.ts'

const DOCTOR = ['/nodejs/bin/node', '/app/packages/admin/bin/hardened-mcp.js', 'doctor', '--json']
const LIMIT_MS = 120_000 // under gVisor on a busy machine

const TRIES = 3 // an answer that was cut off is asked for again

/** What the doctor says inside `container`; one `unknown` line more when lines are missing, because a line that is not there is no yes. */
export function insideOf(container: string, { command, mounts }: Service): readonly Finding[] {
  const asked = ['--audit', '--keys', '--taint'].flatMap((flag) => {
    const value = command[command.indexOf(flag) + 1]
    return command.includes(flag) && value !== undefined ? [flag, value] : []
  })
  if (mounts.some(({ target }) => target === REQUESTS)) asked.push('--approvals', dirname(REQUESTS))
  return wholeAnswer(linesOf(asked), () =>
    spawnSync(process.env['DOCKER'] ?? 'docker', ['exec', container, ...DOCTOR, ...asked], {
      encoding: 'utf8',
      timeout: LIMIT_MS,
    }),
  )
}

type Said = Readonly<{ stdout: string | null; stderr: string | null }>

/** Asks until every line is there. */
export function wholeAnswer(lines: readonly string[], ask: () => Said): readonly Finding[] {
  let best: readonly Finding[] = []
  let says = ''
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { stdout, stderr } = ask()
    const findings = findingsIn(stdout ?? '')
    if (lines.every((line) => findings.some(({ id }) => id === line))) return findings
    if (findings.length >= best.length) best = findings
    says = stderr?.split('\n')[0] ?? ''
  }
  const missing = lines.filter((line) => !best.some(({ id }) => id === line))
  const checked =
    best.length === 0 ? `no answer from inside: ${says}` : `no line from inside about ${missing.join(', ')}`
  const mend = 'The container must run, from an image of this release'
  return [...best, { id: 'inside', verdict: 'unknown', checked, mend }]
}

// The last line may be half of one.
const findingsIn = (text: string): readonly Finding[] =>
  text.split('\n').flatMap((line) => {
    try {
      const { id, verdict, checked, mend } = JSON.parse(line) as Partial<Finding>
      if (typeof id !== 'string' || typeof checked !== 'string' || typeof mend !== 'string') return []
      return verdict === 'ok' || verdict === 'bad' || verdict === 'unknown' ? [{ id, verdict, checked, mend }] : []
    } catch {
      return []
    }
  })
