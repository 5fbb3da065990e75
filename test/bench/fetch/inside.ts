// The part of the benchmark that runs inside a fresh network namespace: the site is at the far end of the wire, in a process of its own.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type Reach, type TestClient } from '@hardened-mcp/testkit/clients'
import { COMMAND } from '@hardened-mcp/testkit/command'
import { layWire, SITE_V4 } from '../../../servers/fetch/testing/namespace-wire.ts'
import { cpuOfTree, header, inTurns, line } from '../bench-kit.ts'

const [program = ''] = process.argv.slice(2)
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 2)
const wire = await layWire(['good.example.com'])

type Case = Readonly<{ name: string; bytes: number; total: number; inFlight: number; from?: number }>
const CASES: readonly Case[] = [
  { name: '10 KB', bytes: 10_000, total: 60, inFlight: 1 },
  { name: '10 KB, 16 in flight', bytes: 10_000, total: 96, inFlight: 16 },
  { name: '200 KB', bytes: 200_000, total: 30, inFlight: 1 },
  { name: '200 KB, 16 in flight', bytes: 200_000, total: 48, inFlight: 16 },
  { name: '1 MB', bytes: 1_000_000, total: 10, inFlight: 1 },
  { name: '1 MB, 16 in flight', bytes: 1_000_000, total: 32, inFlight: 16 },
  { name: 'part 2 of 1 MB', bytes: 1_000_000, total: 20, inFlight: 1, from: 20_000 },
  { name: 'part 2 of 1 MB, 16 in flight', bytes: 1_000_000, total: 48, inFlight: 16, from: 20_000 },
]

const policy = join(wire.folder, 'policy.yaml')
writeFileSync(
  policy,
  `version: 1
servers:
  fetch:
    allowed_tools: [fetch_url]
    permissions: ['tool:read_only', 'tool:network', 'resource:remote']
    rate_limits: { '*': { per_minute: 1000000, burst: 100000 } }
    resources:
      allow: ['${SITE_V4}']
      ca_file: ${JSON.stringify(wire.caFile)}
      per_host: { at_once: 16 }
      robots: ignore
`,
)

const trusting = (...args: readonly string[]): Reach => ({
  command: ['env', `NODE_EXTRA_CA_CERTS=${wire.caFile}`, process.execPath, ...args],
})
const SIDES: readonly (readonly [name: string, tool: string, reach: Reach])[] = [
  [
    'ours',
    'fetch_url',
    { node: [COMMAND, 'serve', 'fetch', '--policy', policy, '--audit', join(wire.folder, 'audit')] },
  ],
  ['bare', 'fetch_url', trusting(join(import.meta.dirname, 'bare.ts'))],
  ['mcp-fetch-server', 'fetch_markdown', trusting(program)],
]

async function ask(client: TestClient, tool: string, { bytes, from = 0 }: Case): Promise<void> {
  const url = `https://${SITE_V4}/doc?${bytes}`
  const outcome = await client.call(tool, { url, max_length: 20_000, start_index: from })
  const said = JSON.stringify(outcome.content)
  if (outcome.isError === true || said.length < 5_000) throw new Error(said.slice(0, 500))
}

try {
  process.stdout.write(`${header(SIDES.slice(1).map(([name]) => name))}\n`)
  for (const each of CASES) {
    const clients = await Promise.all(
      SIDES.map(async ([name, tool, reach]) => ({ name, tool, client: await connect('v1', reach) })),
    )
    // The first part is asked for once: what comes after it is what is measured.
    for (const { client, tool } of clients) await ask(client, tool, { ...each, from: 0 })
    const sides = clients.map(({ name, tool, client }) => ({
      name,
      cpu: cpuOfTree(client.pid() ?? 0),
      call: () => ask(client, tool, each),
    }))
    process.stdout.write(`${line(each.name, await inTurns(sides, { ...each, rounds }))}\n`)
    for (const { client } of clients) await client.close()
  }
} finally {
  wire.close()
}
