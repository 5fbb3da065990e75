// One tenant tries to reach what is another's, by every way in. Each try is answered as if the other did not exist,
// and is on record under the tenant that tried.
import assert from 'node:assert/strict'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ask } from '../identity/ask.ts'
import { type Ground, ground, SECRET, TENANTS } from './ground.ts'

let at: Ground
before(async () => {
  at = await ground()
})
after(() => (at as Ground | undefined)?.close())

/** `WHO` stands for the other tenant, and then for one that nobody has. */
type Try = readonly [what: string, server: string, tool: string, args: Readonly<Record<string, unknown>>]
const sql = (text: string, database = 'acme') => ({ sql: text, database })
const TRIES: readonly Try[] = [
  ['its database by name', 'db-query', 'query_sql', sql('SELECT * FROM papers', 'WHO')],
  ['the name in capitals', 'db-query', 'query_sql', sql('SELECT * FROM papers', 'WHO ')],
  ['the tables of its database', 'db-query', 'list_tables', { database: 'WHO' }],
  ['one table of it', 'db-query', 'describe_table', { database: 'WHO', table: 'papers' }],
  ['a plan of a query there', 'db-query', 'explain_query', sql('SELECT * FROM papers', 'WHO')],
  ['ATTACH', 'db-query', 'query_sql', sql("ATTACH DATABASE 'DIR/WHO.sqlite' AS other")],
  ['a copy made of it', 'db-query', 'query_sql', sql("VACUUM INTO 'DIR/WHO.sqlite'")],
  ['its file as a table', 'db-query', 'query_sql', sql("SELECT * FROM 'DIR/WHO.sqlite'")],
  ['its file by a function', 'db-query', 'query_sql', sql("SELECT readfile('DIR/WHO.sqlite')")],
  ['its schema as prefix', 'db-query', 'query_sql', sql('SELECT * FROM WHO.papers')],
  ['its rows in the common table', 'db-query', 'query_sql', sql("SELECT * FROM orders WHERE owner = 'WHO'", 'common')],
  [
    'its rows counted',
    'db-query',
    'query_sql',
    sql("SELECT count(*) AS n FROM orders WHERE owner LIKE 'WHO%'", 'common'),
  ],
  [
    'its rows by the table behind the view',
    'db-query',
    'query_sql',
    sql("SELECT * FROM main.orders WHERE owner = 'WHO'", 'common'),
  ],
  [
    'its rows by a union',
    'db-query',
    'query_sql',
    sql("SELECT id FROM orders WHERE 0 UNION SELECT id FROM orders WHERE owner = 'WHO'", 'common'),
  ],
  [
    'its rows by a sub-query',
    'db-query',
    'query_sql',
    sql("SELECT (SELECT max(text) FROM orders WHERE owner = 'WHO') AS t", 'common'),
  ],
  [
    'its rows by a parameter called tenant',
    'db-query',
    'query_sql',
    { ...sql('SELECT * FROM orders WHERE owner = :tenant', 'common'), params: { tenant: 'WHO' } },
  ],
  ['a tenant among the arguments', 'db-query', 'query_sql', { ...sql('SELECT 1'), tenant: 'WHO' }],
  ['a caller among the arguments', 'db-query', 'query_sql', { ...sql('SELECT 1'), caller: { tenant: 'WHO', id: 'x' } }],
  [
    'a cursor that was made up',
    'db-query',
    'query_sql',
    { ...sql('SELECT * FROM orders', 'common'), cursor: 'WHO'.padEnd(22, 'A') },
  ],
  ['a file of its root', 'file', 'read_text_file', { path: 'WHO:/secret.txt' }],
  ['a file beside the own root', 'file', 'read_text_file', { path: '../WHO/secret.txt' }],
  ['a file by its absolute path', 'file', 'read_text_file', { path: 'DIR/WHO/secret.txt' }],
  ['a file through the own root and out', 'file', 'read_text_file', { path: 'acme:/../WHO/secret.txt' }],
  ['a file through an encoded path', 'file', 'read_text_file', { path: '..%2fWHO%2fsecret.txt' }],
  ['a file through a symbolic link', 'file', 'read_text_file', { path: 'acme:/to-WHO' }],
  ['a file through a hard link', 'file', 'read_text_file', { path: 'acme:/hard-WHO' }],
  ['a file through the process', 'file', 'read_text_file', { path: '/proc/self/cwd/WHO/secret.txt' }],
  ['a file through a descriptor', 'file', 'read_text_file', { path: '/proc/self/fd/20/WHO' }],
  ['the listing of its root', 'file', 'list_directory', { path: 'WHO:/' }],
  ['the tree of its root', 'file', 'directory_tree', { path: 'WHO:/' }],
  ['a search of names there', 'file', 'search_files', { path: 'WHO:/', pattern: '*' }],
  ['a search of content there', 'file', 'search_content', { path: 'WHO:/', pattern: 'secret' }],
  ['the facts of a file', 'file', 'get_file_info', { path: 'WHO:/secret.txt' }],
  ['a new file there', 'file', 'write_file', { path: 'WHO:/new.txt', content: 'x' }],
  [
    'a change of a file there',
    'file',
    'edit_file',
    { path: 'WHO:/note.txt', edits: [{ old_text: 'note', new_text: 'x' }] },
  ],
  ['a new directory there', 'file', 'create_directory', { path: 'WHO:/new' }],
  ['a file moved there', 'file', 'move_file', { path: 'acme:/note.txt', to: 'WHO:/moved.txt' }],
  ['a file fetched from there', 'file', 'move_file', { path: 'WHO:/note.txt', to: 'acme:/moved.txt' }],
  ['a file deleted there', 'file', 'delete_file', { path: 'WHO:/note.txt' }],
  ['a tenant among the arguments of a read', 'file', 'read_text_file', { path: 'note.txt', tenant: 'WHO' }],
  ['a listing that goes on behind a name there', 'file', 'list_directory', { path: 'acme:/', cursor: '../WHO/a' }],
  ['a search that goes on there', 'file', 'search_files', { path: 'acme:/', pattern: '*', cursor: '../WHO/note.txt' }],
  [
    'the lines of a file there, by a cursor',
    'file',
    'search_content',
    { path: 'acme:/', pattern: 'secret', cursor: '1:../WHO/secret.txt' },
  ],
  [
    'the lines behind a symbolic link, by a cursor',
    'file',
    'search_content',
    { path: 'acme:/', pattern: 'secret', glob: 'to-WHO', cursor: '1:to-WHO' },
  ],
  [
    'the lines of a hard link, by a cursor',
    'file',
    'search_content',
    { path: 'acme:/', pattern: 'linked', glob: 'hard-WHO', cursor: '1:hard-WHO' },
  ],
  ['its host', 'fetch', 'fetch_url', { url: 'https://WHO.example.com/' }],
  ['a path of its host', 'fetch', 'fetch_url', { url: 'https://WHO.example.com/private' }],
  ['its host on another port', 'fetch', 'fetch_url', { url: 'https://WHO.example.com:8443/' }],
]

const asTried = (args: object, who: string) =>
  JSON.parse(JSON.stringify(args).replaceAll('WHO', who).replaceAll('DIR', at.dir)) as object
// What the caller itself wrote comes back in some answers; durations and identifiers are new each time.
const plain = (body: string) => body.replaceAll(/globex|nosuch/g, 'WHO').replaceAll(/"duration_ms":\d+/g, '')

suite(`${TRIES.length} ways to another tenant`, () => {
  for (const [what, server, tool, args] of TRIES)
    test(`${server}: ${what}`, async () => {
      const before = at.records(server).length
      const tried = await at.call(server, 'acme', tool, asTried(args, 'globex'))
      const made = at
        .records(server)
        .slice(before)
        .filter(({ type }) => type !== 'checkpoint') // the trail's own
      const missing = await at.call(server, 'acme', tool, asTried(args, 'nosuch'))
      assert.equal(tried.status, 200)
      assert.equal(plain(tried.body), plain(missing.body))
      assert.doesNotMatch(tried.body, /of[ -]globex/)
      const calls = made.filter(({ type }) => String(type).startsWith('tool_call.'))
      assert.ok(calls.length > 0, 'it is on record')
      for (const record of made) assert.deepEqual([record['tenant'], record['caller']], ['acme', at.keys.acme.id])
    })

  test('what is refused to the one is there for the other', async () => {
    const own = [
      await at.call('db-query', 'globex', 'query_sql', sql('SELECT * FROM papers', 'globex')),
      await at.call('db-query', 'globex', 'query_sql', sql("SELECT * FROM orders WHERE owner = 'globex'", 'common')),
      await at.call('file', 'globex', 'read_text_file', { path: 'note.txt' }),
    ]
    for (const { body } of own) assert.match(body, /of[ -]globex/)
    assert.doesNotMatch(own.map(({ body }) => body).join(), /of[ -]acme/)
  })

  test('resources: not listed, and read like one that is not there', async () => {
    const rpc = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params })
    for (const server of ['db-query', 'file'])
      for (const method of ['resources/list', 'resources/templates/list', 'tools/list'])
        assert.doesNotMatch((await at.send(server, 'acme', rpc(method))).body, /globex/, `${server} ${method}`)
    const uris = [
      ...['db://WHO/schema', 'db://WHO/schema/papers', 'db://WHO'].map((uri) => ['db-query', uri] as const),
      ...['root://WHO/', 'root://WHO/secret.txt', 'root://acme/..%2fWHO%2fsecret.txt'].map(
        (uri) => ['file', uri] as const,
      ),
    ]
    for (const [server, uri] of uris) {
      const read = (who: string) => at.send(server, 'acme', rpc('resources/read', { uri: uri.replace('WHO', who) }))
      assert.equal(plain((await read('globex')).body), plain((await read('nosuch')).body), uri)
    }
    assert.doesNotMatch((await at.call('file', 'acme', 'list_allowed_directories', {})).body, /globex/)
  })

  test('headers and _meta name no tenant', async () => {
    const { url, key } = { url: at.urls['file'] ?? '', key: at.keys.acme.key }
    const message = (meta?: object) => ({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: {
        name: 'read_text_file',
        arguments: { path: 'note.txt' },
        ...(meta === undefined ? {} : { _meta: meta }),
      },
    })
    const tried = [
      await ask({ url }, { authorization: `Bearer ${key}` }, message({ tenant: 'globex', 'x-tenant': 'globex' })),
      ...(await Promise.all(
        ['x-tenant', 'x-tenant-id', 'x-forwarded-user', 'mcp-session-id', 'x-original-url', 'forwarded'].map((name) =>
          ask({ url }, { authorization: `Bearer ${key}`, [name]: 'globex' }, message()),
        ),
      )),
    ]
    for (const { status, body } of tried) {
      assert.equal(status, 200)
      assert.match(body, /note of acme/)
    }
  })

  test('a key with one letter changed, and one whose line in the file is edited by hand, is like any unknown key', async () => {
    const { key } = at.keys.globex
    const edited = key.slice(0, 20) + (key[20] === 'A' ? 'B' : 'A') + key.slice(21)
    const asked = await ask({ url: at.urls['file'] ?? '' }, { authorization: `Bearer ${edited}` })
    const unknown = await ask({ url: at.urls['file'] ?? '' }, { authorization: `Bearer mcp_${'A'.repeat(43)}` })
    assert.deepEqual([asked.status, asked.body, asked.challenge], [unknown.status, unknown.body, unknown.challenge])
    assert.equal(asked.status, 401)
  })

  test("a cursor of the other's query goes on in nobody's rows", async () => {
    const query = sql('SELECT id, owner FROM orders ORDER BY id', 'common')
    const first = await at.call('db-query', 'globex', 'query_sql', { ...query, max_rows: 5 })
    const cursor = /"next":"([^"]+)"/.exec(first.body)?.[1]
    assert.ok(cursor !== undefined, first.body)
    const stolen = await at.call('db-query', 'acme', 'query_sql', { ...query, max_rows: 5, cursor })
    assert.doesNotMatch(stolen.body, /globex/)
    assert.match(stolen.body, /"isError":true/)
    const own = await at.call('db-query', 'globex', 'query_sql', { ...query, max_rows: 5, cursor })
    assert.match(own.body, /globex/)
  })

  test('interleaved calls of both tenants: every answer holds its own tenant and never the other', async () => {
    const calls = Number(process.env['INTERLEAVINGS'] ?? 1_000)
    const kinds = [
      ['db-query', 'query_sql', (own: string) => sql('SELECT text FROM papers', own), 'the-secret-of-'],
      ['db-query', 'query_sql', () => sql('SELECT owner, text FROM orders LIMIT 3', 'common'), ' of '],
      ['file', 'read_text_file', () => ({ path: 'secret.txt' }), 'the-secret-of-'],
      ['file', 'search_content', () => ({ path: '.', pattern: 'note' }), 'note of '],
    ] as const
    let next = 0
    const owned = { acme: 0, globex: 0 }
    const agent = async () => {
      for (let n = next++; n < calls; n = next++) {
        const own = TENANTS[(n * 7 + (n >> 3)) % 2] ?? 'acme'
        const other = own === 'acme' ? 'globex' : 'acme'
        const [server, tool, args, mark] = kinds[n % kinds.length] ?? kinds[0]
        const { body } = await at.call(server, own, tool, args(own))
        if (/"code":"busy"/.test(body)) continue // refused for want of a worker: says nothing about anybody
        assert.ok(body.includes(`${mark}${own}`), `${n}: ${body.slice(0, 300)}`)
        assert.ok(!body.includes(`${mark}${other}`), `${n}: the other's`)
        owned[own] += 1
      }
    }
    await Promise.all(Array.from({ length: 16 }, agent))
    assert.ok(owned.acme > calls / 4 && owned.globex > calls / 4, JSON.stringify(owned))
    for (const server of ['db-query', 'file'])
      for (const { caller, tenant } of at.records(server))
        if (caller !== undefined) assert.equal(caller, at.keys[tenant as 'acme'].id, 'no record under the wrong tenant')
  })

  test('nothing of the other was changed or carried off', () => {
    assert.equal(readFileSync(join(at.dir, 'globex', 'secret.txt'), 'utf8'), `${SECRET}\n`)
    assert.equal(readFileSync(join(at.dir, 'globex', 'note.txt'), 'utf8'), 'note of globex\n')
    appendFileSync(join(at.dir, 'globex', 'note.txt'), '') // still there, still writable
  })
})
