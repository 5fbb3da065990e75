// A root that can be written, in the container and under its seccomp profile: the writing tools do their work, and the rest of the data stays closed.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect } from '@hardened-mcp/testkit/clients'
import { prepare, RUNTIMES } from './machine.ts'
import { stdioLine } from './stage.ts'

const SERVER_UID = 65_532
const POLICY = `version: 1
servers:
  file:
    allowed_tools: [read_text_file, write_file, edit_file, create_directory, move_file, delete_file]
    permissions: ['tool:read_only', 'tool:write', 'resource:local', 'sys:file_read', 'sys:file_write']
    resources: { roots: [{ name: docs, path: /files/docs }, { name: drafts, path: /files/drafts, writable: true }] }
`
let dir = ''
before(
  async () => {
    await prepare()
    dir = mkdtempSync(join(tmpdir(), 'writable-'))
    chmodSync(dir, 0o755)
    for (const path of ['data', 'data/docs', 'data/drafts', ...RUNTIMES.map((name) => `audit-${name}`)]) {
      mkdirSync(join(dir, path), { mode: 0o755 })
      chownSync(join(dir, path), SERVER_UID, SERVER_UID) // only the policy keeps docs closed
    }
    for (const name of RUNTIMES) chmodSync(join(dir, `audit-${name}`), 0o700)
    writeFileSync(join(dir, 'policy.yaml'), POLICY, { mode: 0o644 })
  },
  { timeout: 900_000 },
)
after(() => rmSync(dir, { recursive: true }))

suite('a root that can be written', { timeout: 300_000 }, () => {
  for (const runtime of RUNTIMES)
    test(`under ${runtime}: a file is written, edited, moved and deleted, and the other root refuses`, async () => {
      const places: Readonly<Record<string, string>> = {
        'POLICY:': `${join(dir, 'policy.yaml')}:`,
        'AUDIT:': `${join(dir, `audit-${runtime}`)}:`,
      }
      const line = stdioLine('file', runtime).map((word) => {
        if (word === 'DATA:/files:ro') return `${join(dir, 'data')}:/files`
        const found = Object.keys(places).find((key) => word.startsWith(key))
        return found === undefined ? word : word.replace(found, places[found] ?? '')
      })
      const client = await connect('v2', { command: line as unknown as [string, ...string[]] })
      try {
        const refused = async (tool: string, input: Record<string, unknown>) => {
          const { isError, structuredContent } = await client.call(tool, input)
          return isError === true ? JSON.stringify(structuredContent) : undefined
        }
        const edits = [{ old_text: 'one', new_text: 'two' }]
        assert.equal(await refused('write_file', { path: 'drafts:/a.md', content: 'one\n' }), undefined)
        assert.equal(await refused('edit_file', { path: 'drafts:/a.md', edits }), undefined)
        assert.equal(readFileSync(join(dir, 'data/drafts/a.md'), 'utf8'), 'two\n')
        assert.equal(await refused('create_directory', { path: 'drafts:/d' }), undefined)
        assert.equal(await refused('move_file', { source: 'drafts:/a.md', destination: 'drafts:/d/b.md' }), undefined)
        assert.equal(readFileSync(join(dir, 'data/drafts/d/b.md'), 'utf8'), 'two\n')
        for (const path of ['drafts:/d/b.md', 'drafts:/d'])
          assert.equal(await refused('delete_file', { path }), undefined)
        assert.equal(existsSync(join(dir, 'data/drafts/d')), false)
        assert.match((await refused('write_file', { path: 'docs:/a.md', content: 'x' })) ?? '', /path_denied/)
        assert.equal(existsSync(join(dir, 'data/docs/a.md')), false)
      } finally {
        await client.close()
      }
    })
})
