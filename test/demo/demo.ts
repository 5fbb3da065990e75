// `npm run demo`: three servers on real data, driven by the official clients of both eras; then attacked; then audited.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClientKind, connect, serving, type TestClient } from '@hardened-mcp/testkit/clients'
import { COMMAND, command, serveOverHttp } from '@hardened-mcp/testkit/command'
import { buildSample } from './sample.ts'
import { attacks, type Attack, legitimate, scenarios, type Step } from './steps.ts'

const SERVERS = ['db-query', 'file', 'fetch'] as const
type Server = (typeof SERVERS)[number]
type Fleet = Readonly<Record<Server, TestClient>>

const out = (line = '') => process.stdout.write(`${line}\n`)
const heading = (text: string) => out(`\n== ${text} ${'='.repeat(Math.max(0, 90 - text.length))}\n`)

const dir = mkdtempSync(join(tmpdir(), 'hardened-mcp-demo-'))
const auditDir = (server: Server, transport: string) => join(dir, 'audit', transport, server)
const sample = await buildSample(join(dir, 'sample'))
let surprises = 0

out('hardened-mcp demo: nothing here needs a network, a container or root.')
const minted = await command(['keys', 'mint', '--keys', join(dir, 'keys.json'), '--name', 'demo', '--ttl', '1d'])
const { key } = JSON.parse(minted.stdout) as { key: string }
const http = await Promise.all(
  SERVERS.map((server) =>
    serveOverHttp([...flags(server, 'http'), '--http', '127.0.0.1:0', '--keys', join(dir, 'keys.json')]),
  ),
)
const urls = Object.fromEntries(SERVERS.map((server, index) => [server, http[index]?.url as string])) as Record<
  Server,
  string
>

heading('1. Real answers, to clients of both eras, over stdio and HTTP')
const rounds: readonly [string, ClientKind, 'stdio' | 'http'][] = [
  ['1.x SDK client, protocol 2025-11-25, stdio', 'v1', 'stdio'],
  ['2.x client, protocol 2026-07-28, HTTP with an API key', 'v2-2026-07-28', 'http'],
]
for (const [title, kind, transport] of rounds) {
  out(`-- ${title}`)
  const fleet = await fleetOf(kind, transport)
  for (const step of legitimate(sample.siteUrl)) await show(fleet, step)
  await close(fleet)
}

heading('2. The two attack scenarios: the model believes everything it reads, the servers do not')
const fleet = await fleetOf('v2-auto', 'http')
for (const { title, steps } of scenarios(sample.siteUrl)) {
  out(`-- ${title}`)
  for (const step of steps) await show(fleet, step)
}

heading('3. A dozen other attacks')
for (const attack of attacks(sample.siteUrl)) await show(fleet, attack)
await forgedKey(urls['db-query'])
await close(fleet)

heading('4. The audit trail')
await Promise.all(http.map((server) => server.stop()))
const trail = auditDir('db-query', 'http')
const records = readFileSync(join(trail, readdirSync(trail).find((name) => name.endsWith('.jsonl')) as string), 'utf8')
  .trim()
  .split('\n')
for (const record of records.slice(-4)) out(record)
out(`(${records.length} records of db-query over HTTP)`)
for (const transport of ['stdio', 'http']) {
  for (const server of SERVERS) {
    const { code, stdout } = await command(['audit', 'verify', auditDir(server, transport)])
    out(`audit verify ${transport}/${server}: exit code ${code} ${code === 0 ? '(intact)' : stdout}`)
    if (code !== 0) surprises += 1
  }
}

heading('5. Connect a client')
out('stdio, for desktop clients and coding agents (edit the grants):')
const stdio = {
  'db-query': ['--db', '/path/to/data.sqlite'],
  file: ['--root', '/path/to/documents'],
  fetch: ['--allow', 'docs.example.com'],
}
out(
  JSON.stringify(
    {
      mcpServers: Object.fromEntries(
        SERVERS.map((server) => [
          server,
          { command: process.execPath, args: [COMMAND, 'serve', server, ...stdio[server]] },
        ]),
      ),
    },
    null,
    2,
  ),
)
out('\nHTTP with a key (npm start prints one that works):')
out(
  JSON.stringify(
    {
      mcpServers: Object.fromEntries(
        SERVERS.map((server) => [
          server,
          { type: 'http', url: urls[server], headers: { Authorization: 'Bearer mcp_…' } },
        ]),
      ),
    },
    null,
    2,
  ),
)

sample.close()
rmSync(dir, { recursive: true })
out(
  surprises === 0
    ? '\nEvery answer and every refusal was as expected.'
    : `\n${surprises} steps went another way than expected.`,
)
process.exitCode = surprises === 0 ? 0 : 1

function flags(server: Server, transport: string): string[] {
  return [server, '--policy', sample.policy, '--audit', auditDir(server, transport)]
}

async function fleetOf(kind: ClientKind, transport: 'stdio' | 'http'): Promise<Fleet> {
  const reach = (server: Server) =>
    transport === 'stdio' ? serving(...flags(server, 'stdio')) : { url: urls[server], key }
  return Object.fromEntries(
    await Promise.all(SERVERS.map(async (server) => [server, await connect(kind, reach(server))] as const)),
  ) as Fleet
}

async function close(clients: Fleet): Promise<void> {
  for (const client of Object.values(clients)) await client.close()
}

async function show(clients: Fleet, step: Step | Attack): Promise<void> {
  out(`   ${step.server} ${step.tool} ${cut(JSON.stringify(step.args), 150)}`)
  const refusal = 'refused' in step ? step.refused : undefined
  try {
    const { isError, structuredContent } = await clients[step.server].call(step.tool, step.args)
    const { code, message } = (structuredContent['error'] ?? {}) as { code?: string; message?: string }
    out(isError ? `     refused: ${code}: ${message}` : `     ${cut(JSON.stringify(structuredContent), 300)}`)
    expect(isError ? code : undefined, refusal)
  } catch (thrown) {
    const { code, message } = thrown as { code?: number; message: string }
    out(`     refused: JSON-RPC ${code}: ${message}`)
    expect(String(code), refusal)
  }
}

function expect(got: string | undefined, wanted: string | undefined): void {
  if (got === wanted) return
  surprises += 1
  out(`     UNEXPECTED: wanted ${wanted ?? 'an answer'}, got ${got ?? 'an answer'}`)
}

async function forgedKey(url: string): Promise<void> {
  out('   db-query over HTTP with a forged key')
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer mcp_${'A'.repeat(43)}`, 'content-type': 'application/json' },
    body: '{}',
  })
  out(`     refused: HTTP ${response.status} ${response.headers.get('www-authenticate')}`)
  expect(String(response.status), '401')
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`
}
