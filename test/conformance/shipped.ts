// `npm run conformance`: starts the three servers on sample data and puts each through the official scenarios.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, serveOverHttp } from '@hardened-mcp/testkit/command'
import { buildSample } from '../demo/sample.ts'
import { conformance } from './run.ts'

const dir = mkdtempSync(join(tmpdir(), 'conformance-'))
const keysFile = join(dir, 'keys.json')
const sample = await buildSample(join(dir, 'sample'))
const minted = await command(['keys', 'mint', '--keys', keysFile, '--name', 'conformance', '--ttl', '1h'])
const { key } = JSON.parse(minted.stdout) as { key: string }
let failed = 0
for (const name of ['db-query', 'file', 'fetch']) {
  const flags = ['--policy', sample.policy, '--keys', keysFile, '--audit', join(dir, 'audit', name)]
  const server = await serveOverHttp([name, ...flags, '--http', '127.0.0.1:0'])
  console.log(name)
  failed += await conformance({ url: server.url, key }, (line) => console.log(`  ${line}`))
  await server.stop()
}
sample.close()
rmSync(dir, { recursive: true })
console.log(failed === 0 ? 'Every scenario passed' : `${failed} scenarios failed`)
process.exitCode = failed === 0 ? 0 : 1
