// RFC 9309: groups, longest match, wildcards, hostile files, and what the status of robots.txt means.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { OutboundSession } from '@hardened-mcp/host/outbound'
import { allow, readUrl, tenantScope } from '@hardened-mcp/security-core'
import { parseRobots, permits, robotsRules } from './robots.ts'

const decide = (text: string, path: string) => permits(parseRobots(text, 'ours'), path)

suite('parseRobots() and permits()', () => {
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    ['an empty file allows', '', '/a', true],
    ['disallow all', 'User-agent: *\nDisallow: /', '/a', false],
    ['an empty disallow allows', 'User-agent: *\nDisallow:', '/a', true],
    ['other paths', 'User-agent: *\nDisallow: /b', '/a', true],
    ['prefix', 'User-agent: *\nDisallow: /a', '/abc', false],
    ['the longest match decides', 'User-agent: *\nDisallow: /a\nAllow: /a/b', '/a/b/c', true],
    ['the order does not', 'User-agent: *\nAllow: /a/b\nDisallow: /a', '/a/b/c', true],
    ['allow wins a tie', 'User-agent: *\nDisallow: /a\nAllow: /a', '/a', true],
    ['own group, not the general one', 'User-agent: *\nDisallow: /\nUser-agent: ours\nDisallow: /x', '/a', true],
    ['own group refuses', 'User-agent: Ours\nDisallow: /', '/a', false],
    ['an own empty group allows', 'User-agent: ours\n\nUser-agent: *\nDisallow: /', '/a', false],
    ['another product', 'User-agent: other\nDisallow: /', '/a', true],
    ['two agents, one group', 'User-agent: other\nUser-agent: ours\nDisallow: /', '/a', false],
    [
      'own groups are joined',
      'User-agent: ours\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: ours\nDisallow: /b',
      '/b',
      false,
    ],
    ['comments', '# hi\nUser-agent: * # all\nDisallow: /a # here', '/a', false],
    ['wildcard', 'User-agent: *\nDisallow: /*.pdf', '/x/y.pdf?z', false],
    ['a maze of wildcards is obeyed, whatever it says', 'User-agent: *\nDisallow: /*a*b*c*d*e*f*g*h*i*j', '/x', false],
    ['end of path', 'User-agent: *\nDisallow: /*.pdf$', '/x.pdf?z', true],
    ['end of path, matching', 'User-agent: *\nDisallow: /*.pdf$', '/x.pdf', false],
    ['exact', 'User-agent: *\nDisallow: /a$', '/ab', true],
    ['a wildcard never matches backwards', 'User-agent: *\nDisallow: /ab*b$', '/ab', true],
    ['query', 'User-agent: *\nDisallow: /*?sort=', '/a?sort=up', false],
    ['letters beyond ASCII', 'User-agent: *\nDisallow: /K\u00f6ln', '/K%C3%B6ln', false],
    ['line ends of old systems', 'User-agent: *\rDisallow: /a\r', '/a', false],
    ['byte order mark', '\ufeffUser-agent: *\nDisallow: /a', '/a', false],
    ['rules without a group', 'Disallow: /', '/a', true],
    ['an HTML page', '<html><body>Not found</body></html>', '/a', true],
  ]
  for (const [name, text, path, expected] of rows) test(name, () => assert.equal(decide(text, path), expected))

  test('mazes of wildcards and floods of rules end quickly', () => {
    const started = performance.now()
    decide(`User-agent: *\n${`Disallow: /${'*a'.repeat(200)}$\n`.repeat(1_000)}`, `/${'a'.repeat(2_000)}`)
    assert.equal(decide(`User-agent: *\n${'Allow: /\n'.repeat(100_000)}`, '/a'), false)
    decide(`User-agent: *\n${`Disallow: /${'*a'.repeat(8)}b\n`.repeat(5_000)}`, `/${'a'.repeat(2_000)}`)
    decide('User-agent: '.repeat(40_000), '/a')
    decide(' '.repeat(500_000), '/a')
    assert.ok(performance.now() - started < 10_000)
  })
})

suite('robotsRules()', () => {
  const url = (text: string) => {
    const reading = readUrl(text)
    assert.ok(reading.ok)
    return reading.url
  }

  /** A session whose robots.txt answers with `status`. */
  function visit(status: number, text: string, options: { obey?: boolean } = {}) {
    const asked: string[] = []
    let time = 0
    const session: OutboundSession = {
      close: () => undefined,
      async send({ url: { href } }) {
        asked.push(href)
        async function* body() {
          yield Buffer.from(text)
        }
        return { status, headers: {}, body: body(), discard: () => undefined }
      },
    }
    const judge = (given: string) => ({ decision: allow(), url: url(given) })
    const ask = { tenant: tenantScope('acme'), method: 'GET' } as const
    const route = { session, judge, ask, headers: {}, stop: new AbortController().signal }
    const check = robotsRules({ userAgent: 'ours/1.0', obey: options.obey ?? true, now: () => time })
    const pass = (ms: number) => {
      time += ms
    }
    const of = (tenant: string) => ({ ...route, ask: { ...ask, tenant: tenantScope(tenant) } })
    return { asked, pass, check: (page: string, tenant = 'acme') => check(url(page), of(tenant)) }
  }
  const denied = { code: 'url_denied', says: /\(robots\)/ }

  const rows: readonly (readonly [number, boolean])[] = [
    [200, true],
    [301, true],
    [401, false],
    [403, false],
    [404, true],
    [410, true],
    [429, true],
    [500, false],
    [503, false],
  ]
  for (const [status, expected] of rows)
    test(`status ${status} means ${expected ? 'yes' : 'no'}`, async () => {
      const { check } = visit(status, '')
      if (expected) await check('https://example.com/a')
      else await assert.rejects(check('https://example.com/a'), denied)
    })

  test('asks each origin once an hour, and a site that was down again', async () => {
    const { asked, check, pass } = visit(200, 'User-agent: ours\nDisallow: /b')
    await check('https://example.com/a')
    await assert.rejects(check('https://example.com/b'), denied)
    await check('https://example.org/a')
    assert.deepEqual(asked, ['https://example.com/robots.txt', 'https://example.org/robots.txt'])
    pass(3_600_001)
    await check('https://example.com/a')
    assert.equal(asked.length, 3)
    const down = visit(503, '')
    await assert.rejects(down.check('https://example.com/a'), denied)
    await assert.rejects(down.check('https://example.com/a'), denied)
    assert.equal(down.asked.length, 2)
  })

  test('asks for each tenant: rules may come from where another may not go', async () => {
    const { asked, check } = visit(200, '')
    for (const tenant of ['acme', 'globex', 'acme', 'globex']) await check('https://example.com/a', tenant)
    assert.equal(asked.length, 2)
  })

  test('is not asked about itself, nor when the operator ignores it', async () => {
    const { asked, check } = visit(200, 'User-agent: *\nDisallow: /')
    await check('https://example.com/robots.txt')
    const ignoring = visit(200, 'User-agent: *\nDisallow: /', { obey: false })
    await ignoring.check('https://example.com/a')
    assert.deepEqual([...asked, ...ignoring.asked], [])
  })
})
