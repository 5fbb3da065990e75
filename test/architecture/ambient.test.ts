// The core and the pages of the servers reach for no global that acts on the world; each form is first seen to be found.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { brokenAmbient } from './ambient.ts'
import { importGraph, workspaces } from './import-graph.ts'
import { sourceFiles } from './source-files.ts'

const names = workspaces()
const broken = (path: string, text: string) => {
  const files = [{ path, text }]
  return brokenAmbient(files, importGraph(files, names))
}
const core = 'packages/security-core/src/x.ts'

const REACHING: readonly (readonly [text: string, door: string])[] = [
  ["await fetch('https://example.com')", 'fetch'],
  ['return fetch(url)', 'fetch'],
  ['new WebSocket(url)', 'WebSocket'],
  ['new Worker(url)', 'WebSocket'],
  ['process.env', 'process'],
  ["process['exit'](1)", 'process'],
  ['globalThis.fetch', 'globalThis'],
  ['Date.now()', 'the clock'],
  ['new Date()', 'the clock'],
  ['performance.now()', 'the clock'],
  ['Math.random()', 'chance'],
  ['randomUUID()', 'chance'],
  ['setTimeout(go, 1)', 'timers'],
]
const QUIET = [
  'new Date(atMs)',
  'call.fetch(url)',
  'prefetch(x)',
  'the_process.x',
  '// process.env is not read',
  'Date.parse(x)',
  "'fetch (x)'",
]

suite('brokenAmbient()', () => {
  for (const [text, door] of REACHING) {
    test(`finds ${text} in the core`, () => assert.deepEqual(broken(core, text), [`${core} reaches for ${door}`]))
    if (door !== 'chance')
      test(`finds ${text} in the page of a server`, () =>
        assert.equal(broken('servers/file/server.ts', text).length, 1))
  }
  for (const text of QUIET) test(`passes ${text}`, () => assert.deepEqual(broken(core, text), []))

  test('leaves the worker and the tests alone', () => {
    for (const path of ['servers/file/worker.ts', 'packages/security-core/src/x.test.ts', 'packages/host/src/x.ts'])
      assert.deepEqual(broken(path, 'fetch(process.env.X)'), [])
  })

  test('follows what the page loads', () => {
    const files = [
      { path: 'servers/file/server.ts', text: `import x fr${''}om './policy.ts'` },
      { path: 'servers/file/policy.ts', text: 'process.exit(1)' },
    ]
    assert.deepEqual(brokenAmbient(files, importGraph(files, names)), ['servers/file/policy.ts reaches for process'])
  })
})

suite('the repository', () => {
  test('reaches for no global from the core or from a page', () => {
    const files = sourceFiles()
    assert.deepEqual(brokenAmbient(files, importGraph(files, names)), [])
  })
})
