// From the tools to a signed manifest and to a server that starts with these tools alone, by the command, over real pipes.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { readManifest, toolDigests } from '@hardened-mcp/security-core'
import { connect, serving } from '@hardened-mcp/testkit/clients'
import { command } from '@hardened-mcp/testkit/command'

const dir = mkdtempSync(join(tmpdir(), 'manifest-'))
after(() => rmSync(dir, { recursive: true }))
const at = (name: string) => join(dir, name)
const GRANT = ['--root', `docs=${at('docs')}`]
const out = async (...args: string[]) => {
  const { code, stdout, stderr } = await command(['manifest', ...args])
  assert.equal(code, 0, stderr)
  return stdout
}

before(async () => {
  mkdirSync(at('docs'))
  writeFileSync(at('key.pub'), await out('keygen', at('key')))
  writeFileSync(at('other.pub'), await out('keygen', at('other')))
  writeFileSync(at('manifest.json'), await out('create', 'file', ...GRANT, '--image', `sha256:${'1'.repeat(64)}`))
  writeFileSync(at('manifest.note'), await out('sign', at('manifest.json'), '--key', at('key')))
})

suite('hardened-mcp manifest', () => {
  test('the key is private, and never replaced', async () => {
    assert.equal(statSync(at('key')).mode & 0o777, 0o600)
    const text = readFileSync(at('key'), 'utf8')
    const { code, stderr } = await command(['manifest', 'keygen', at('key')])
    assert.equal(code, 78)
    assert.match(stderr, /must be a new file/)
    assert.equal(readFileSync(at('key'), 'utf8'), text)
  })

  test('the digests are those of what clients of both eras are told', async () => {
    const [entry] = readManifest(readFileSync(at('manifest.json'), 'utf8')).servers
    for (const kind of ['v1', 'v2-2026-07-28'] as const) {
      const client = await connect(kind, serving('file', ...GRANT, '--audit', at(`audit-${kind}`)))
      const tools = await client.tools()
      await client.close()
      const listed = tools.map((tool) => ({ name: tool.name, ...toolDigests(tool) }))
      assert.deepEqual(
        listed.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
        entry?.tools,
      )
    }
  })

  const VERIFY: readonly [name: string, args: readonly string[], code: number, says: RegExp][] = [
    ['the same grants and image', [...GRANT, '--image', `sha256:${'1'.repeat(64)}`], 0, /^ok {2}file$/m],
    ['no image to compare', GRANT, 0, /image not compared/],
    ['another image', [...GRANT, '--image', `sha256:${'2'.repeat(64)}`], 1, /image is sha256:2+ instead/],
    ['more rights', ['--write-root', `docs=${at('docs')}`], 1, /tool write_file is new/],
  ]
  for (const [name, args, expected, says] of VERIFY)
    test(`verify with ${name}`, async () => {
      const { code, stdout } = await command([
        'manifest',
        'verify',
        at('manifest.note'),
        '--key',
        at('key.pub'),
        'file',
        ...args,
      ])
      assert.equal(code, expected, stdout)
      assert.match(stdout, says)
    })

  test('verify with a key that did not sign', async () => {
    const { code, stdout } = await command([
      'manifest',
      'verify',
      at('manifest.note'),
      '--key',
      at('other.pub'),
      'file',
      ...GRANT,
    ])
    assert.equal(code, 1)
    assert.match(stdout, /not signed by this key/)
  })

  const SIGNED = ['--manifest', at('manifest.note'), '--manifest-key', at('key.pub')]
  test('serve: the signed server starts and answers', async () => {
    const client = await connect('v1', serving('file', ...GRANT, ...SIGNED, '--audit', at('audit')))
    assert.equal((await client.call('list_allowed_directories')).isError, undefined)
    await client.close()
  })

  const REFUSED: readonly [name: string, args: readonly string[], says: RegExp][] = [
    [
      'a tool that nobody signed',
      ['--write-root', `docs=${at('docs')}`, ...SIGNED],
      /Not as signed: tool write_file is new/,
    ],
    [
      'another key',
      [...GRANT, '--manifest', at('manifest.note'), '--manifest-key', at('other.pub')],
      /not signed by this key/,
    ],
    [
      'a manifest that is not signed',
      [...GRANT, '--manifest', at('manifest.json'), '--manifest-key', at('key.pub')],
      /not signed/,
    ],
    [
      'a manifest that is not there',
      [...GRANT, '--manifest', at('none'), '--manifest-key', at('key.pub')],
      /cannot be read/,
    ],
    ['a manifest without a key', [...GRANT, '--manifest', at('manifest.note')], /belong together/],
  ]
  for (const [name, args, says] of REFUSED)
    test(`serve: ${name} stops the start with 78`, async () => {
      const { code, stdout, stderr } = await command(['serve', 'file', ...args, '--audit', at('audit')])
      assert.deepEqual([code, stdout], [78, ''])
      assert.match(stderr, says)
    })
})
