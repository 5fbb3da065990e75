// The worker's whole way against real TLS servers and a real name server: answers, redirects, bombs, robots, paging.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { type HostileSite, hostileSite, reply } from '../../packages/host/src/outbound/testing/hostile-site.ts'
import { type NameServer, nameServer } from '../../packages/host/src/outbound/testing/name-server.ts'
import { fetchExecutor } from './executor.ts'
import { sitePlays } from './testing/site-plays.ts'
import { unwrapped, type Wrapped } from './testing/unwrapped.ts'

type Answer = Readonly<{
  url: string
  final_url: string
  status: number
  content_type: string
  title?: string
  text: string
  dropped?: Record<string, number>
  truncated?: { reason: string; next?: number }
}>

const SPEND = { deadlineMs: 8_000, outputBytes: 131_072 }
const PLAIN = { 'content-type': 'text/plain' }
const folder = mkdtempSync(join(tmpdir(), 'fetch-test-'))

let site: HostileSite
let other: HostileSite
let names: NameServer
let granted: Record<string, unknown>
const dialled: string[] = []

const here = (path: string) => `https://site.corp:${site.port}${path}`

async function get(
  url: string,
  over: Record<string, unknown> = {},
  options: { execute?: ReturnType<typeof fetchExecutor>; deadlineMs?: number } = {},
) {
  const execute = options.execute ?? fetchExecutor(granted, { onDial: ({ addresses }) => dialled.push(...addresses) })
  const operation = { op: 'fetch', tenant: 'acme', url, format: 'markdown', start: 0, length: 20_000, ...over }
  const result = await execute(operation, { ...SPEND, deadlineMs: options.deadlineMs ?? SPEND.deadlineMs })
  assert.ok(Buffer.byteLength(result.text) <= SPEND.outputBytes)
  const { version, from, hops, content_length, ...answer } = unwrapped(JSON.parse(result.text) as Wrapped)
  assert.ok(/^[0-9a-f]{16}$/.test(String(version)) && ['fresh', 'revalidated', 'kept'].includes(String(from)))
  assert.ok(typeof hops === 'number' && content_length !== null)
  return answer as unknown as Answer
}

/** The code and public sentence of the refusal. */
async function refusal(...args: Parameters<typeof get>): Promise<{ code: string; says: string }> {
  try {
    const answer = await get(...args)
    return { code: 'answered', says: JSON.stringify(answer).slice(0, 200) }
  } catch (thrown) {
    assert.ok(thrown instanceof Denial, String(thrown))
    assert.doesNotMatch(thrown.says, /127\.0\.0|::1|169\.254|10\.0|ECONN|UND_ERR/, 'no address and no engine text')
    return { code: thrown.code, says: thrown.says }
  }
}

before(async () => {
  const authority = await certificateAuthority()
  names = await nameServer({
    'rebind.example.com': { addresses: ['127.0.0.1'] },
    'meta.example.com': { addresses: ['169.254.169.254'] },
  })
  other = await hostileSite(await authority.issue(['other.corp']), { '/': reply(200, PLAIN, 'other') })
  site = await hostileSite(
    await authority.issue(['site.corp']),
    sitePlays(() => other.port),
  )
  const ca_file = join(folder, 'ca.pem')
  writeFileSync(ca_file, authority.ca)
  granted = {
    allow: ['*'],
    internal: [
      { host: 'site.corp', cidr: '127.0.0.1', port: site.port, ca_file, label: { secrecy: 'public' } },
      { host: 'other.corp', cidr: '127.0.0.1/32', port: other.port, ca_file, label: { secrecy: 'public' } },
    ],
    dns_servers: [names.address],
    robots: 'ignore',
  }
})

after(async () => {
  rmSync(folder, { recursive: true })
  await Promise.all([site.close(), other.close(), names.close()])
})

suite('answers', () => {
  test('a page is markdown, with its facts', async () => {
    assert.deepEqual(await get(here('/page')), {
      url: here('/page'),
      final_url: here('/page'),
      status: 200,
      content_type: 'text/html',
      title: 'T',
      text: `# Hi\n\nGrüße [b](${here('/b')})`,
      dropped: { hidden: 1 },
    })
  })

  test('the request says who asks, and nothing else', async () => {
    const { text } = await get(here('/echo'))
    assert.deepEqual(
      text
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(':')[0] ?? '')
        .toSorted((a, b) => a.localeCompare(b)),
      ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'],
    )
    assert.match(text, /user-agent: hardened-mcp-fetch/)
    assert.match(
      (await get(here('/echo'), {}, { execute: fetchExecutor({ ...granted, user_agent: 'acme/1' }) })).text,
      /user-agent: acme\/1/,
    )
  })

  const rows: readonly (readonly [string, Record<string, unknown>, Partial<Answer>])[] = [
    ['/page', { format: 'text' }, { text: 'Hi\n\nGrüße b' }],
    ['/page', { format: 'html' }, { text: '<title>T</title><h1>Hi</h1><p hidden>x</p><p>Grüße <a href="b">b</a>' }],
    ['/json', {}, { text: '{"a":[1,2]}', content_type: 'application/json' }],
    ['/json', { format: 'json' }, { text: '{"a":[1,2]}' }],
    ['/problem', {}, { status: 500, text: '{"title":"no"}' }],
    ['/plain', {}, { text: 'a <b> c' }],
    ['/feed', {}, { text: '<feed/>' }],
    ['/missing', {}, { status: 404, text: 'not here' }],
    ['/empty', {}, { status: 204, text: '' }],
    ['/no-location', {}, { status: 302, text: 'nowhere' }],
    ['/latin', {}, { text: 'Grüße' }],
    ['/meta-charset', {}, { text: '€ Grüße' }],
    ['/shift-jis', {}, { text: '日本' }],
    ['/utf7', {}, { text: '+ADw-script+AD4-' }],
    ['/gzip', {}, { text: 'packed' }],
    ['/br', {}, { text: 'packed' }],
    ['/twice', {}, { text: 'packed' }],
    ['/deep', {}, { text: 'top', truncated: { reason: 'depth' } }],
  ]
  for (const [path, over, expected] of rows)
    test(`${path} ${JSON.stringify(over)}`, async () => {
      const answer = await get(here(path), over)
      assert.deepEqual({ ...answer, ...expected }, answer)
    })

  for (const path of [
    '/svg',
    '/svg-as-application',
    '/png',
    '/binary',
    '/untyped',
    '/empty-error',
    '/zstd',
    '/unknown-coding',
    '/thrice',
    '/broken-gzip',
  ])
    test(`${path} is no usable answer`, async () => assert.equal((await refusal(here(path))).code, 'upstream_failed'))
  test('json that is none', async () =>
    assert.equal((await refusal(here('/plain'), { format: 'json' })).code, 'upstream_failed'))
})

suite('redirects', () => {
  test('are followed on the same site and to another allowed one', async () => {
    assert.equal((await get(here('/to-page'))).final_url, here('/page'))
    assert.equal((await get(here('/to-relative'))).final_url, here('/page?x'))
    assert.equal((await get(here('/to-other'))).text, 'other')
  })

  test('five are followed, six are not', async () => {
    assert.equal((await get(here('/chain?5'))).status, 200)
    assert.match((await refusal(here('/chain?6'))).says, /\(redirect\)/)
    assert.match((await refusal(here('/loop'))).says, /\(redirect\)/)
  })

  const rows = [
    ['/to-http', 'scheme'],
    ['/to-loopback', 'address'],
    ['/to-decimal', 'address'],
    ['/to-mapped', 'address'],
    ['/to-metadata', 'address'],
    ['/to-meta-name', 'host'],
    ['/to-rebind', 'address'],
    ['/to-user', 'userinfo'],
    ['/to-backslash', 'redirect'],
    ['/to-slash-backslash', 'redirect'],
    ['/to-one-slash', 'scheme'],
    ['/to-no-slash', 'scheme'],
    ['/to-file', 'scheme'],
    ['/to-data', 'scheme'],
    ['/to-tab', 'redirect'],
    ['/to-port', 'host'],
    ['/to-scheme-relative', 'address'],
    ['/two-locations', 'redirect'],
  ] as const
  for (const [path, rule] of rows)
    test(`${path} is refused by ${rule}, and only the site was dialled`, async () => {
      dialled.length = 0
      const { code, says } = await refusal(here(path))
      assert.equal(code, 'url_denied', says)
      assert.ok(says.includes(`(${rule})`), says)
      assert.deepEqual(new Set(dialled), new Set(['127.0.0.1']))
      assert.equal(dialled.length, 2, 'asked and connected, once')
    })

  test('a redirect off the list is refused', async () => {
    const execute = fetchExecutor({ ...granted, allow: [], internal: [(granted['internal'] as object[])[0]] })
    assert.match((await refusal(here('/to-other'), {}, { execute })).says, /\(host\)/)
  })

  test('a redirect to a place with another label is refused before it is dialled', async () => {
    const [first, second] = granted['internal'] as [object, object]
    const execute = fetchExecutor({ ...granted, internal: [first, { ...second, label: { secrecy: 'private' } }] })
    assert.match((await refusal(here('/to-other'), {}, { execute })).says, /\(redirect\)/)
    assert.equal((await get(here('/to-page'), {}, { execute })).final_url, here('/page'))
  })
})

suite('hostile bodies', () => {
  const rows = [
    ['/bomb-gzip', 'too_large'],
    ['/bomb-br', 'too_large'],
    ['/bomb-twice', 'too_large'],
    ['/endless', 'too_large'],
    ['/drip', 'too_large'],
    ['/trickle', 'timeout'],
  ] as const
  for (const [path, code] of rows)
    test(`${path} ends as ${code}`, async () => {
      const deadlineMs = code === 'timeout' ? 2_000 : 60_000 // the limits, not the clock, have to end the others
      assert.equal((await refusal(here(path), {}, { deadlineMs })).code, code)
    })
})

suite('paging', () => {
  test('goes through a long text without loss, from one cached text', async () => {
    const execute = fetchExecutor(granted)
    let text = ''
    let next: number | undefined = 0
    const requests = site.requests.length
    while (next !== undefined) {
      const page: Answer = await get(here('/long'), { start: next, length: 7_777 }, { execute })
      text += page.text
      next = page.truncated?.next
    }
    assert.equal(text, `${'0123456789'.repeat(4_000)}end`)
    assert.equal(site.requests.length, requests + 1)
  })

  test('stays within the byte budget whatever the text, and never splits a character', async () => {
    for (const path of ['/emoji', '/control']) {
      const execute = fetchExecutor(granted)
      let text = ''
      let next: number | undefined = 0
      while (next !== undefined) {
        const page: Answer = await get(here(path), { start: next, length: 100_000 }, { execute })
        assert.ok(page.text.isWellFormed())
        text += page.text
        next = page.truncated?.next
      }
      assert.equal(text.length, path === '/emoji' ? 60_000 : 90_000)
    }
  })

  test('a page is not shared between tenants', async () => {
    const execute = fetchExecutor(granted)
    await get(here('/long'), {}, { execute })
    const requests = site.requests.length
    await get(here('/long'), { start: 5 }, { execute })
    assert.equal(site.requests.length, requests)
    await get(here('/long'), { start: 5, tenant: 'rival' }, { execute })
    assert.equal(site.requests.length, requests + 1)
  })

  test('past the end is empty', async () => assert.equal((await get(here('/plain'), { start: 999 })).text, ''))
})

suite('the worker trusts nobody', () => {
  test('an operation that the front let pass is judged again', async () => {
    for (const url of ['https://127.0.0.1/', 'http://site.corp/', 'https://meta.example.com/'])
      assert.equal((await refusal(url)).code, 'url_denied')
    const nothing = fetchExecutor({})
    assert.match((await refusal('https://example.com/', {}, { execute: nothing })).says, /\(not_allowed\)/)
  })

  test('an operation outside the closed list is refused', async () => {
    await assert.rejects(get(here('/page'), { op: 'post' }))
    await assert.rejects(get(here('/page'), { extra: 1 }))
  })
})
