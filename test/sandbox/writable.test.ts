// A root that can be written, in the container and under its seccomp profile: the writing tools do their work, a yes of the operator lets one call pass, and the rest stays closed.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type TestClient } from '@hardened-mcp/testkit/clients'
import { deploy, prepare, type Runtime, RUNTIMES } from './machine.ts'
import { stdioLine } from './stage.ts'

const SERVER_UID = 65_532
const POLICY = `version: 1
approvals:
  directory: /approvals
  rules: [{ server: file, tools: [delete_file], places: [kept], strength: operator }]
servers:
  file:
    allowed_tools: [read_text_file, write_file, edit_file, create_directory, move_file, delete_file]
    permissions: ['tool:read_only', 'tool:write', 'resource:local', 'sys:file_read', 'sys:file_write']
    resources: { roots: [{ name: docs, path: /files/docs }, { name: drafts, path: /files/drafts, writable: true }, { name: kept, path: /files/kept, writable: true }] }
`
let dir = ''
before(
  async () => {
    await prepare()
    dir = mkdtempSync(join(tmpdir(), 'writable-'))
    chmodSync(dir, 0o755)
    const own = ['approvals', 'approvals/requests', 'approvals/verdicts', ...RUNTIMES.map((name) => `audit-${name}`)]
    for (const path of ['data', 'data/docs', 'data/drafts', 'data/kept', ...own]) {
      mkdirSync(join(dir, path), { mode: 0o755 })
      chownSync(join(dir, path), SERVER_UID, SERVER_UID) // only the policy keeps docs closed
    }
    for (const path of own) chmodSync(join(dir, path), 0o700)
    writeFileSync(join(dir, 'policy.yaml'), POLICY, { mode: 0o644 })
  },
  { timeout: 900_000 },
)
after(() => rmSync(dir, { recursive: true }))

/** The line that deploy/README.md gives, with the folders of this file, and the two of approvals as compose mounts them. */
function started(runtime: Runtime): Promise<TestClient> {
  const places: Readonly<Record<string, string>> = {
    'POLICY:': `${join(dir, 'policy.yaml')}:`,
    'AUDIT:': `${join(dir, `audit-${runtime}`)}:`,
  }
  const line = stdioLine('file', runtime).flatMap((word) => {
    if (word === 'DATA:/files:ro') return [`${join(dir, 'data')}:/files`, ...DESK(join(dir, 'approvals'))]
    const found = Object.keys(places).find((key) => word.startsWith(key))
    return found === undefined ? word : word.replace(found, places[found] ?? '')
  })
  return connect('v2', { command: line as unknown as [string, ...string[]] })
}
const DESK = (at: string) => ['-v', `${at}/requests:/approvals/requests`, '-v', `${at}/verdicts:/approvals/verdicts:ro`]

suite('a root that can be written', { timeout: 300_000 }, () => {
  for (const runtime of RUNTIMES)
    test(`under ${runtime}: a file is written, edited, moved and deleted, and the other root refuses`, async () => {
      const client = await started(runtime)
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

  for (const runtime of RUNTIMES)
    test(`under ${runtime}: a file that only the operator may let go is deleted by one yes, once`, async () => {
      const [path, file] = ['kept:/a.md', join(dir, 'data/kept/a.md')]
      const lay = () => {
        writeFileSync(file, 'kept\n')
        chownSync(file, SERVER_UID, SERVER_UID)
      }
      const desk = (...args: string[]) => deploy('approvals', args, { MCP_STATE: dir })
      const client = await started(runtime)
      try {
        lay()
        const refused = async () => {
          const { structuredContent } = await client.call('delete_file', { path })
          return (structuredContent['error'] as { code: string; message: string } | undefined) ?? undefined
        }
        const asked = await refused()
        assert.equal(asked?.code, 'approval_required', JSON.stringify(asked))
        const [id = 'none'] = /a_[0-9a-f]{16}/.exec(asked.message) ?? []
        assert.match(await desk('list'), new RegExp(`"id":"${id}".*"tool":"delete_file"`))
        assert.match(await desk('approve', id, '--by', 'olga'), /"state":"approved"/)
        assert.equal(await refused(), undefined)
        assert.equal(existsSync(file), false)
        lay()
        assert.equal((await refused())?.code, 'approval_required', 'a yes is for one call')
        assert.match(readFileSync(join(dir, 'approvals/audit/slot-0.jsonl'), 'utf8'), /"approval.granted".*by olga/)
      } finally {
        await client.close()
      }
    })
})
