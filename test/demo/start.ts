// `npm start`: the three servers over HTTP on loopback, with sample data and a freshly minted key, until Ctrl-C.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, serveOverHttp } from '@hardened-mcp/testkit/command'
import { buildSample } from './sample.ts'

const SERVERS = ['db-query', 'file', 'fetch'] as const
const FIRST_PORT = Number(process.env['PORT'] ?? 8101)

const dir = mkdtempSync(join(tmpdir(), 'hardened-mcp-'))
const keysFile = join(dir, 'keys.json')
const sample = await buildSample(join(dir, 'sample'))
const key = await mintKey(keysFile)
const servers = await Promise.all(
  SERVERS.map((name, index) =>
    serveOverHttp([
      name,
      ...['--policy', sample.policy],
      ...['--http', `127.0.0.1:${FIRST_PORT + index}`],
      ...['--keys', keysFile],
      ...['--audit', join(dir, 'audit', name)],
    ]),
  ),
)

const configuration = Object.fromEntries(
  SERVERS.map((name, index) => [
    name,
    { type: 'http', url: servers[index]?.url, headers: { Authorization: `Bearer ${key}` } },
  ]),
)
process.stdout.write(`Three servers are running on sample data in ${dir}

The site that fetch may read: ${sample.siteUrl}/
The audit trail:              npx hardened-mcp audit verify ${join(dir, 'audit', 'db-query')}

Client configuration:
${JSON.stringify({ mcpServers: configuration }, null, 2)}

Ctrl-C ends the servers and removes the data.
`)

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  await Promise.all(servers.map((server) => server.stop()))
  sample.close()
  rmSync(dir, { recursive: true })
  process.exit(0)
}
process.on('SIGINT', () => void stop()).on('SIGTERM', () => void stop())

async function mintKey(file: string): Promise<string> {
  const { code, stdout, stderr } = await command(['keys', 'mint', '--keys', file, '--name', 'demo', '--ttl', '1d'])
  if (code !== 0) throw new Error(stderr)
  return (JSON.parse(stdout) as { key: string }).key
}
