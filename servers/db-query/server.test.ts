// The page: what clients see of it, what flags grant, and that it loads neither driver nor parser.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { suite, test } from 'node:test'
import { tenantScope } from '@hardened-mcp/security-core'
import { z } from 'zod'
import byDefault, { dbQuery } from './server.ts'

const CALLER = { tenant: tenantScope('acme'), id: 'agent' }
const granted = (...flags: string[]) => dbQuery.resources.parse(dbQuery.fromFlags({ db: flags }))
const toolNamed = (name: string, ...flags: string[]) => {
  const found = dbQuery.tools(granted(...flags)).find((tool) => tool.name === name)
  assert.ok(found !== undefined)
  return found
}
const plan = (name: string, input: unknown, ...flags: string[]) => {
  const tool = toolNamed(name, ...flags)
  return tool.plan(tool.input.parse(input), { ...CALLER, auth: 'local', can: new Set() })
}

suite('dbQuery', () => {
  test('is exported twice, as default and by name', () => assert.equal(byDefault, dbQuery))

  test('names four read tools within 6 kB', () => {
    const tools = dbQuery.tools(granted('/srv/shop.db', '/srv/crm.db'))
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['query_sql', 'list_tables', 'describe_table', 'explain_query'],
    )
    for (const tool of tools) {
      assert.deepEqual(
        [tool.effect, tool.annotations.readOnlyHint, tool.annotations.openWorldHint],
        ['read', true, false],
      )
      assert.deepEqual(tool.yields, { integrity: 'untrusted', secrecy: 'private' })
      assert.deepEqual(tool.needs, ['tool:read_only', 'resource:local'])
    }
    const listing = tools.map(({ name, title, description, annotations, input, output }) => ({
      name,
      title,
      description,
      annotations,
      inputSchema: z.toJSONSchema(input, { io: 'input' }),
      outputSchema: z.toJSONSchema(output),
    }))
    assert.ok(JSON.stringify({ tools: listing }).length < 5600, `${JSON.stringify({ tools: listing }).length}`)
  })

  test('grants by flag: the stem or the given name, every table, an absolute file', () => {
    assert.deepEqual(granted('data/shop.db', 'crm=/srv/a b.sqlite'), {
      databases: [
        { name: 'shop', file: resolve('data/shop.db'), tables: '*' },
        { name: 'crm', file: '/srv/a b.sqlite', tables: '*' },
      ],
      parser: 'veto',
      work_seconds_per_minute: 90,
      queries: [],
    })
    assert.deepEqual(dbQuery.grants(granted('/srv/shop.db')), ['tool:read_only', 'resource:local'])
    assert.deepEqual(dbQuery.grants(granted()), [])
    assert.deepEqual(dbQuery.worker.fsRead(granted('/srv/a.db', 'b=/srv/b.db', 'c=/opt/c.db')), ['/srv', '/opt'])
    assert.deepEqual(dbQuery.worker.fsWrite(granted('/srv/a.db')), [])
  })
  for (const flag of ['', '=x', '/srv/0 bad.db', '/srv/.db'])
    test(`refuses --db ${JSON.stringify(flag)} in one line`, () =>
      assert.throws(() => dbQuery.fromFlags({ db: [flag] }), RangeError))

  test('plans with the only database, and asks for the name when there are several', () => {
    const operation = {
      op: 'query',
      caller: CALLER,
      database: 'shop',
      sql: 'SELECT 1',
      params: [],
      maxRows: 100,
      format: 'json',
    }
    assert.deepEqual(plan('query_sql', { sql: 'SELECT 1' }, '/srv/shop.db'), operation)
    assert.throws(() => plan('query_sql', { sql: 'SELECT 1' }, '/srv/shop.db', '/srv/crm.db'))
    assert.deepEqual(plan('query_sql', { sql: 'SELECT 1', database: 'crm' }, '/srv/shop.db', '/srv/crm.db'), {
      ...operation,
      database: 'crm',
    })
    assert.throws(() => plan('query_sql', { sql: 'SELECT 1', database: 'other' }, '/srv/shop.db'))
    assert.deepEqual(plan('list_tables', {}, '/srv/shop.db', '/srv/crm.db'), {
      op: 'list_tables',
      caller: CALLER,
      detail: 'summary',
    })
    assert.deepEqual(plan('list_tables', { pattern: 'a%', database: 'crm' }, '/srv/shop.db', '/srv/crm.db'), {
      op: 'list_tables',
      caller: CALLER,
      detail: 'summary',
      database: 'crm',
      pattern: 'a%',
    })
    assert.deepEqual(plan('describe_table', { table: 'orders' }, '/srv/shop.db'), {
      op: 'describe_table',
      caller: CALLER,
      database: 'shop',
      table: 'orders',
    })
  })

  const accepts = (input: unknown) => toolNamed('query_sql', '/srv/shop.db').input.safeParse(input).success
  test('bounds every argument, on both sides', () => {
    assert.ok(accepts({ sql: 'x'.repeat(20_000), max_rows: 1000, params: Array(100).fill(null) }))
    assert.ok(!accepts({ sql: 'x'.repeat(20_001) }))
    assert.ok(!accepts({ sql: '' }))
    assert.ok(!accepts({ sql: 'x', max_rows: 1001 }))
    assert.ok(!accepts({ sql: 'x', max_rows: 0 }))
    assert.ok(!accepts({ sql: 'x', max_rows: 1.5 }))
    assert.ok(!accepts({ sql: 'x', params: Array(101).fill(null) }))
    assert.ok(!accepts({ sql: 'x', params: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`p${i}`, 1])) }))
    assert.ok(!accepts({ sql: 'x', limit: 5 }))
    assert.ok(!accepts({ sql: ['SELECT 1'] }))
  })
  test('takes every kind of parameter, and refuses numbers that have lost digits', () => {
    assert.ok(
      accepts({
        sql: 'x',
        params: [null, true, 1, 1.5, 1e300, 'x', { int: '-9223372036854775808' }, { blob_base64: 'AP8=' }],
      }),
    )
    assert.ok(accepts({ sql: 'x', params: { a: 1, ':b': null } }))
    assert.ok(accepts({ sql: 'x', params: [9_007_199_254_740_991] }))
    for (const param of [
      9_007_199_254_740_992,
      { int: '1.5' },
      { int: 'x' },
      { int: '1', extra: 1 },
      { blob_base64: '*' },
      [1],
      { a: 1 },
    ])
      assert.ok(!accepts({ sql: 'x', params: [param] }), JSON.stringify(param))
  })

  test('loads neither driver nor parser into the front process', () => {
    const source = `import { createRequire } from 'node:module'
      await import(${JSON.stringify(new URL('./server.ts', import.meta.url).href)})
      const loaded = [...Object.keys(createRequire(import.meta.url).cache), ...process.moduleLoadList]
      const native = process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node'))
      process.stdout.write(JSON.stringify([...loaded, ...native].filter((name) => /sqlite|sql-parser/.test(name))))`
    const out = execFileSync(process.execPath, ['--input-type=module', '--eval', source], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.equal(out, '[]')
  })
})
