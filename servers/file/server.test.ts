// The page: flags, grants, schemas, and how the tools turn arguments into operations.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Controls, parseInput, principal, tenantScope } from '@hardened-mcp/security-core'
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

const READ_TOOLS = [
  'read_text_file',
  'read_multiple_files',
  'read_media_file',
  'list_directory',
  'directory_tree',
  'search_files',
  'search_content',
  'get_file_info',
  'list_allowed_directories',
]
const WRITE_TOOLS = ['write_file', 'edit_file', 'create_directory', 'move_file', 'delete_file']

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
      roots: [
        {
          name: 'a',
          path: '/srv',
          writable: false,
          symlinks: 'refuse',
          hard_links: 'refuse',
          max_file_bytes: 4_194_304,
          trash: true,
        },
      ],
      client_roots: 'ignore',
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
    assert.deepEqual(plan('list_directory', { sort: 'size' }), { op: 'list', path: '.', sort: 'size' })
    assert.deepEqual(plan('read_multiple_files', { paths: ['a', 'b'] }), { op: 'read_many', paths: ['a', 'b'] })
    assert.deepEqual(plan('read_media_file', { path: 'a' }), { op: 'read_media', path: 'a' })
    assert.deepEqual(plan('directory_tree', { gitignore: true }), {
      op: 'tree',
      path: '.',
      depth: 3,
      exclude: [],
      gitignore: true,
    })
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

  test('lets the worker read its roots and its own descriptors, and write only where a root is writable', () => {
    const granted = (writable: boolean) => resources.parse({ roots: [{ name: 'a', path: '/srv/a', writable }] })
    assert.deepEqual(file.worker.fsRead(granted(true)), ['/proc/self/fd/', '/proc/self/fdinfo/', '/srv/a'])
    assert.deepEqual(file.worker.fsWrite(granted(false)), [])
    assert.deepEqual(file.worker.fsWrite(granted(true)), ['/proc/self/fd/'])
  })

  for (const [writable, names, most] of [
    [false, READ_TOOLS, 6_000],
    [true, [...READ_TOOLS, ...WRITE_TOOLS], 9_000],
  ] as const)
    test(`lists ${names.length} tools in less than ${most} bytes with writable: ${writable}`, () => {
      const granted = resources.parse({ roots: [{ name: 'a', path: '/srv', writable }] })
      const can = new Set(file.grants(granted))
      const policy = { allowed_tools: new Set([...READ_TOOLS, ...WRITE_TOOLS]), denied_tools: new Set<string>() }
      const { list } = registry({
        info: file,
        tools: file.tools(granted),
        policy: () => ({ ...policy, permissions: can }),
        controls: {} as Controls<Operation>, // nothing is called here
      })
      const listed = list({ ...caller, can })
      assert.deepEqual(
        listed.map(({ name }) => name),
        names,
      )
      const bytes = Buffer.byteLength(JSON.stringify({ tools: listed }))
      assert.ok(bytes < most, `${bytes} bytes`)
    })

  test('without sys:file_write in the policy there is no tool that writes, whatever the root says', () => {
    const granted = resources.parse({ roots: [{ name: 'a', path: '/srv', writable: true }] })
    const can = new Set(file.grants(granted).filter((right) => right !== 'sys:file_write'))
    const { list } = registry({
      info: file,
      tools: file.tools(granted),
      policy: () => ({
        allowed_tools: new Set([...READ_TOOLS, ...WRITE_TOOLS]),
        denied_tools: new Set(),
        permissions: can,
      }),
      controls: {} as Controls<Operation>,
    })
    assert.deepEqual(
      list({ ...caller, can }).map(({ name }) => name),
      READ_TOOLS,
    )
  })

  test('an operation says whose it is where roots belong to tenants', () => {
    const granted = resources.parse({ roots: [{ name: 'a', path: '/srv', tenants: ['acme'] }] })
    const [tool] = file.tools(granted)
    assert.ok(tool)
    assert.equal(tool.plan({ path: 'x' }, { ...caller, tenant: tenantScope('acme') }).tenant, 'acme')
  })
})
