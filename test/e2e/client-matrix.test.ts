// Every official client, over both transports, against each of the three servers: list, call, bad input, unknown tool, cancel.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { CLIENT_KINDS, connect } from '@hardened-mcp/testkit/clients'
import { openTarget, type Target, TRANSPORTS } from '../target.ts'

const MAX_LISTING_BYTES = 6_000

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n'

const CASES = {
  'db-query': {
    tools: ['query_sql', 'list_tables', 'describe_table', 'explain_query'],
    call: ['query_sql', { sql: 'SELECT name FROM products WHERE id = ?', params: [1] }],
    answers: { rows: [['lamp']] },
    badInput: ['query_sql', { sql: 7 }],
    slow: ['query_sql', { sql: ENDLESS }],
  },
  file: {
    tools: [
      'read_text_file',
      'read_multiple_files',
      'read_media_file',
      'list_directory',
      'directory_tree',
      'search_files',
      'search_content',
      'get_file_info',
      'list_allowed_directories',
    ],
    call: ['read_text_file', { path: 'notes/meeting.txt' }],
    answers: { text: 'Agenda\n1. Shop figures\n2. Handbook\n' },
    badInput: ['read_text_file', { path: 'welcome.md', surprise: true }],
    slow: undefined, // nothing a path can say makes this server slow; its workers are ended in the tests of the process model
  },
  fetch: {
    tools: ['fetch_url'],
    call: ['fetch_url', { url: 'SITE/' }],
    answers: { status: 200, title: 'Handbook' },
    badInput: ['fetch_url', { url: 'SITE/', max_length: -1 }],
    slow: ['fetch_url', { url: 'SITE/slow' }],
  },
} as const

let target: Target

before(async () => {
  target = await openTarget()
})
after(() => target.close())

const onSite = <Args extends object>(args: Args) =>
  JSON.parse(JSON.stringify(args).replace('SITE', target.siteUrl)) as Record<string, unknown>

for (const [server, cases] of Object.entries(CASES)) {
  for (const kind of CLIENT_KINDS) {
    for (const transport of TRANSPORTS) {
      suite(`${server} with the ${kind} client over ${transport}`, () => {
        test('lists its tools in few bytes, answers a call, refuses bad input and an unknown tool, and survives a cancel', async () => {
          const client = await connect(kind, await target.reach(server, transport))
          try {
            const tools = await client.tools()
            assert.deepEqual(
              tools.map(({ name }) => name),
              cases.tools,
            )
            assert.ok(
              JSON.stringify({ tools }).length <= MAX_LISTING_BYTES,
              `${JSON.stringify({ tools }).length} bytes`,
            )

            const [name, args] = cases.call
            const answer = await client.call(name, onSite(args))
            assert.equal(answer.isError, undefined)
            assert.deepEqual(pick(answer.structuredContent, Object.keys(cases.answers)), cases.answers)
            assert.deepEqual(
              JSON.parse(answer.content[0]?.text ?? ''),
              answer.structuredContent,
              'text and structure say the same',
            )

            const [badName, badArgs] = cases.badInput
            const refused = await client.call(badName, onSite(badArgs))
            assert.equal(refused.isError, true)
            assert.equal((refused.structuredContent['error'] as { code: string }).code, 'invalid_input')

            await assert.rejects(client.call('no_such_tool'), { code: -32602 })

            if (cases.slow !== undefined) {
              const [slowName, slowArgs] = cases.slow
              const cancel = new AbortController()
              setTimeout(() => cancel.abort(), 300)
              await assert.rejects(client.call(slowName, onSite(slowArgs), cancel.signal))
            }
            assert.equal((await client.call(name, onSite(args))).isError, undefined)
          } finally {
            await client.close()
          }
        })
      })
    }
  }
}

const pick = (value: Record<string, unknown>, keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, value[key]]))
