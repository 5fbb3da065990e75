// What the front refuses before a worker hears of it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { CallContext } from '@hardened-mcp/security-core'
import type { Operation } from './operations.ts'
import { confinedPaths } from './policy.ts'
import { resources } from './resources.ts'

const granted = resources.parse({ roots: [{ name: 'docs', path: '/srv/docs' }], secret_names: ['*.token'] })
const judge = (operation: Operation, roots = granted) => confinedPaths(roots)(operation, {} as CallContext)
const info = (path: string): Operation => ({ op: 'info', path })

const ALLOWED = ['a', '.', 'docs:/a', '/srv/docs/a', '.env.example', '%2e%2e/x', '...']
const DENIED: readonly (readonly [path: string, rule: string])[] = [
  ['../a', 'dotdot'],
  ['/etc/passwd', 'outside'],
  ['/srv/docs2/a', 'outside'],
  ['other:/a', 'outside'],
  ['a\0b', 'malformed'],
  ['.env', 'secret'],
  ['x/.git/config', 'secret'],
  ['deploy.token', 'secret'],
]

suite('confinedPaths()', () => {
  for (const path of ALLOWED) test(`allows ${path}`, () => assert.equal(judge(info(path)).verdict, 'allow'))

  for (const [path, rule] of DENIED)
    test(`denies ${JSON.stringify(path)} by the rule ${rule}, for every operation`, () => {
      const operations: readonly Operation[] = [
        info(path),
        { op: 'list', path },
        { op: 'search', path, glob: '*', exclude: [] },
        { op: 'read_text', path, from: { end: 'last', lines: 1 }, numbered: false },
      ]
      for (const operation of operations) {
        const decision = judge(operation)
        assert.ok(decision.verdict === 'deny')
        assert.equal(decision.code, 'path_denied')
        assert.ok(decision.reason.startsWith(`${rule}: `), decision.reason)
        assert.ok(!decision.detail?.says?.includes(path.replace('\0', '')), 'the sentence is fixed')
      }
    })

  test('says the same of a path outside that exists and of one that does not', () => {
    assert.deepEqual(judge(info('/etc/passwd')), judge(info('/etc/no-such-file')))
  })

  test('allows nothing when nothing was granted, but tells so', () => {
    const nothing = resources.parse({})
    for (const path of ALLOWED) assert.equal(judge(info(path), nothing).verdict, 'deny')
    assert.equal(judge({ op: 'roots' }, nothing).verdict, 'allow')
  })
})
