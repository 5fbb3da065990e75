// The command line says clearly what is wrong, exits with 78 then, and grants nothing that was not given.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { COMMAND, command } from '@hardened-mcp/testkit/command'
import Database from 'better-sqlite3'

const dir = mkdtempSync(join(tmpdir(), 'command-'))
after(() => rmSync(dir, { recursive: true }))
const inDir = (name: string, text?: string) => {
  const path = join(dir, name)
  if (text !== undefined) writeFileSync(path, text)
  return path
}
const db = inDir('shop.sqlite')
new Database(db).exec('CREATE TABLE t (id INTEGER PRIMARY KEY)').close()
const audit = ['--audit', join(dir, 'audit')]
const open = inDir('open')
mkdirSync(open)
chmodSync(open, 0o755)

const POLICY = `version: 1
servers:
  db-query:
    allowed_tools: [query_sql]
    permissions: ["tool:read_only", "resource:local"]
    resources: { databases: [{ name: shop, file: ${db}, tables: { t: {} } }] }
`

const BOUND = `oauth:
  resource: https://mcp.example.com/shop/mcp
  issuers: [{ name: corp, issuer: https://id.example.com, jwks_uri: https://id.example.com/jwks, tenant: acme, mtls: required }]
  scopes: { "shop:read": ["tool:read_only"] }
`

suite('hardened-mcp: mistakes are one line and exit code 78', () => {
  const ROWS: readonly [name: string, args: readonly string[], line: RegExp][] = [
    ['an unknown command', ['server'], /Unknown command server/],
    ['a name from the prototype', ['toString'], /Unknown command toString/],
    ['serve without a server', ['serve'], /serve needs one of db-query, file, fetch/],
    ['serve with an unknown server', ['serve', 'shell'], /serve needs one of/],
    ['an unknown flag', ['serve', 'file', '--writable'], /Unknown option '--writable'/],
    ['nothing granted', ['serve', 'db-query', ...audit], /Nothing is granted to db-query: give --db FILE/],
    ['nothing granted to fetch', ['serve', 'fetch', ...audit], /Nothing is granted to fetch: give --allow HOST/],
    ['a database that is not there', ['serve', 'db-query', '--db', join(dir, 'none.sqlite'), ...audit], /none/],
    ['a root that is not there', ['serve', 'file', '--root', join(dir, 'none'), ...audit], /none/],
    ['an address without a port', ['serve', 'file', '--root', dir, '--http', 'localhost'], /--http needs HOST:PORT/],
    [
      'a bind to all addresses without TLS',
      ['serve', 'file', '--root', dir, '--http', '0.0.0.0:0', ...audit],
      /needs TLS/,
    ],
    [
      'a certificate without its key',
      ['serve', 'file', '--root', dir, '--http', '[::]:0', '--tls-cert', 'c.pem'],
      /belong together/,
    ],
    [
      'a client CA without a certificate of the server',
      ['serve', 'file', '--root', dir, '--http', '[::]:0', '--tls-client-ca', 'c.pem'],
      /--tls-client-ca needs --tls-cert and --tls-key/,
    ],
    [
      'certificate-bound tokens where no certificate can be seen',
      ['serve', 'db-query', '--policy', inDir('bound.yaml', POLICY + BOUND), '--http', '127.0.0.1:0', ...audit],
      /oauth: mtls of corp needs --tls-cert and --tls-key/,
    ],
    ['an audit directory that others may read', ['serve', 'file', '--root', dir, '--audit', open], /0700/],
    ['a policy file that is not there', ['serve', 'file', '--policy', join(dir, 'none.yaml')], /cannot be read/],
    ['a policy without this server', ['serve', 'file', '--policy', inDir('one.yaml', POLICY)], /no section for file/],
    [
      'flags beside a policy with resources',
      ['serve', 'db-query', '--policy', inDir('one.yaml', POLICY), '--db', db, ...audit],
      /not from both/,
    ],
    ['no workers', ['serve', 'file', '--root', dir, '--workers', '0'], /--workers needs a number from 1 to 64/],
    ['audit verify of nothing', ['audit', 'verify'], /Usage: hardened-mcp audit verify DIR/],
    ['an anchor that is none', ['audit', 'verify', dir, '--anchor', '0:1:abc'], /--anchor needs SLOT:SEQ:HASH/],
    ['a key without a name', ['keys', 'mint', '--keys', join(dir, 'keys.json')], /--name/],
  ]
  for (const [name, args, line] of ROWS) {
    test(name, async () => {
      const { code, stderr, stdout } = await command(args)
      const said = stderr.split('\n').filter((text) => text.startsWith('hardened-mcp: '))
      assert.equal(code, 78, stderr)
      assert.equal(said.length, 1, stderr)
      assert.match(said[0] as string, line)
      assert.equal(stdout, '')
    })
  }
})

suite('hardened-mcp policy check', () => {
  const check = (text: string) => command(['policy', 'check', inDir('policy.yaml', text)])

  test('prints what can be called', async () => {
    assert.deepEqual(await check(POLICY), { code: 0, stdout: 'db-query: query_sql\n', stderr: '' })
  })

  test('a denied tool and a missing permission leave nothing', async () => {
    assert.match(
      (await check(POLICY.replace('permissions:', 'denied_tools: [query_sql]\n    permissions:'))).stdout,
      /no tool can be called/,
    )
    assert.match((await check(POLICY.replace('"tool:read_only", ', ''))).stdout, /no tool can be called/)
  })

  const BROKEN: readonly [name: string, text: string, line: RegExp][] = [
    ['a mistyped key', POLICY.replace('allowed_tools', 'alowed_tools'), /servers\.db-query/],
    ['a mistyped key of a resource', POLICY.replace('file:', 'path:'), /resources/],
    ['a permission that does not exist', POLICY.replace('tool:read_only', 'tool:root'), /permissions/],
    ['a tool that does not exist', POLICY.replace('[query_sql]', '[drop_table]'), /there is no tool drop_table/],
    ['a star as a tool', POLICY.replace('[query_sql]', '["*"]'), /allowed_tools/],
    ['a server that does not exist', POLICY.replace('db-query', 'shell'), /servers/],
    ['another version', POLICY.replace('version: 1', 'version: 3'), /version/],
    ['a key twice', `${POLICY}version: 1\n`, /not valid YAML/],
    [
      'an alias',
      POLICY.replace('allowed_tools: [query_sql]', 'allowed_tools: &a [query_sql]\n    denied_tools: *a'),
      /YAML/,
    ],
    ['no YAML at all', '{', /not valid YAML/],
    ['nothing', '', /top level/],
  ]
  for (const [name, text, line] of BROKEN) {
    test(`refuses ${name}`, async () => {
      const { code, stderr } = await check(text)
      assert.equal(code, 78)
      assert.match(stderr, line)
      assert.equal(stderr.trim().split('\n').length, 1)
    })
  }
})

suite('hardened-mcp audit verify', () => {
  test('proves a trail against the head that a server logged, and finds it cut or rewritten', async () => {
    const trail = join(dir, 'anchored')
    const started = await command(['serve', 'db-query', '--db', db, '--audit', trail]) // stdin ends at once: it starts and goes
    assert.equal(started.code, 0, started.stderr)
    const file = join(trail, 'slot-0.jsonl')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    assert.ok(lines.length >= 2)
    const seq = lines.length - 1
    const hash = createHash('sha256')
      .update(`\0${lines.at(-1)}`)
      .digest('hex') // RFC 6962 §2.1: a leaf of the log
    const verify = (anchor: string) => command(['audit', 'verify', trail, '--anchor', anchor])
    assert.equal((await verify(`0:${seq}:${hash}`)).code, 0)
    assert.equal((await verify(`0:${seq}:${'0'.repeat(64)}`)).code, 1)
    writeFileSync(file, `${lines.slice(0, -1).join('\n')}\n`)
    assert.equal((await command(['audit', 'verify', trail])).code, 1, 'the key of the slot is of a later epoch')
    rmSync(join(trail, 'slot-0.key'))
    assert.equal((await command(['audit', 'verify', trail])).code, 3, 'with the key gone nothing is established')
    assert.equal((await verify(`0:${seq}:${hash}`)).code, 1)
  })
})

suite('hardened-mcp --help', () => {
  test('every command explains itself and exits 0', async () => {
    for (const args of [
      ['--help'],
      ['serve', '--help'],
      ['keys', '--help'],
      ['audit', '--help'],
      ['policy', '--help'],
      ['doctor', '--help'],
    ]) {
      const { code, stdout, stderr } = await command(args)
      assert.equal(code, 0)
      assert.match(stdout, /hardened-mcp/)
      assert.equal(stderr, '')
    }
    const { stdout } = await command(['serve', '--help'])
    for (const flag of ['--db', '--root', '--write-root', '--allow', '--policy', '--http', '--audit'])
      assert.match(stdout, new RegExp(flag))
  })
})

suite('hardened-mcp: output', () => {
  test('reaches a reader that begins late to its end, also what a pipe does not hold at once', () => {
    const late = '"$0" "$1" policy schema | { sleep 3; cat; }' // by then the command has written all it has, or waits
    const text = execFileSync('sh', ['-c', late, process.execPath, COMMAND], { encoding: 'utf8' })
    assert.ok(text.length > 65_536)
    assert.equal(typeof JSON.parse(text), 'object')
  })

  test('ends without a word when its reader goes away', async () => {
    const child = spawn(process.execPath, [COMMAND, 'policy', 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'close')
    let said = ''
    child.stderr.on('data', (chunk) => (said += String(chunk)))
    child.stdout.destroy()
    assert.deepEqual([await ended, said], [[74, null], ''])
  })
})
