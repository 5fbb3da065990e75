// Who may import whom, on the repository itself; each rule is first seen to fail on a file that breaks it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { importGraph, reachable, workspaces } from './import-graph.ts'
import { brokenImports } from './import-rules.ts'
import { sourceFiles } from './source-files.ts'

const names = workspaces()
const load = (specifier: string) => `import x fr${''}om '${specifier}'\n`
const graphOf = (files: Readonly<Record<string, string>>) =>
  importGraph(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    names,
  )

type Case = readonly [files: Readonly<Record<string, string>>, rule: RegExp | undefined]
const core = 'packages/security-core/src/x.ts'
const host = 'packages/host/src/x.ts'
const dynamic = (argument: string) => `await im${''}port(${argument})\n`
const CASES: readonly Case[] = [
  [{ [core]: load('node:fs') }, /x\.ts imports node:fs: the core does no I\/O/],
  [{ [core]: load('node:fs/promises') }, /core does no I\/O/],
  [{ [core]: load('node:http2') }, /core does no I\/O/],
  [{ [core]: load('node:net') }, /core does no I\/O/],
  [{ [core]: `import { isIP } fr${''}om 'node:net'` }, undefined],
  [{ [core]: load('undici') }, /core does no I\/O/],
  [{ [core]: load('pino') }, /core does no I\/O/],
  [{ [core]: load('@modelcontextprotocol/sdk/types.js') }, /core does no I\/O/],
  [{ [core]: load('@hardened-mcp/host') }, /core does no I\/O/],
  [{ [core]: load('../../host/src/index.ts') }, /core does no I\/O/],
  [{ [core]: dynamic("'node:net'") }, /core does no I\/O/],
  [{ [core]: dynamic('name') }, /must be readable/],
  [{ [core]: load('fs') }, /with node:/],
  [{ [core]: load('zod') + load('ipaddr.js') + load('node:crypto') + load('./types.ts') }, undefined],
  [{ 'packages/security-core/src/x.test.ts': load('node:fs') }, undefined],
  [{ 'packages/security-core/src/audit/verify/x.ts': load('../chain.ts') }, /verifier imports nothing of what writes/],
  [{ 'packages/security-core/src/audit/verify/x.ts': load('./anchors.ts') + load('node:crypto') }, undefined],
  [{ 'packages/host/src/audit/verify/x.ts': load('../segments.ts') }, /verifier imports nothing of what writes/],
  [{ 'packages/host/src/audit/verify/x.ts': load('@hardened-mcp/security-core') }, /verifier imports nothing/],
  [{ 'packages/host/src/audit/verify/x.ts': load('@hardened-mcp/security-core/verify') }, undefined],
  [{ [host]: load('@hardened-mcp/db-query') }, /point inward/],
  [{ [host]: load('../../admin/src/main.ts') }, /point inward/],
  [{ [host]: load('@hardened-mcp/security-core') + load('node:fs') + load('node:net') }, undefined],
  [{ [host]: load('@hardened-mcp/testkit') }, /no server loads test code/],
  [{ [host]: load('./sandbox/fixture/worker.ts') }, /no server loads test code/],
  [{ [host]: load('@modelcontextprotocol/server') }, /SDKs stay/],
  [{ 'packages/host/src/mcp/legacy.ts': load('@modelcontextprotocol/sdk/server/index.js') }, undefined],
  [{ [host]: load('node:child_process') }, /supervisor alone/],
  [{ 'packages/host/src/sandbox/front.ts': load('node:child_process') }, /supervisor alone/],
  [{ 'packages/host/src/sandbox/supervisor.ts': load('node:child_process') }, undefined],
  [{ 'servers/file/server.ts': load('@hardened-mcp/fetch') }, /servers share nothing/],
  [{ 'servers/file/server.ts': load('../fetch/policy.ts') }, /servers share nothing/],
  [{ 'servers/file/worker.ts': load('../fetch/policy.ts') }, /servers share nothing/],
  [{ 'servers/file/server.ts': load('node:fs') }, /server\.ts reaches node:fs/],
  [
    {
      'servers/file/server.ts': load('./a.ts'),
      'servers/file/a.ts': load('./b.ts'),
      'servers/file/b.ts': load('undici'),
    },
    /server\.ts reaches undici/,
  ],
  [
    { 'servers/file/server.ts': load('@hardened-mcp/host'), 'packages/host/src/index.ts': load('node:net') },
    /server\.ts reaches node:net/,
  ],
  [
    { 'servers/file/server.ts': `import type { A } fr${''}om './a.ts'`, 'servers/file/a.ts': load('node:fs') },
    /a\.ts imports node:fs/,
  ],
  [
    {
      'servers/file/server.ts': `import type { A } fr${''}om './a.ts'`,
      'servers/file/worker.ts': load('./a.ts'),
      'servers/file/a.ts': load('node:fs'),
    },
    undefined,
  ],
  [{ 'servers/db-query/worker.ts': load('better-sqlite3') + load('node-sql-parser') }, undefined],
  [{ 'servers/file/worker.ts': load('@hardened-mcp/security-core/worker') }, undefined],
  [{ 'servers/file/worker.ts': load('./a.ts'), 'servers/file/a.ts': load('@hardened-mcp/security-core') }, /no more of the core/], // biome-ignore format: one case
  [{ 'servers/file/server.ts': load('@hardened-mcp/security-core') }, undefined],
  [{ 'servers/db-query/policy.ts': load('better-sqlite3') }, /only what its worker loads/],
]

suite('brokenImports()', () => {
  for (const [files, rule] of CASES) {
    const title = Object.entries(files).map(([path, text]) => `${path} <- ${text.match(/'[^']+'|\(\w+\)/g)?.join(' ')}`)
    test(`${rule === undefined ? 'allows' : 'refuses'} ${title.join('; ')}`, () => {
      const broken = brokenImports(graphOf(files))
      if (rule === undefined) return assert.deepEqual(broken, [])
      assert.ok(
        broken.some((line) => rule.test(line)),
        `${broken.join('\n')} should match ${rule}`,
      )
    })
  }
})

suite('the repository', () => {
  const graph = importGraph(sourceFiles(), names)

  test('breaks no import rule', () => assert.deepEqual(brokenImports(graph), []))

  test('was read: the pages of the servers reach the core, their workers reach their authority', () => {
    for (const [entry, target] of [
      ['servers/db-query/server.ts', 'packages/security-core/src/index.ts'],
      ['servers/file/server.ts', 'packages/security-core/src/index.ts'],
      ['servers/fetch/server.ts', 'packages/security-core/src/index.ts'],
      ['servers/db-query/worker.ts', 'better-sqlite3'],
      ['servers/file/worker.ts', 'node:fs'],
      ['servers/fetch/worker.ts', 'undici'],
    ] as const)
      assert.ok(reachable(graph, entry).has(target), `${entry} should reach ${target}`)
  })

  test('every relative import names a file that is there', () => {
    const missing = [...graph].flatMap(([path, edges]) =>
      edges
        .filter(({ target, kind }) => kind !== 'opaque' && /^(?:packages|servers|test)\//.test(target))
        .filter(({ target }) => !graph.has(target) && !target.endsWith('.json'))
        .map(({ target }) => `${path} -> ${target}`),
    )
    assert.deepEqual(missing, [])
  })
})
