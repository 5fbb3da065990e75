// Measures fetch end to end against a bare SDK server and mcp-fetch-server, all over TLS from one site on a private wire.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FLAGS, haveNamespaces } from '../../../servers/fetch/testing/namespace-wire.ts'

const REFERENCE = 'mcp-fetch-server@1.1.2'

if (!haveNamespaces) throw new Error('This benchmark needs network namespaces: unshare -n')
const prefix = mkdtempSync(join(tmpdir(), 'bench-fetch-'))
try {
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', prefix, REFERENCE]) // biome-ignore format: one command
  const program = join(prefix, 'node_modules/mcp-fetch-server/dist/index.js')
  const inside = join(import.meta.dirname, 'inside.ts')
  const { status } = spawnSync('unshare', [FLAGS, process.execPath, inside, program], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  rmSync(prefix, { recursive: true })
}
