// gVisor with --oci-seccomp: the profiles that are shipped for it let all three servers and the proxy start, work, replace a worker and stop.
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { connect } from '@hardened-mcp/testkit/clients'
import { SITE } from '../demo/site.ts'
import { container, docker, HOME, inspect, prepare, ROOT, trustGateway } from './machine.ts'
import { endOf } from './load.ts'
import { openStage, type Server, SERVERS, type Stage } from './stage.ts'

const PROFILES = join(HOME, 'gvisor-profiles')
const shipped = (service: string) => join(ROOT, `seccomp/${service}.gvisor.json`)
let stage: Stage

before(
  async () => {
    await prepare()
    rmSync(PROFILES, { recursive: true, force: true })
    mkdirSync(PROFILES, { recursive: true })
    for (const service of [...SERVERS, 'egress-proxy'])
      copyFileSync(shipped(service), join(PROFILES, `${service}.json`))
    stage = await openStage('runsc-seccomp', { MCP_SECCOMP: PROFILES })
    trustGateway()
  },
  { timeout: 900_000 },
)
after(() => stage.close())

const WORK: Readonly<Record<Server, readonly (readonly [tool: string, args: Record<string, unknown>, end: string])[]>> =
  {
    'db-query': [
      ['query_sql', { sql: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n' }, 'timeout'], // biome-ignore format: one row
      ['query_sql', { sql: 'SELECT 1' }, 'answered'],
    ],
    file: [['search_content', { path: '.', pattern: 'e' }, 'answered']],
    fetch: [['fetch_url', { url: `https://${SITE}/` }, 'answered']],
  }

suite('gVisor with --oci-seccomp and the profiles for it', { timeout: 300_000 }, () => {
  for (const server of SERVERS)
    test(`${server} works, and ends with 0`, async () => {
      const options = await inspect<readonly string[]>(server, '.HostConfig.SecurityOpt')
      const profile = options.find((option) => option.startsWith('seccomp='))?.slice('seccomp='.length) ?? 'null'
      assert.deepEqual(JSON.parse(profile), JSON.parse(readFileSync(shipped(server), 'utf8')))
      const client = await connect('v2-2026-07-28', { url: stage.url(server), key: stage.keys[server] })
      for (const [tool, args, end] of WORK[server]) {
        assert.equal(endOf(await client.call(tool, args)), end)
      }
      await client.close()
      await docker('stop', '-t', '12', container(server))
      assert.equal(await inspect<number>(server, '.State.ExitCode'), 0)
    })
})
