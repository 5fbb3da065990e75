// Runs inside a fresh network namespace: the shipped fetch server, asked through an official client for what other servers gave away.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type Outcome, type TestClient } from '@hardened-mcp/testkit/clients'
import { COMMAND } from '@hardened-mcp/testkit/command'
import type { IssuerConfig } from '../../packages/host/src/identity/oauth/config.ts'
import { issuerClient } from '../../packages/host/src/identity/oauth/issuer-client.ts'
import { dialledFrom } from '../../servers/fetch/testing/dialled.ts'
import { type Counted, layWire, NAMES_V4, since } from '../../servers/fetch/testing/namespace-wire.ts'
import { haveStrace } from '../../servers/fetch/testing/worker-process.ts'
import { ISSUER_URLS, ROWS } from './fetch-known-rows.ts'

export type Row = `${keyof typeof ROWS}` | '43'

/** `expect` and `seen`: `answered`, or the code and the rule of the refusal. */
export type Asked = Readonly<{ ask: string; expect: string; seen: string }>

/** What the scenario prints as one line of JSON. */
export type Report = Readonly<{
  rows: Readonly<Record<Row, Counted & Readonly<{ asks: readonly Asked[] }>>>
  control: Counted
  dialled: readonly string[] | null
  leaks: readonly string[]
}>

const NAMES = ['good', 'six', 'rebind', 'turn', 'post', 'robots', ...[2, 3, 4, 5, 6, 7].map((n) => `robots${n}`)]
const INSIDE = /127\.0\.0\.1|169\.254|192\.168|100\.100|168\.63|\b10\.0\.0|::1\b|7f00|ECONN|ENOT|UND_ERR|node:/

async function run(): Promise<Report> {
  const wire = await layWire(NAMES.map((name) => `${name}.example.com`))
  const policy = join(wire.folder, 'policy.yaml')
  const traceFile = join(wire.folder, 'trace')
  writeFileSync(policy, policyOf(wire.caFile))
  const serve = [process.execPath, COMMAND, 'serve', 'fetch', '--policy', policy, '--audit', join(wire.folder, 'audit')]
  const traced = ['/usr/bin/strace', '-f', '-qq', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', traceFile]
  const client = await connect('v2', {
    command: (haveStrace ? [...traced, ...serve] : serve) as [string, ...string[]],
  })
  try {
    const leaks: string[] = []
    const rows: Partial<Record<Row, Counted & { asks: readonly Asked[] }>> = {}
    const play = async (row: Row, asks: () => Promise<readonly Asked[]>) => {
      const before = wire.counted()
      const asked = await asks()
      rows[row] = { asks: asked, ...since(before, wire.counted()) }
    }
    for (const [row, asks] of Object.entries(ROWS))
      await play(row as Row, () => Promise.all(asks.map((each) => askServer(client, each, leaks))))
    await play('43', () => Promise.all(ISSUER_URLS.map(([url, expect]) => askIssuer(url, expect))))
    await client.close()
    const control = await wire.control()
    const dialled = haveStrace ? [...dialledFrom(traceFile)].toSorted() : null
    return { rows: rows as Report['rows'], control, dialled, leaks }
  } finally {
    wire.close()
  }
}

async function askServer(
  client: TestClient,
  [tool, args, expect]: (typeof ROWS)[keyof typeof ROWS][number],
  leaks: string[],
): Promise<Asked> {
  const ask = `${tool} ${JSON.stringify(args)}`
  const outcome = await client.call(tool, args)
  const seen = endOf(outcome)
  if (seen !== 'answered' && INSIDE.test(JSON.stringify(outcome))) leaks.push(`${ask}: ${JSON.stringify(outcome)}`)
  return { ask, expect, seen: expect.split(' or ').includes(seen) ? expect : seen }
}

function endOf({ isError, structuredContent }: Outcome): string {
  if (isError !== true) return 'answered'
  const { code, message = '' } = structuredContent['error'] as { code: string; message?: string }
  return `${code} ${/\((\w+)\)/.exec(message)?.[1] ?? ''}`.trim()
}

// The front's own client of an authorization server: the key set, then the meaning of a token.
async function askIssuer(url: string, expect: string): Promise<Asked> {
  const client = issuerClient({ name: 'corp', issuer: url, jwks_uri: url } as IssuerConfig, {
    dnsServers: [`${NAMES_V4}:53`],
  })
  const seen = await client.keySet().then(
    () => 'answered',
    (thrown: unknown) => (thrown as { code?: string }).code ?? (thrown as Error).message,
  )
  return { ask: url, expect, seen }
}

const policyOf = (caFile: string) => `version: 1
servers:
  fetch:
    allowed_tools: [fetch_url, post_url]
    permissions: ['tool:read_only', 'tool:network', 'tool:write', 'resource:remote']
    rate_limits: { '*': { per_minute: 6000, burst: 1000 } }
    resources:
      allow: [{ host: '*', methods: [GET, HEAD, POST] }]
      dns_servers: ['${NAMES_V4}:53']
      ca_file: ${JSON.stringify(caFile)}
      pdf: true
`

if (process.argv[1] === import.meta.filename) process.stdout.write(`${JSON.stringify(await run())}\n`)
