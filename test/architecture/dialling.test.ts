// Nothing in the product opens a connection past the address guard; each form is first seen to be found.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { brokenDialling, DIALLERS } from './dialling.ts'
import { importGraph, workspaces } from './import-graph.ts'
import { sourceFiles } from './source-files.ts'

const names = workspaces()
const broken = (path: string, text: string) => {
  const files = [{ path, text }]
  return brokenDialling(files, importGraph(files, names))
}
const load = (specifier: string) => `import { x } fr${''}om '${specifier}'\n`
const host = 'packages/host/src/x.ts'

const PAST: readonly string[] = [
  load('node:net'),
  load('node:dns/promises'),
  load('node:https'),
  load('undici'),
  load('iovalkey'),
  `await im${''}port('node:tls')`,
  "await fetch('https://example.com')",
  'new WebSocket(url)',
]

suite('brokenDialling()', () => {
  for (const text of PAST)
    test(`finds ${text.trim()}`, () => {
      assert.equal(broken(host, text).length, 1)
      assert.equal(broken('servers/file/worker.ts', text).length, 1)
    })

  test('leaves the guard, types, tests, and what dials nobody', () => {
    for (const [path, text] of [
      ['packages/host/src/outbound/x.ts', load('undici')],
      ['packages/host/src/x.test.ts', load('node:net')],
      [host, `import type { Socket } fr${''}om 'node:net'\n`],
      [host, `import { isIP } fr${''}om 'node:net'\n`],
      [host, 'await modern.fetch(request)'],
      [host, '// fetch(url) is not called here'],
    ] as const)
      assert.deepEqual(broken(path, text), [], text)
  })

  test('finds nothing in this repository, and every exception is still one', () => {
    const files = sourceFiles()
    const graph = importGraph(files, names)
    assert.deepEqual(brokenDialling(files, graph), [])
    for (const path of Object.keys(DIALLERS)) assert.ok(graph.has(path), `${path} is gone`)
  })
})
