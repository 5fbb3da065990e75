// The page: flags, grants, schemas, and how the tools turn arguments into operations.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Controls, parseInput, principal } from '@hardened-mcp/security-core'
import { registry } from '../../packages/host/src/mcp/registry.ts'
import { type Operation, operation } from './operations.ts'
import { resources } from './resources.ts'
import { file } from './server.ts'

const caller = principal({ id: 'a', tenant: 't', auth: 'local', can: [] })
const tools = new Map(file.tools(resources.parse({})).map((tool) => [tool.name, tool]))
const plan = (name: string, input: object) => {
  const tool = tools.get(name)
  assert.ok(tool)
  return operation.parse(tool.plan(parseInput(tool.input, input), caller))
}

suite('file', () => {
  test('grants nothing without a root, reading with one, writing with a writable one', () => {
    const grants = (values: object) => file.grants(resources.parse(file.fromFlags(values as Record<string, string[]>)))
    assert.deepEqual(grants({}), [])
    assert.deepEqual(grants({ root: ['/srv/docs'] }), ['tool:read_only', 'resource:local', 'sys:file_read'])
    const writing = ['tool:read_only', 'resource:local', 'sys:file_read', 'tool:write', 'sys:file_write']
    assert.deepEqual(grants({ root: ['/srv/docs'], 'write-root': ['/srv/out'] }), writing)
  })

  test('names a root after its directory, or as it is told', () => {
    const { roots } = resources.parse(
      file.fromFlags({ root: ['/srv/docs', 'a=/srv/x=y'], 'write-root': ['/srv/out/'] }),
    )
    assert.deepEqual(
      roots.map(({ name, path, writable }) => [name, path, writable]),
      [
        ['docs', '/srv/docs', false],
        ['a', '/srv/x=y', false],
        ['out', '/srv/out', true],
      ],
    )
  })

  for (const value of ['', '/', '/srv/my docs', '/srv/.hidden', '1=/srv'])
    test(`refuses the root ${JSON.stringify(value)} with one clear line`, () => {
      assert.throws(() => file.fromFlags({ root: [value] }), {
        name: 'RangeError',
        message: /^--root must be DIR or NAME=DIR/,
      })
    })

  const BAD: readonly (readonly [object, string])[] = [
    [{ roots: [{ name: 'a', path: 'srv' }] }, 'relative'],
    [{ roots: [{ name: 'a', path: '/' }] }, 'the whole system'],
    [{ roots: [{ name: 'a', path: '/srv/../etc' }] }, 'parent segment'],
    [{ roots: [{ name: 'a b', path: '/srv' }] }, 'a name that is none'],
    [{ roots: [{ name: 'a', path: '/srv' }, { name: 'a', path: '/x' }] }, 'a name twice'], // biome-ignore format: one row
    [{ roots: [{ name: 'a', path: '/srv', follow: true }] }, 'an unknown key'],
    [{ root: [] }, 'an unknown key'],
    [{ secret_names: ['a**'] }, 'two stars'],
  ]
  for (const [given, why] of BAD)
    test(`refuses resources with ${why}`, () => assert.equal(resources.safeParse(given).success, false))

  test('defaults to the strict side', () => {
    assert.deepEqual(resources.parse({ roots: [{ name: 'a', path: '/srv' }] }), {
      roots: [{ name: 'a', path: '/srv', writable: false, symlinks: 'refuse', hard_links: 'refuse' }],
      secret_names: [],
    })
  })

  test('reads whole files, windows, heads and tails', () => {
    const from = (input: object) => {
      const planned = plan('read_text_file', { path: 'a', ...input })
      assert.ok(planned.op === 'read_text')
      return planned.from
    }
    assert.deepEqual(from({}), { end: 'start', line: 1, column: 0, lines: 100_000 })
    assert.deepEqual(from({ offset: 5, limit: 2 }), { end: 'start', line: 5, column: 0, lines: 2 })
    assert.deepEqual(from({ offset: 5, column: 9 }), { end: 'start', line: 5, column: 9, lines: 100_000 })
    assert.deepEqual(from({ head: 3 }), { end: 'start', line: 1, column: 0, lines: 3 })
    assert.deepEqual(from({ tail: 3 }), { end: 'last', lines: 3 })
  })

  for (const bad of [
    { head: 1, tail: 1 },
    { offset: 1, head: 1 },
    { limit: 1, tail: 1 },
    { tail: 1, line_numbers: true },
    { offset: 0 },
    { limit: 0 },
    { head: 1.5 },
    { x: 1 },
  ])
    test(`refuses ${JSON.stringify(bad)}`, () =>
      assert.throws(() => plan('read_text_file', { path: 'a', ...bad }), { code: 'invalid_input' }))

  test('plans every tool into an operation the worker understands', () => {
    assert.deepEqual(plan('list_directory', {}), { op: 'list', path: '.' })
    assert.deepEqual(plan('list_directory', { path: 'a', cursor: 'b' }), { op: 'list', path: 'a', cursor: 'b' })
    assert.deepEqual(plan('search_files', { glob: '*' }), { op: 'search', path: '.', glob: '*', exclude: [] })
    assert.deepEqual(plan('directory_tree', {}), { op: 'tree', path: '.', depth: 3, exclude: [] })
    assert.deepEqual(plan('search_content', { pattern: 'x', case: 'ignore' }), {
      op: 'search_content',
      path: '.',
      pattern: 'x',
      exclude: [],
      context: 0,
      ignore_case: true,
      max: 100,
    })
    assert.deepEqual(plan('get_file_info', { path: 'a' }), { op: 'info', path: 'a' })
    assert.deepEqual(plan('list_allowed_directories', {}), { op: 'roots' })
  })

  test('lets the worker read its roots and its own descriptors, and write nothing', () => {
    const granted = resources.parse({ roots: [{ name: 'a', path: '/srv/a', writable: true }] })
    assert.deepEqual(file.worker.fsRead(granted), ['/proc/self/fd/', '/proc/self/fdinfo/', '/srv/a'])
    assert.deepEqual(file.worker.fsWrite(granted), [])
  })

  test('describes its tools in less than 6 kB, as they are listed', () => {
    const can = new Set(file.grants(resources.parse({ roots: [{ name: 'a', path: '/srv' }] })))
    const policy = { allowed_tools: new Set(tools.keys()), denied_tools: new Set<string>(), permissions: can }
    const { list } = registry({
      info: file,
      tools: [...tools.values()],
      policy,
      controls: {} as Controls<Operation>, // nothing is called here
    })
    const listed = list({ ...caller, can })
    assert.equal(listed.length, 7)
    assert.ok(Buffer.byteLength(JSON.stringify({ tools: listed })) < 6_000)
  })
})
