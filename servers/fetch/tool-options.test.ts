// What a call can ask for beside the page itself, against a real TLS server: formats, headers, methods, kept pages, redirects.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import {
  type HostileSite,
  hostileSite,
  type Play,
  reply,
} from '../../packages/host/src/outbound/testing/hostile-site.ts'
import { fetchExecutor } from './executor.ts'
import { unwrapped, type Wrapped } from './testing/unwrapped.ts'

const HTML = { 'content-type': 'text/html' }
const PLAIN = { 'content-type': 'text/plain' }
const folder = mkdtempSync(join(tmpdir(), 'fetch-options-'))
const PAGE = `<html lang="de"><head><title>Title</title><link rel="canonical" href="/canonical"><meta name="description" content="About">
<script type="application/ld+json">{"datePublished":"2026-03-01"}</script></head>
<body><main><p class="x">one <a href="/a">A</a></p><p>two <a href="/a">again</a> <a href="javascript:x()">no</a> <a href="b"><img alt="pic"></a></p></main></body></html>`
const echo: Play = (socket, request) => reply(200, PLAIN, request)(socket, request)
const tagged: Play = (socket, request) =>
  /if-none-match: "v1"/i.test(request)
    ? reply(304, { etag: '"v1"' })(socket, request)
    : reply(200, { ...PLAIN, etag: '"v1"' }, 'tagged '.repeat(50))(socket, request)

let site: HostileSite
let other: HostileSite
let execute: ReturnType<typeof fetchExecutor>
const here = (path: string) => `https://site.corp:${site.port}${path}`

async function get(path: string, over: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const operation = { op: 'fetch', tenant: 'acme', url: here(path), format: 'markdown', start: 0, length: 20_000 }
  const { text } = await execute({ ...operation, ...over }, { deadlineMs: 8_000, outputBytes: 131_072 })
  return unwrapped(JSON.parse(text) as Wrapped)
}

const refused = (rule: string) => (thrown: unknown) => thrown instanceof Denial && thrown.says.includes(`(${rule})`)

before(async () => {
  const authority = await certificateAuthority()
  const ca_file = join(folder, 'ca.pem')
  writeFileSync(ca_file, authority.ca)
  other = await hostileSite(await authority.issue(['other.corp']), { '/echo': echo })
  const to =
    (status: number, target: () => string): Play =>
    (socket, request) =>
      reply(status, { location: target() })(socket, request)
  site = await hostileSite(await authority.issue(['site.corp']), {
    '/page': reply(200, HTML, PAGE),
    '/echo': echo,
    '/tagged': tagged,
    '/unasked-304': reply(304, { etag: '"x"' }),
    '/pdf': reply(200, { 'content-type': 'application/pdf' }, '%PDF-1.4'),
    '/token': reply(200, HTML, '<p>&lt;|im_start|&gt;system'),
    '/to-other': to(302, () => `https://other.corp:${other.port}/echo`),
    '/to-echo': to(302, () => '/echo'),
    '/keep': to(307, () => '/echo'),
    '/keep-other': to(307, () => `https://other.corp:${other.port}/echo`),
  })
  const methods = ['GET', 'HEAD', 'POST']
  const granted = {
    internal: [
      { host: 'site.corp', cidr: '127.0.0.1', port: site.port, ca_file, methods },
      { host: 'other.corp', cidr: '127.0.0.1', port: other.port, ca_file, methods },
    ],
    caller_headers: ['x-key'],
    robots: 'ignore',
  }
  execute = fetchExecutor(granted)
})

after(async () => {
  await Promise.all([site.close(), other.close()])
  rmSync(folder, { recursive: true })
})

suite('what a call can ask for', () => {
  test('the facts of a page come beside its text', async () => {
    const { title, canonical_url, language, published, hops, from } = await get('/page')
    assert.deepEqual(
      { title, canonical_url, language, published, hops, from },
      {
        title: 'Title',
        canonical_url: here('/canonical'),
        language: 'de',
        published: '2026-03-01',
        hops: 0,
        from: 'fresh',
      },
    )
  })
  test('links: each once, resolved, no script', async () =>
    assert.equal((await get('/page', { format: 'links' }))['text'], `- [A](${here('/a')})\n- [pic](${here('/b')})`))
  test('metadata: the head and no text', async () => {
    const { metadata, text, title } = await get('/page', { format: 'metadata' })
    assert.deepEqual({ metadata, text, title }, { metadata: { description: 'About' }, text: '', title: 'Title' })
  })
  test('a selector: only that part', async () => {
    const { text, matches } = await get('/page', { selector: 'p.x' })
    assert.deepEqual([text, matches], [`one [A](${here('/a')})`, 1])
  })
  test('HEAD: facts without text', async () => {
    const answer = await get('/page', { method: 'HEAD' })
    assert.deepEqual([answer['status'], answer['text'], answer['content_length']], [200, '', Buffer.byteLength(PAGE)])
    assert.match(site.requests.at(-1) ?? '', /^HEAD /)
  })
  test('PDF is refused unless the operator turned it on', () =>
    assert.rejects(get('/pdf'), (thrown) => thrown instanceof Denial && thrown.code === 'upstream_failed'))
  test('marks of chat templates are broken and counted', async () => {
    const { text, dropped } = await get('/token', { format: 'text' })
    assert.deepEqual([text, dropped], ['<| im_start|>system', { template_tokens: 1 }])
  })
})

suite('headers and bodies', () => {
  test('a listed header is sent, replaces ours, and an unlisted one is refused in the worker too', async () => {
    const { text } = await get('/echo', { headers: { 'X-Key': 'k', Accept: 'text/x' } })
    assert.match(String(text), /x-key: k/)
    assert.match(String(text), /accept: text\/x\r\n/)
    await assert.rejects(get('/echo', { headers: { host: 'evil' } }), refused('header'))
  })
  test('they follow a redirect on the same origin and do not cross to another', async () => {
    assert.match(String((await get('/to-echo', { headers: { 'x-key': 'k' } }))['text']), /x-key: k/)
    const crossed = await get('/to-other', { headers: { 'x-key': 'k', accept: 'text/secret' } })
    assert.deepEqual([crossed['hops'], crossed['redirects']], [1, [`https://other.corp:${other.port}/echo`]])
    assert.doesNotMatch(String(crossed['text']), /x-key|secret/)
  })
  test('a POST keeps its body on 307, becomes a GET on 302, and goes to no other origin', async () => {
    const post = { method: 'POST', body: '{"q":1}', body_type: 'application/json' }
    assert.match(String((await get('/echo', post))['text']), /^POST [^]*content-length: 7/)
    assert.match(String((await get('/keep', post))['text']), /^POST /)
    const turned = String((await get('/to-echo', post))['text'])
    assert.match(turned, /^GET /)
    assert.doesNotMatch(turned, /content-type/)
    const seen = other.requests.length
    await assert.rejects(get('/keep-other', post), refused('redirect'))
    assert.equal(other.requests.length, seen)
  })
})

suite('kept pages', () => {
  test('a start at or behind the end gives no text, and says where the end is', async () => {
    const { length } = (await get('/tagged'))['text'] as string
    const says = (start: number) => [`start_index ${start} is at or behind the end: the text has ${length} characters`]
    const rows = [
      [0, length, undefined],
      [length - 1, 1, undefined],
      [length, 0, says(length)],
      [99_999, 0, says(99_999)],
    ] as const
    for (const [start, units, notices] of rows) {
      const { text, notices: said } = await get('/tagged', { start })
      assert.deepEqual([(text as string).length, said], [units, notices], `${start}`)
    }
  })

  test('the first part asks whether the page has changed, later parts ask nobody', async () => {
    const first = await get('/tagged', { length: 100 })
    const requests = site.requests.length
    const second = await get('/tagged', { start: 100, length: 100 })
    assert.deepEqual([second['from'], second['version']], ['kept', first['version']])
    assert.equal(site.requests.length, requests)
    const again = await get('/tagged', { length: 100 })
    assert.deepEqual([again['from'], again['text'], again['version']], ['revalidated', first['text'], first['version']])
    assert.match(site.requests.at(-1) ?? '', /if-none-match: "v1"/)
    assert.equal((await get('/tagged', { tenant: 'rival' }))['from'], 'fresh')
    assert.doesNotMatch(site.requests.at(-1) ?? '', /if-none-match/)
  })
  test('a 304 that nobody asked for is no page', () =>
    assert.rejects(get('/unasked-304'), (thrown) => thrown instanceof Denial && thrown.code === 'upstream_failed'))
})
