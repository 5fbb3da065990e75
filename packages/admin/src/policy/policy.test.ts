// The command explains a decision as the server would take it, says what a change grants, and finds what nobody can have meant.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { parsePolicy } from '../../../host/src/policy/policy-file.ts'
import { lint } from './lint.ts'
import { policyJsonSchema } from './json-schema.ts'

const COMMAND = join(import.meta.dirname, '../../bin/hardened-mcp.js')
const dir = mkdtempSync(join(tmpdir(), 'policy-'))
after(() => rmSync(dir, { recursive: true }))
let files = 0
const write = (text: string) => {
  const path = join(dir, `policy-${files++}.yaml`)
  writeFileSync(path, text)
  return path
}
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, 'policy', ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, lines: stdout.trimEnd().split('\n'), stderr }
}

const POLICY = `version: 2
servers:
  db-query:
    allowed_tools: [query_sql, list_tables]
    permissions: ["tool:read_only", "resource:local"]
    rate_limits: { "*": 60 }
    resources: { databases: [{ name: shop, file: /data/shop.sqlite, tenants: [acme], tables: { orders: {} } }] }
roles:
  analyst: { servers: { db-query: { allowed_tools: [query_sql], permissions: ["tool:read_only", "resource:local"] } } }
tenants:
  acme: { servers: { db-query: { allowed_tools: [query_sql, list_tables], permissions: ["tool:read_only", "resource:local"] } } }
subjects:
  - { id: "corp:alice", tenant: acme, roles: [analyst] }
tests:
  - name: alice may query
    { server: db-query, tool: query_sql, caller: { id: "corp:alice", tenant: acme }, arguments: { sql: "SELECT 1" }, expect: allow }
`.replace('  - name: alice may query\n    { server', '  - { name: alice may query, server')
const asAlice = ['--server', 'db-query', '--caller', 'corp:alice', '--tenant', 'acme']

const FETCHING = `version: 1
servers:
  fetch:
    allowed_tools: [fetch_url]
    permissions: ["tool:read_only", "tool:network", "resource:remote"]
    resources:
      allow: [example.com]
      egress_proxy: 172.30.5.3:3128
`

suite('hardened-mcp policy', () => {
  test('check --egress-proxy passes where fetch goes through that proxy, however it is written, and says what is missing elsewhere', () => {
    const line = '      egress_proxy: 172.30.5.3:3128'
    const check = (text: string) => run('check', write(text), '--egress-proxy', '172.30.5.3:3128')
    const flow = '      ? "egress_proxy"\n      : "172.30.5.3:3128"'
    for (const text of [FETCHING, FETCHING.replace(line, flow)]) assert.equal(check(text).status, 0, check(text).stderr)
    const refused: readonly [string, RegExp][] = [
      [FETCHING.replace(line, `      # ${line.trim()}`), /needs egress_proxy: 172\.30\.5\.3:3128, and has none/],
      [FETCHING.replace(line, '      egress_proxy: 172.30.5.3:31280'), /not 172\.30\.5\.3:31280/],
      [FETCHING.replace(line, `      user_agent: "${line.trim()}"`), /and has none/],
      [POLICY, /and has none/],
    ]
    for (const [text, says] of refused) {
      const { status, stderr } = check(text)
      assert.equal(status, 78)
      assert.match(stderr, says)
    }
  })

  test('explain prints each step and the verdict, and ends with 1 when it is no', () => {
    const file = write(POLICY)
    const yes = run('explain', file, ...asAlice, '--tool', 'query_sql', '--args', '{"sql":"SELECT 1"}')
    assert.equal(yes.status, 0, yes.stderr)
    assert.equal(yes.lines.at(-1), 'allow')
    assert.ok(yes.lines.includes('yes  Role analyst grants it'), yes.lines.join('\n'))
    const no = run('explain', file, ...asAlice, '--tool', 'list_tables')
    const steps = no.lines.filter((line) => !line.startsWith('watch'))
    assert.deepEqual(
      [no.status, ...steps.slice(-2)],
      [1, 'NO   No role grants list_tables with tool:read_only resource:local', 'deny'],
    )
    const other = run(
      'explain',
      file,
      ...asAlice,
      '--tool',
      'query_sql',
      '--args',
      '{"sql":"SELECT 1","database":"none"}',
    )
    assert.deepEqual([other.status, other.lines.at(-1)], [1, 'deny'])
    assert.equal(run('explain', file, ...asAlice, '--tool', 'query_sql', '--can', 'tool:read_only').status, 1)
    assert.equal(run('explain', file, '--tool', 'query_sql').status, 78)
  })

  test('diff says which rights come and go, and which limits change', () => {
    const before = write(POLICY)
    assert.deepEqual(run('diff', before, write(POLICY)), { status: 0, lines: [''], stderr: '' })
    const more = POLICY.replace(
      'analyst: { servers: { db-query: { allowed_tools: [query_sql]',
      'analyst: { servers: { db-query: { allowed_tools: [list_tables]',
    )
    const { status, lines } = run('diff', before, write(more.replace('"*": 60', '"*": 90').replace(/tests:[^]*$/, '')))
    assert.equal(status, 1)
    assert.deepEqual(lines, [
      '+ corp:alice of acme: db-query list_tables',
      '+ a key of acme with role analyst: db-query list_tables',
      '- corp:alice of acme: db-query query_sql',
      '- a key of acme with role analyst: db-query query_sql',
      '~ servers.db-query.rate_limits: {"*":60} -> {"*":90}',
    ])
  })

  test('test runs the tests of the file; a server does not start with one that fails', () => {
    assert.deepEqual(run('test', write(POLICY)), { status: 0, lines: ['ok  alice may query'], stderr: '' })
    const wrong = write(POLICY.replace('expect: allow', 'expect: deny'))
    assert.deepEqual(
      [run('test', wrong).status, run('test', wrong).lines],
      [1, ["FAILED  alice may query: allow, The server's own policies allow the operation"]],
    )
    const served = spawnSync(
      process.execPath,
      [COMMAND, 'serve', 'db-query', '--policy', wrong, '--audit', join(dir, 'audit')],
      { encoding: 'utf8', timeout: 60_000 },
    )
    assert.equal(served.status, 78)
    assert.match(served.stderr, /own test fails: alice may query/)
  })

  test('lint is content with a narrow policy, and finds each oddity by its name', () => {
    const narrow = POLICY.replaceAll('[query_sql, list_tables]', '[query_sql]')
    assert.deepEqual(lint(parsePolicy(narrow)), [])
    const ROWS: readonly [rule: string, where: RegExp, text: string][] = [
      ['unreachable', /allowed_tools/, POLICY], // nobody can call list_tables
      ['wildcard', /tables/, narrow.replace('tables: { orders: {} }', 'tables: "*"')],
      ['wildcard', /databases\.0/, narrow.replace('tenants: [acme], ', '')],
      ['unreachable', /rate_limits|db-query/, narrow.replace('"*": 60', '"*": 60, list_tables: 5')],
      [
        'unreachable',
        /permissions/,
        narrow.replace(
          'permissions: ["tool:read_only", "resource:local"]',
          'permissions: ["tool:read_only", "resource:local", "tool:write"]',
        ),
      ],
      [
        'unreachable',
        /roles\.analyst/,
        narrow.replace(
          'analyst: { servers: { db-query: { allowed_tools: [query_sql]',
          'analyst: { servers: { db-query: { allowed_tools: [query_sql, list_tables]',
        ),
      ],
      [
        'unreachable',
        /subjects/,
        narrow.replace(
          'acme: { servers: { db-query: { allowed_tools: [query_sql]',
          'acme: { servers: { db-query: { allowed_tools: []',
        ),
      ],
      [
        'budget',
        /budgets/,
        narrow.replace('rate_limits: { "*": 60 }', 'rate_limits: { "*": 60 }\n    budgets: { per: day, bytes: 100 }'),
      ],
      ['rule_of_two', /role analyst/, withFetch(narrow)],
    ]
    for (const [rule, where, text] of ROWS) {
      const found = lint(parsePolicy(text))
      assert.ok(
        found.some((each) => each.rule === rule && where.test(each.where)),
        `${rule} ${where.source}: ${JSON.stringify(found)}`,
      )
    }
    const accepted = withFetch(narrow).replace(
      'analyst: {',
      'analyst: { rule_of_two: { because: the pages are our own, until: "2999-01-01" },',
    )
    assert.ok(lint(parsePolicy(accepted)).every(({ rule }) => rule !== 'rule_of_two'))
  })

  test('the rule of two goes by what the operator says of the places', () => {
    const both = withFetch(POLICY)
    const isFound = (text: string) => lint(parsePolicy(text)).some(({ rule }) => rule === 'rule_of_two')
    const rows: readonly (readonly [because: string, found: boolean, text: string])[] = [
      ['rows are private, pages strangers’, and a request goes out', true, both],
      [
        'a host that may be sent what is private is no way out',
        false,
        both.replace('host: example.com,', 'host: example.com, label: { secrecy: private },'),
      ],
      ['public rows', false, both.replace('name: shop,', 'name: shop, label: { secrecy: public },')],
      [
        'public rows, and a host inside whose answers are private',
        true,
        both
          .replace('name: shop,', 'name: shop, label: { secrecy: public },')
          .replace('allow: [', 'internal: [{ host: wiki.corp, cidr: 10.1.2.3, port: 443 }], allow: ['),
      ],
      [
        'nobody else writes the rows or the pages',
        false,
        both
          .replace('name: shop,', 'name: shop, label: { integrity: trusted },')
          .replace('host: example.com,', 'host: example.com, label: { integrity: trusted },'),
      ],
    ]
    for (const [because, found, text] of rows) assert.equal(isFound(text), found, because)
  })

  test('the schema for editors is the one that is checked in', () => {
    const kept = readFileSync(join(import.meta.dirname, '../../../../deploy/policy.schema.json'), 'utf8')
    assert.deepEqual(JSON.parse(kept), JSON.parse(policyJsonSchema()), 'npm run schema writes it anew')
  })
})

function withFetch(text: string): string {
  const right = 'permissions: ["tool:read_only", "tool:network", "resource:remote"]'
  const grant = `fetch: { allowed_tools: [fetch_url], ${right} }`
  return text
    .replace(
      'roles:',
      `  fetch:\n    allowed_tools: [fetch_url]\n    ${right}\n    resources: { allow: [{ host: example.com, tenants: [acme] }] }\nroles:`,
    )
    .replace('analyst: { servers: {', `analyst: { servers: { ${grant},`)
    .replace('acme: { servers: {', `acme: { servers: { ${grant},`)
}
