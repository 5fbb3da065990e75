// What the whole-system suites run against: the servers as processes of this machine, or a deployment in containers.
// A suite asks `openTarget()` and never starts a server itself; test/sandbox/suites.test.ts then runs it against containers too.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Reach, serving } from '@hardened-mcp/testkit/clients'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import { buildSample } from './demo/sample.ts'

export const TRANSPORTS = ['stdio', 'http'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** Servers that serve the sample data of test/demo/sample.ts under its policy. */
export type Target = Readonly<{
  name: string
  /** The database file and the documents folder as they lie on this machine; what is added to them is served. */
  database: string
  documents: string
  siteUrl: string
  reach(server: string, transport: Transport): Promise<Reach>
  close(): Promise<void>
}>

/** What a deployment says of itself in the file that MCP_TARGET names. */
export type Deployed = Omit<Target, 'reach' | 'close'> &
  Readonly<{ reaches: Readonly<Record<string, Readonly<Record<Transport, Reach>>>> }>

export function openTarget(): Promise<Target> {
  const file = process.env['MCP_TARGET']
  return file === undefined ? localTarget() : Promise.resolve(deployedTarget(file))
}

function deployedTarget(file: string): Target {
  const { reaches, ...facts } = JSON.parse(readFileSync(file, 'utf8')) as Deployed
  return {
    ...facts,
    async reach(server, transport) {
      const reach = reaches[server]?.[transport]
      assert.ok(reach !== undefined, `${facts.name} does not serve ${server} over ${transport}`)
      return reach
    },
    close: async () => undefined, // who deployed it takes it down
  }
}

async function localTarget(): Promise<Target> {
  const dir = mkdtempSync(join(tmpdir(), 'target-'))
  const { policy, close, ...facts } = await buildSample(join(dir, 'sample'))
  const keys = join(dir, 'keys.json')
  const minted = await command(['keys', 'mint', '--keys', keys, '--name', 'tests', '--ttl', '1d'])
  assert.equal(minted.code, 0, minted.stderr)
  const { key } = JSON.parse(minted.stdout) as { key: string }
  const flags = (server: string, transport: Transport) => [
    ...[server, '--policy', policy],
    ...['--audit', join(dir, 'audit', transport, server)],
  ]
  const running = new Map<string, Promise<RunningServer>>()
  const overHttp = (server: string) =>
    serveOverHttp([...flags(server, 'http'), '--http', '127.0.0.1:0', '--keys', keys])
  return {
    ...facts,
    name: 'local',
    async reach(server, transport) {
      if (transport === 'stdio') return serving(...flags(server, transport))
      const started = running.get(server) ?? overHttp(server)
      running.set(server, started)
      return { url: (await started).url, key }
    },
    async close() {
      for (const server of running.values()) assert.equal((await (await server).stop()).code, 0)
      close()
      rmSync(dir, { recursive: true })
    },
  }
}
