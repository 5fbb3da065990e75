// Proves which labels an operation moves: those of the roots that its paths are in, for the tenant that asks.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { labelText } from '@hardened-mcp/security-core'
import { flow } from './flow.ts'
import type { Operation } from './operations.ts'
import { resources } from './resources.ts'

const granted = resources.parse({
  roots: [
    { name: 'docs', path: '/srv/docs', label: { secrecy: 'public', integrity: 'trusted' } },
    { name: 'notes', path: '/srv/notes', writable: true },
    { name: 'site', path: '/srv/site', writable: true, label: { secrecy: 'public' } },
  ],
})

const flowText = (operation: Operation) => {
  const { reads, into, brings } = flow(granted)(operation, {} as never) ?? {}
  return `${brings === undefined ? '' : `${labelText(brings)} + `}${reads && labelText(reads)} > ${into && labelText(into)}`
}

suite('flow()', () => {
  const rows: readonly (readonly [string, Operation, string])[] = [
    ['a file of a public root', { op: 'info', path: 'docs:/a.md' }, ' > undefined'],
    ['a file of a root that nobody speaks of', { op: 'info', path: 'notes:/a.md' }, 'private,untrusted > undefined'],
    ['files of several roots', { op: 'read_many', paths: ['docs:/a', 'site:/b'] }, 'untrusted > undefined'],
    ['the names of the roots', { op: 'roots' }, ' > undefined'],
    ['a write', { op: 'write', path: 'notes:/a', content: '' }, ' > private,untrusted'],
    [
      'an edit shows a diff',
      { op: 'edit', path: 'notes:/a', edits: [], dry_run: false },
      'private,untrusted > private,untrusted',
    ],
    ['a delete', { op: 'delete', path: 'site:/a' }, ' > untrusted'],
    ['a move out', { op: 'move', path: 'notes:/a', to: 'site:/a' }, 'private,untrusted +  > untrusted'],
    ['a move in', { op: 'move', path: 'site:/a', to: 'notes:/a' }, 'untrusted +  > private,untrusted'],
    ['a path that names no root', { op: 'info', path: 'other:/a' }, 'private,untrusted > undefined'],
  ]
  for (const [name, operation, expected] of rows) test(name, () => assert.equal(flowText(operation), expected))
})
