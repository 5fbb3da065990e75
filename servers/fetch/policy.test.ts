// The corpora through the whole judge, the allowlist on both sides of every boundary, and the operator's input.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCaller } from '@hardened-mcp/testkit'
import allowed from '../../test/vectors/urls/allowed.json' with { type: 'json' }
import refused from '../../test/vectors/urls/refused.json' with { type: 'json' }
import { tenantScope } from '@hardened-mcp/security-core'
import { urlJudge } from './policy.ts'
import { resources } from './resources.ts'
import server from './server.ts'

const ruling = (text: string, granted: unknown) => {
  const { decision } = urlJudge(resources.parse(granted))(text, { tenant: tenantScope('acme'), method: 'GET' })
  if (decision.verdict === 'allow') return 'allow'
  assert.equal(decision.code, 'url_denied')
  return /\((\w+)\)/.exec(decision.detail?.says ?? '')?.[1]
}

suite('urlJudge() with every public host allowed', () => {
  for (const { given, expect, because } of refused)
    test(`refuses ${JSON.stringify(given).slice(0, 80)}: ${because}`, () =>
      assert.equal(ruling(given, { allow: ['*'] }), expect))
  for (const { given, because } of allowed)
    test(`allows ${JSON.stringify(given).slice(0, 80)}: ${because}`, () =>
      assert.equal(ruling(given, { allow: ['*'] }), 'allow'))
})

suite('urlJudge() with a list', () => {
  const list = { allow: ['example.com', '*.example.org', 'api.example.net:8443', '1.1.1.1', '[2606:4700:4700::1111]'] }
  const rows = [
    ['https://example.com/', 'allow', 'exact'],
    ['https://EXAMPLE.com/', 'allow', 'names have no case'],
    ['https://www.example.com/', 'not_allowed', 'an exact entry is no wildcard'],
    ['https://evil-example.com/', 'not_allowed', 'suffix of letters'],
    ['https://example.com.evil.net/', 'not_allowed', 'prefix'],
    ['https://a.example.org/', 'allow', 'one label below'],
    ['https://a.b.example.org/', 'allow', 'two labels below'],
    ['https://example.org/', 'not_allowed', 'the wildcard does not mean the name itself'],
    ['https://aexample.org/', 'not_allowed', 'by label, not by letters'],
    ['https://api.example.net:8443/', 'allow', 'its port'],
    ['https://api.example.net/', 'port', 'another port'],
    ['https://example.com:8443/', 'port', 'the port of another entry'],
    ['https://1.1.1.1/', 'allow', 'literal'],
    ['https://1.1.1.2/', 'not_allowed', 'another literal'],
    ['https://[2606:4700:4700::1111]/', 'allow', 'literal'],
    ['https://127.0.0.1/', 'address', 'never public'],
  ] as const
  for (const [text, expected, because] of rows)
    test(`${text} ${expected}: ${because}`, () => assert.equal(ruling(text, list), expected))

  test('an empty list allows nothing', () => {
    assert.equal(ruling('https://example.com/', {}), 'not_allowed')
    assert.equal(ruling('https://1.1.1.1/', { allow: [] }), 'not_allowed')
  })
})

suite('urlJudge() with terms', () => {
  const granted = resources.parse({
    allow: [
      { host: 'api.example.com', methods: ['GET', 'POST'], paths: ['/v1/items'] },
      { host: 'api.example.com', paths: ['/docs/'] },
      { host: 'acme.example.com', tenants: ['acme'] },
    ],
    internal: [{ host: 'wiki.corp', cidr: '10.1.2.3', port: 443, tenants: ['acme'], paths: ['/public'] }],
  })
  const judge = urlJudge(granted)
  const rows = [
    ['https://api.example.com/v1/items', 'POST', 'acme', 'allow'],
    ['https://api.example.com/v1/items/7?x=1', 'GET', 'acme', 'allow'],
    ['https://api.example.com/v1/items', 'HEAD', 'acme', 'method'],
    ['https://api.example.com/v1/items-old', 'GET', 'acme', 'path'],
    ['https://api.example.com/v1/items/../admin', 'GET', 'acme', 'path'],
    ['https://api.example.com/v1/items/%2e%2e/admin', 'GET', 'acme', 'path'],
    ['https://api.example.com/docs/..%2fv1', 'GET', 'acme', 'path'],
    ['https://api.example.com/docs/%252e%252e%252fv1', 'GET', 'acme', 'path'],
    ['https://api.example.com/docs/..;/admin', 'GET', 'acme', 'path'],
    ['https://api.example.com/docs/a%20b', 'GET', 'acme', 'allow'],
    ['https://api.example.com/docs/x', 'POST', 'acme', 'method'],
    ['https://api.example.com/docs', 'GET', 'acme', 'path'],
    ['https://api.example.com/', 'GET', 'acme', 'path'],
    ['https://acme.example.com/', 'GET', 'acme', 'allow'],
    ['https://acme.example.com/', 'POST', 'acme', 'method'],
    ['https://acme.example.com/', 'GET', 'rival', 'not_allowed'],
    ['https://wiki.corp/public/a', 'GET', 'acme', 'allow'],
    ['https://wiki.corp/private', 'GET', 'acme', 'path'],
    ['https://wiki.corp/public', 'GET', 'rival', 'not_allowed'],
  ] as const
  for (const [text, method, tenant, expected] of rows)
    test(`${method} ${text} for ${tenant}: ${expected}`, () => {
      const { decision } = judge(text, { method, tenant: tenantScope(tenant) })
      const rule = decision.verdict === 'allow' ? 'allow' : /\((\w+)\)/.exec(decision.detail?.says ?? '')?.[1]
      assert.equal(rule, expected)
    })

  test('post_url is a tool only where POST is granted, and needs the right to write', () => {
    const names = (given: unknown) => server.tools(resources.parse(given)).map(({ name }) => name)
    assert.deepEqual(names({ allow: ['example.com'] }), ['fetch_url'])
    assert.deepEqual(names({ allow: [{ host: 'example.com', methods: ['POST'] }] }), ['fetch_url', 'post_url'])
    assert.ok(server.grants(granted).includes('tool:write'))
    assert.ok(!server.grants(resources.parse({ allow: ['example.com'] })).includes('tool:write'))
  })

  for (const paths of [['docs'], ['/a/../b'], ['/a%2fb'], ['/a?b'], []])
    test(`paths ${JSON.stringify(paths)} are refused`, () =>
      assert.ok(!resources.safeParse({ allow: [{ host: 'example.com', paths }] }).success))
})

suite('urlJudge() with an exception inside', () => {
  const granted = { internal: [{ host: 'wiki.corp', cidr: '10.1.2.3', port: 8443 }] }
  const rows = [
    ['https://wiki.corp:8443/page', 'allow'],
    ['https://wiki.corp/', 'host'],
    ['https://www.wiki.corp:8443/', 'host'],
    ['https://10.1.2.3:8443/', 'address'],
    ['https://example.com/', 'not_allowed'],
    ['http://wiki.corp:8443/', 'scheme'],
    ['https://user@wiki.corp:8443/', 'userinfo'],
  ] as const
  for (const [text, expected] of rows) test(`${text} ${expected}`, () => assert.equal(ruling(text, granted), expected))
})

suite('resources', () => {
  const good = [
    'example.com',
    '*.example.com',
    '*',
    '*:8443',
    '*.com',
    'example.com:8443',
    '1.1.1.1',
    '[2606:4700:4700::1111]:853',
  ]
  for (const entry of good)
    test(`allow ${entry} is an entry`, () => assert.ok(resources.safeParse({ allow: [entry] }).success))
  const bad = [
    '',
    '**',
    '*.',
    '*.*',
    '*.*.com',
    'a.*.com',
    'localhost',
    '*.local',
    '*.internal',
    '127.0.0.1',
    '10.0.0.1',
    '[::1]',
    'https://example.com',
    'example.com/',
    'example.com/path',
    'example.com:0',
    '*:0',
    '*.1.1.1.1',
    'exam ple.com',
    'example.com.',
    '*example.com',
    'user@example.com',
  ]
  for (const entry of bad)
    test(`allow ${JSON.stringify(entry)} is refused`, () => assert.ok(!resources.safeParse({ allow: [entry] }).success))
  const inside = { host: 'wiki.corp', cidr: '10.0.0.1', port: 443 }
  const rows: readonly (readonly [string, object, boolean])[] = [
    ['a single address', inside, true],
    ['a /24', { ...inside, cidr: '10.0.0.0/24' }, true],
    ['a /16', { ...inside, cidr: '10.0.0.0/16' }, true],
    ['a /15 is too wide', { ...inside, cidr: '10.0.0.0/15' }, false],
    ['all of IPv4', { ...inside, cidr: '0.0.0.0/0' }, false],
    ['IPv6', { ...inside, cidr: 'fd00::1/128' }, true],
    ['an IPv6 /47 is too wide', { ...inside, cidr: 'fd00::/47' }, false],
    ['no address', { ...inside, cidr: 'wiki' }, false],
    ['an address for a name', { ...inside, host: '10.0.0.1' }, false],
    ['upper case', { ...inside, host: 'Wiki.corp' }, false],
    ['one label', { ...inside, host: 'wiki' }, true],
    ['a wildcard', { ...inside, host: '*.corp' }, false],
    ['a relative CA path', { ...inside, ca_file: 'ca.pem' }, false],
    ['an unknown key', { ...inside, insecure: true }, false],
  ]
  for (const [name, entry, expected] of rows)
    test(`internal: ${name}`, () => assert.equal(resources.safeParse({ internal: [entry] }).success, expected))
})

suite('the page', () => {
  test('grants nothing when nothing is allowed', () => {
    assert.deepEqual(server.grants(resources.parse({})), [])
    assert.deepEqual(server.grants(resources.parse({ allow: ['example.com'] })), [
      'tool:read_only',
      'tool:network',
      'resource:remote',
    ])
  })

  test('reads its flags', () => {
    const flags = {
      allow: ['example.com'],
      internal: ['site.corp=127.0.0.1:8443', 'six.corp=[fd00::1]/128:443'],
      ca: ['/tmp/ca.pem'],
    }
    const granted = resources.parse(server.fromFlags(flags))
    assert.deepEqual(granted.internal, [
      { host: 'site.corp', cidr: '127.0.0.1', port: 8443, ca_file: '/tmp/ca.pem' },
      { host: 'six.corp', cidr: 'fd00::1/128', port: 443, ca_file: '/tmp/ca.pem' },
    ])
    assert.deepEqual(server.worker.fsRead(granted), ['/etc/resolv.conf', '/tmp/ca.pem'])
    for (const internal of ['site.corp', 'site.corp=127.0.0.1', 'site.corp=:443', '=127.0.0.1:443'])
      assert.throws(() => server.fromFlags({ internal: [internal] }), RangeError)
    assert.throws(() => server.fromFlags({ ca: ['/tmp/ca.pem'] }), RangeError)
  })

  test('plans the operation that its input says, for the tenant of the caller', () => {
    const [tool] = server.tools(resources.parse({}))
    assert.ok(tool)
    const input = tool.input.parse({ url: 'https://example.com/' })
    assert.deepEqual(tool.plan(input, aCaller()), {
      op: 'fetch',
      tenant: aCaller().tenant,
      method: 'GET',
      url: 'https://example.com/',
      format: 'markdown',
      start: 0,
      length: 20_000,
    })
  })
})
