// Runs the probe in place of a server: in the shipped manifest, less the layers that a test takes out.
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { parse, stringify } from 'yaml'
import { must, ROOT, run, STATE } from './machine.ts'

export type Service = Record<string, unknown> & { security_opt?: string[]; command: string[]; volumes: unknown[] }
export type Compose = { services: Record<string, Service>; networks: Record<string, Record<string, unknown>> }
/** Takes layers out of the shipped manifest. */
export type Weaken = (service: Service, compose: Compose) => void

/** Puts a service into a network that is like its own, but not internal: what `internal: true` was good for. */
export const openedNetwork: Weaken = (service, compose) => {
  service['networks'] = { 'mcp-opened': { ipv4_address: '172.30.9.10' } }
  compose.networks['mcp-opened'] = {
    driver_opts: { 'com.docker.network.bridge.name': 'mcp-opened0' },
    ipam: { config: [{ subnet: '172.30.9.0/24' }] },
  }
}

const PROBE = join(STATE, 'probe')

/** Compiles the probe into the state folder, with a setuid copy and a file of root beside it. */
export async function buildProbe(): Promise<void> {
  mkdirSync(PROBE, { mode: 0o755 })
  await must('gcc', [
    '-static',
    '-O1',
    '-Wall',
    '-Werror',
    '-o',
    join(PROBE, 'probe'),
    join(ROOT, 'test/sandbox/probe.c'),
  ])
  copyFileSync(join(PROBE, 'probe'), join(PROBE, 'suid'))
  chownSync(join(PROBE, 'suid'), 0, 0)
  chmodSync(join(PROBE, 'suid'), 0o4755)
  writeFileSync(join(PROBE, 'root-only'), 'secret\n', { mode: 0o400 })
}

/** Returns what the probe said, name by name, and its exit code as `exit`. Rejects when it did not start. */
export async function probeIn(
  server: string,
  options: Readonly<{ runtime: string; words: readonly string[]; weaken?: Weaken }>,
): Promise<Record<string, string>> {
  const { runtime, words, weaken } = options
  const compose = parse(readFileSync(join(ROOT, 'deploy/compose.yaml'), 'utf8'), { merge: true }) as Compose
  const service = compose.services[server] as Service
  service.command = [...words]
  service['entrypoint'] = ['/probe/probe']
  service['restart'] = 'no'
  service.volumes.push({ type: 'bind', source: PROBE, target: '/probe', read_only: true })
  weaken?.(service, compose)
  const file = join(STATE, 'probe.yaml')
  writeFileSync(file, stringify(compose, { version: '1.1' })) // docker-compose 1.29 reads YAML 1.1: "no" must be quoted
  const { code, stdout, stderr } = await run(join(ROOT, 'deploy/compose'), ['run', '--rm', '--no-deps', '-T', server], {
    env: { MCP_COMPOSE: file, MCP_RUNTIME: runtime },
    limitMs: 60_000,
  })
  const lines = stdout.split('\n').map((line) => line.trim().split(' '))
  const said = Object.fromEntries(lines.filter(([name, answer]) => name && answer)) as Record<string, string>
  assert.equal(said['probe'], 'started', `the probe did not start: ${stderr}`)
  return { ...said, exit: String(code) }
}
