// Resources through a real client: the schema of a database, and nothing that the tools would refuse.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { connect } from '@hardened-mcp/testkit/clients'
import { openTarget, type Target } from '../target.ts'

let target: Target

before(async () => {
  target = await openTarget()
})
after(() => target.close())

for (const [kind, notFound] of [
  ['v1', -32002],
  ['v2-2026-07-28', -32602],
] as const) {
  suite(`resources of db-query with the ${kind} client`, () => {
    test('are listed, read and refused like the tools they stand for', async () => {
      const client = await connect(kind, await target.reach('db-query', 'stdio'))
      try {
        const { uris, templates } = await client.resources()
        assert.deepEqual(uris, ['db://shop/schema'])
        assert.deepEqual(templates, ['db://{database}/schema/{table}'])
        assert.deepEqual(names(await client.read('db://shop/schema'), 'tables'), ['customers', 'orders', 'products'])
        const columns = names(await client.read('db://shop/schema/customers'), 'columns')
        assert.deepEqual(columns, ['id', 'name', 'city'], 'without the hidden column')
        for (const path of ['shop/schema/users', 'shop/schema/nothing', 'other/schema', '/etc/passwd']) {
          await assert.rejects(client.read(`db://${path}`), { code: notFound }, path)
        }
      } finally {
        await client.close()
      }
    })
  })
}

function names(json: string, key: string): string[] {
  const listed = (JSON.parse(json) as Record<string, { name: string }[]>)[key] ?? []
  return listed.map(({ name }) => name)
}
