// The three servers, scanned as anybody would scan them: over stdio, over HTTP with a key, and held against their signed manifest.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { readManifest } from '@hardened-mcp/security-core'
import { COMMAND, command, serveOverHttp } from '@hardened-mcp/testkit/command'
import Database from 'better-sqlite3'

const dir = mkdtempSync(join(tmpdir(), 'own-servers-'))
after(() => rmSync(dir, { recursive: true }))
const at = (name: string) => join(dir, name)
mkdirSync(at('docs'))
new Database(at('shop.sqlite')).exec('CREATE TABLE t (id INTEGER PRIMARY KEY)').close()
const GRANTS: Readonly<Record<string, readonly string[]>> = {
  'db-query': ['--db', `shop=${at('shop.sqlite')}`],
  file: ['--write-root', `docs=${at('docs')}`],
  fetch: ['--allow', 'example.com'],
}
const toolsIn = (path: string) => readManifest(readFileSync(path, 'utf8')).servers.map(({ tools }) => tools)

suite('the shipped servers under manifest scan', { timeout: 600_000 }, () => {
  test('over stdio, beside each other: nothing is found, and what is approved are the digests that are signed', async () => {
    const mcpServers = Object.fromEntries(
      Object.entries(GRANTS).map(([name, grants]) => [
        name,
        { command: process.execPath, args: [COMMAND, 'serve', name, ...grants, '--audit', at(`audit-${name}`)] },
      ]),
    )
    writeFileSync(at('client.json'), JSON.stringify({ mcpServers }))
    const scan = [
      'manifest',
      'scan',
      '--timeout',
      '120',
      '--config',
      at('client.json'),
      '--approve',
      at('approved.json'),
    ]
    const { code, stdout } = await command(scan)
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^db-query: 4 tools, 0 findings\nfile: 14 tools, 0 findings\nfetch: 1 tools, 0 findings\n$/)
    for (const [index, name] of ['db-query', 'fetch', 'file'].entries()) {
      const created = await command(['manifest', 'create', name, ...(GRANTS[name] ?? [])])
      writeFileSync(at('created.json'), created.stdout)
      assert.deepEqual(toolsIn(at('approved.json'))[index], toolsIn(at('created.json'))[0], name)
    }
  })

  test('over HTTP, with a key: nothing is found; without one it cannot be read', async () => {
    const minted = await command(['keys', 'mint', '--name', 'scanner', '--keys', at('keys.json')])
    writeFileSync(at('token'), (JSON.parse(minted.stdout) as { key: string }).key)
    const http = ['--http', '127.0.0.1:0', '--keys', at('keys.json'), '--audit', at('audit-http')]
    const server = await serveOverHttp(['file', '--root', `docs=${at('docs')}`, ...http])
    try {
      const { code, stdout } = await command(['manifest', 'scan', '--bearer', at('token'), server.url])
      assert.equal(code, 0, stdout)
      assert.match(stdout, /: 9 tools, 0 findings$/m)
      const refused = await command(['manifest', 'scan', server.url])
      assert.equal(refused.code, 2)
      assert.match(refused.stdout, /wants another credential \(401\)/)
    } finally {
      await server.stop()
    }
  })
})
