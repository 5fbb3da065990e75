// Which places may be changed, on both sides of each rule.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { allow, type CallContext, type TenantScope } from '@hardened-mcp/security-core'
import type { Operation } from './operations.ts'
import { confinedPaths } from './policy.ts'
import { resources } from './resources.ts'
import { fileWriteRule } from './write-rules.ts'

const granted = resources.parse({
  roots: [
    { name: 'docs', path: '/srv/docs' },
    { name: 'out', path: '/srv/out', writable: true },
    { name: 'md', path: '/srv/md', writable: true, write_extensions: ['.md', ''] },
    { name: 'hooks', path: '/srv/x/.git/hooks', writable: true },
    { name: 'acme', path: '/srv/acme', writable: true, tenants: ['acme'] },
  ],
})
const [docs, out, md, hooks] = granted.roots

const ROWS = [
  [docs, 'a.md', 'read_only'],
  [out, 'a.sh', undefined],
  [out, '.gitignore', undefined],
  [out, '.github/workflows/ci.yml', undefined],
  [out, 'my.git/a', undefined],
  [out, '.git/hooks/pre-commit', 'protected'],
  [out, 'sub/.GIT/index', 'protected'],
  [out, '.svn/x', 'protected'],
  [hooks, 'pre-commit', 'protected'],
  [md, 'a.md', undefined],
  [md, 'A.MD', undefined],
  [md, 'Makefile', undefined],
  [md, 'a.md.sh', 'extension'],
  [md, 'a.mdx', 'extension'],
] as const

suite('fileWriteRule()', () => {
  for (const [root, path, expected] of ROWS)
    test(`${root?.name}:/${path}: ${expected ?? 'may be written'}`, () => {
      assert.ok(root)
      assert.equal(fileWriteRule(root, path.split('/')), expected)
    })
})

suite('confinedPaths() for changes', () => {
  const judge = confinedPaths(granted)
  const verdict = (operation: Operation) => judge(operation, {} as CallContext)
  const write = (path: string, tenant?: string): Operation => ({
    ...{ op: 'write', path, content: '' },
    ...(tenant === undefined ? {} : { tenant: tenant as TenantScope }),
  })
  test('judges the source and the target of a move', () => {
    assert.deepEqual(verdict({ op: 'move', path: 'out:/a', to: 'out:/b' }), allow())
    for (const [from, to] of [
      ['docs:/a', 'out:/a'],
      ['out:/a', 'docs:/a'],
      ['out:/a', 'out:/.env'],
      ['out:/.env', 'out:/a'],
      ['out:/../a', 'out:/a'],
    ] as const)
      assert.equal(verdict({ op: 'move', path: from, to }).verdict, 'deny', `${from} ${to}`)
  })
  test('shows a root of one tenant to nobody else', () => {
    assert.deepEqual(verdict(write('acme:/a', 'acme')), allow())
    for (const tenant of ['other', undefined, 'Acme']) {
      assert.equal(verdict(write('acme:/a', tenant)).verdict, 'deny')
      assert.equal(verdict(write('/srv/acme/a', tenant)).verdict, 'deny')
      assert.deepEqual(verdict(write('out:/a', tenant)), allow())
    }
  })
})
