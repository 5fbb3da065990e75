// What stands in an image is the code of the checkout, line by line, and a client cannot tell the two apart.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { connect } from '@hardened-mcp/testkit/clients'
import { withoutTypes } from './without-types.ts'

const root = join(import.meta.dirname, '../..')
const dir = mkdtempSync(join(tmpdir(), 'image-'))
after(() => rmSync(dir, { recursive: true }))

suite('withoutTypes()', () => {
  test('keeps every line of every module, and names no module of TypeScript', () => {
    const sources = globSync(['packages/*/src/**/*.ts', 'servers/*/*.ts', 'deploy/egress-proxy/*.ts'], { cwd: root })
    assert.ok(sources.length > 300)
    for (const source of sources.filter((path) => !path.endsWith('.test.ts'))) {
      const given = readFileSync(join(root, source), 'utf8')
      const { path, text } = withoutTypes(source, given)
      assert.equal(path, source.replace(/\.ts$/, '.js'))
      assert.equal(text.split('\n').length, given.split('\n').length, source)
      assert.doesNotMatch(text, /(['"])\.[^'"\n]*\.ts\1/, source)
    }
  })

  test('leaves alone what only looks like a module', () => {
    const text = "const said = 'see notes.ts', pattern = /x\\.ts$/, other = './a.tsx'\n"
    assert.deepEqual(withoutTypes('a.js', text), { path: 'a.js', text })
  })
})

test('a traced server is plain JavaScript, and answers', async () => {
  const files = join(dir, 'files')
  mkdirSync(files)
  writeFileSync(join(files, 'note.txt'), 'read me')
  const trace = ['--experimental-import-meta-resolve', join(root, 'deploy/image/trace.ts'), 'file', join(dir, 'out')]
  execFileSync(process.execPath, trace, { stdio: ['ignore', 'ignore', 'pipe'] })
  const app = join(dir, 'out/app')
  assert.deepEqual(globSync('{packages,servers,deploy}/**/*.ts', { cwd: app, exclude: ['**/node_modules/**'] }), [])
  const bin = join(app, 'packages/admin/bin/hardened-mcp.js')
  const client = await connect('v2', {
    command: [process.execPath, bin, 'serve', 'file', '--root', files, '--audit', join(dir, 'audit'), '--workers', '1'],
  })
  try {
    const { structuredContent } = await client.call('read_text_file', { path: 'note.txt' })
    assert.equal(structuredContent['text'], 'read me')
  } finally {
    await client.close()
  }
})
