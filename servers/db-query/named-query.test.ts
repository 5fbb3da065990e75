// Queries of the policy file: tools with typed parameters, judged at start, bound as values.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { z } from 'zod'
import { tenantScope } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import { fixture, SECRET, SPEND } from './fixture.ts'
import { namedQuery } from './named-query.ts'
import { type QueryGrant, resources } from './resources.ts'
import { dbQuery } from './server.ts'

const { file, remove } = fixture()
after(remove)
const databases = [{ name: 'shop', file, tables: { orders: {}, customers: { columns: ['id', 'name'] } } }]
const ORDERS = {
  name: 'orders_of',
  description: 'Orders of one customer',
  sql: 'SELECT id, status FROM orders WHERE customer_id = :customer AND (:status IS NULL OR status = :status) ORDER BY id',
  params: {
    customer: { type: 'integer', min: 1, description: 'customers.id' },
    status: { type: 'text', one_of: ['open', 'paid'], optional: true },
  },
  database: 'shop',
  max_rows: 50,
} as const
const granted = (...queries: unknown[]) => resources.parse({ databases, queries })
const toolOf = (query: unknown) => namedQuery(granted(query).queries[0] as QueryGrant)
const caller = { id: 'agent', tenant: tenantScope('acme'), auth: 'local', can: new Set<never>() } as const

suite('namedQuery()', () => {
  const tool = toolOf(ORDERS)
  const run = executor(granted(ORDERS), SECRET)
  const call = (input: unknown) =>
    JSON.parse(run(tool.plan(tool.input.parse(input), caller), SPEND).text) as { rows: unknown[][] }

  test('is a tool beside the four, with the schema of its parameters', () => {
    assert.deepEqual(
      dbQuery.tools(granted(ORDERS)).map(({ name }) => name),
      ['query_sql', 'list_tables', 'describe_table', 'explain_query', 'orders_of'],
    )
    const schema = z.toJSONSchema(tool.input, { io: 'input' })
    assert.deepEqual(schema.required, ['customer'])
    assert.deepEqual(schema.properties?.['status'], { type: 'string', enum: ['open', 'paid'] })
    assert.deepEqual(schema.properties?.['customer'], {
      type: 'integer',
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'customers.id',
    })
    assert.deepEqual([tool.title, tool.effect, tool.annotations.readOnlyHint], ['orders of', 'read', true])
  })
  test('binds values, and NULL for what was left out', () => {
    assert.equal(call({ customer: 1 }).rows.length, 5)
    assert.deepEqual(
      call({ customer: 1, status: 'open' }).rows.map(([, status]) => status),
      call({ customer: 1 })
        .rows.filter(([, status]) => status === 'open')
        .map(() => 'open'),
    )
  })
  for (const input of [
    {},
    { customer: 0 },
    { customer: '1' },
    { customer: 1.5 },
    { customer: 1, status: "open' OR 1=1" },
    { customer: 1, sql: 'SELECT 1' },
    { customer: 1, max_rows: 51 },
    { customer: 1, database: 'other' },
  ])
    test(`refuses ${JSON.stringify(input)}`, () => assert.equal(tool.input.safeParse(input).success, false))
  test('a text parameter is text', () => {
    const query = { ...ORDERS, params: { customer: { type: 'text' } }, sql: 'SELECT :customer AS c' }
    const echo = toolOf(query)
    const text = `'; DROP TABLE orders; --`
    const answer = JSON.parse(
      executor(granted(query), SECRET)(echo.plan(echo.input.parse({ customer: text }), caller), SPEND).text,
    ) as { rows: unknown[][] }
    assert.deepEqual(answer.rows, [[text]])
  })
  test('takes numbers and booleans', () => {
    const query = {
      ...ORDERS,
      params: { a: { type: 'number', max: 2.5 }, b: { type: 'boolean' } },
      sql: 'SELECT :a, :b',
    }
    const tool = toolOf(query)
    assert.ok(tool.input.safeParse({ a: 2.5, b: true }).success)
    assert.equal(tool.input.safeParse({ a: 2.6, b: true }).success, false)
    assert.equal(tool.input.safeParse({ a: 1, b: 1 }).success, false)
  })
})

suite('named queries at start', () => {
  const starts = (change: object) => () => executor(granted({ ...ORDERS, ...change }), SECRET)
  const refused: readonly (readonly [string, object, string])[] = [
    [
      'writes',
      { sql: 'DELETE FROM orders WHERE id = :customer AND :status' },
      'Query orders_of: Only SELECT statements are allowed (WITH and VALUES are forms of SELECT)',
    ],
    [
      'a hidden table',
      { sql: 'SELECT * FROM secrets WHERE id = :customer AND :status' },
      'Query orders_of: No table of that name is available',
    ],
    [
      'a hidden column',
      { sql: 'SELECT email FROM customers WHERE id = :customer AND :status' },
      'Query orders_of: No column of that name is available',
    ],
    ['two statements', { sql: 'SELECT :customer; SELECT :status' }, 'Query orders_of: Only one statement is allowed'],
    [
      'an undescribed parameter',
      { sql: 'SELECT :customer, :status, :other' },
      'Query orders_of: the parameter other is not described',
    ],
    [
      'an anonymous parameter',
      { sql: 'SELECT :customer, :status, ?' },
      'Query orders_of: the parameter ? is not described',
    ],
    ['an unused parameter', { sql: 'SELECT :customer' }, 'Query orders_of: the parameter status is not used'],
  ]
  for (const [what, change, message] of refused)
    test(`refuses ${what}`, () => assert.throws(starts(change), { name: 'RangeError', message }))
  for (const [what, change] of [
    ['a database that is not granted', { database: 'other' }],
    ['the name of another tool', { name: 'query_sql' }],
    ['a name that is no tool name', { name: 'Orders Of' }],
    ['a parameter named like an input of every query', { params: { cursor: { type: 'text' } } }],
    ['an unknown type', { params: { customer: { type: 'json' } } }],
  ] as const)
    test(`refuses ${what}`, () => assert.throws(starts(change), z.ZodError))
  test('refuses the same name twice', () => assert.throws(() => granted(ORDERS, ORDERS), z.ZodError))
})
