// What the whole-system suites run against: the servers as processes of this machine, or a deployment in containers.
// A suite asks `openTarget()` and never starts a server itself; test/sandbox/suites.test.ts then runs it against containers too.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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
  /** One more server over stdio, on the folder `data` of this machine; `policy` is told where that server finds the folder. */
  own(server: string, data: string, policy: (place: string) => string): Promise<Reach>
  close(): Promise<void>
}>

/** What a deployment says of itself in the file that MCP_TARGET names. */
export type Deployed = Omit<Target, 'reach' | 'own' | 'close'> &
  Readonly<{
    http: Readonly<Record<string, Reach>>
    /** Starts one server over stdio. DATA, POLICY and AUDIT stand in it for places on this machine. */
    lines: Readonly<Record<string, readonly string[]>>
    policy: string
    /** Whose the audit folders have to be. */
    uid: number
  }>

export function openTarget(): Promise<Target> {
  const file = process.env['MCP_TARGET']
  return file === undefined ? localTarget() : Promise.resolve(deployedTarget(file))
}

function deployedTarget(file: string): Target {
  const { http, lines, policy, uid, ...facts } = JSON.parse(readFileSync(file, 'utf8')) as Deployed
  const dir = mkdtempSync(join(tmpdir(), 'target-'))
  const started = (server: string, places: Readonly<{ data: string; policy: string }>): Reach => {
    const audit = mkdtempSync(join(dir, 'audit-')) // one of its own for each: two containers do not see each other's lock
    chownSync(audit, uid, uid)
    const filled: Readonly<Record<string, string>> = { DATA: places.data, POLICY: places.policy, AUDIT: audit }
    const words = lineOf(server).map((word) =>
      word.replace(/^(DATA|POLICY|AUDIT)(?=:)/, (name) => filled[name] ?? name),
    )
    return { command: words as [string, ...string[]] }
  }
  const lineOf = (server: string) => {
    const line = lines[server]
    assert.ok(line !== undefined, `${facts.name} does not serve ${server} over stdio`)
    return line
  }
  return {
    ...facts,
    async reach(server, transport) {
      const data = server === 'file' ? facts.documents : dirname(facts.database)
      if (transport === 'stdio') return started(server, { data, policy })
      assert.ok(http[server] !== undefined, `${facts.name} does not serve ${server} over HTTP`)
      return http[server]
    },
    async own(server, data, policyOf) {
      const place =
        lineOf(server)
          .find((word) => word.startsWith('DATA:'))
          ?.split(':')[1] ?? ''
      const ownPolicy = join(mkdtempSync(join(dir, 'policy-')), 'policy.yaml')
      writeFileSync(ownPolicy, policyOf(place), { mode: 0o644 })
      chmodSync(data, 0o755) // the server has a user of its own
      return started(server, { data, policy: ownPolicy })
    },
    close: async () => rmSync(dir, { recursive: true }), // who deployed it takes the rest down
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
  let owned = 0
  return {
    ...facts,
    name: 'local',
    async reach(server, transport) {
      if (transport === 'stdio') return serving(...flags(server, transport))
      const started = running.get(server) ?? overHttp(server)
      running.set(server, started)
      return { url: (await started).url, key }
    },
    async own(server, data, policyOf) {
      const name = `own-${owned++}`
      writeFileSync(join(dir, `${name}.yaml`), policyOf(data))
      return serving(server, '--policy', join(dir, `${name}.yaml`), '--audit', join(dir, 'audit', name))
    },
    async close() {
      for (const server of running.values()) assert.equal((await (await server).stop()).code, 0)
      close()
      rmSync(dir, { recursive: true })
    },
  }
}
