// The guard against a real name server and real TLS servers: who is dialled, who never is, and how hostile answers end.
import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { after, before, suite, test } from 'node:test'
import { Denial, readUrl, type WebUrl } from '@hardened-mcp/security-core'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import type { Checked, InternalHost } from './checked-addresses.ts'
import { type Dial, guardedConnector } from './guarded-connector.ts'
import { outbound } from './outbound.ts'
import { readBounded } from './read-bounded.ts'
import { HOSTILE_ANSWERS } from './testing/hostile-answers.ts'
import { type HostileSite, hostileSite, reply } from './testing/hostile-site.ts'
import { type NameServer, nameServer, type Records } from './testing/name-server.ts'

const DEADLINE_MS = 5_000
const MAX_BYTES = 1_000_000
const PUBLIC = '93.184.216.34'
const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])

const REFUSED_ANSWERS: Readonly<Record<string, Records>> = {
  'loopback.example.com': { addresses: ['127.0.0.1'] },
  'private.example.com': { addresses: ['10.0.0.1'] },
  'metadata.example.com': { addresses: ['169.254.169.254'] },
  'azure.example.com': { addresses: ['168.63.129.16'] },
  'any.example.com': { addresses: ['0.0.0.0'] },
  'six.example.com': { addresses: ['::1'] },
  'mapped.example.com': { addresses: ['::ffff:127.0.0.1'] },
  'mapped-public.example.com': { addresses: ['::ffff:8.8.8.8'] },
  'nat64.example.com': { addresses: ['64:ff9b::7f00:1'] },
  'unique.example.com': { addresses: ['fd00:ec2::254'] },
  'link.example.com': { addresses: ['fe80::1'] },
  'mixed.example.com': { addresses: [PUBLIC, '127.0.0.1'] },
  'mixed-last.example.com': { addresses: [PUBLIC, '8.8.8.8', '1.1.1.1', '192.168.0.1'] },
  'mixed-six.example.com': { addresses: [PUBLIC, '::1'] },
  'alias.example.com': { cname: 'inside.example.net', addresses: ['10.1.2.3'] },
  'alias-internal.example.com': { cname: 'metadata.google.internal', addresses: ['169.254.169.254'] },
  'many.example.com': { addresses: [...Array.from({ length: 99 }, (_, i) => `8.8.4.${i + 1}`), '127.0.0.1'] },
  'own.example.com': { addresses: [own.find(({ family }) => family === 'IPv4')?.address ?? '127.0.0.1'] },
}

let names: NameServer
let site: HostileSite
let ca: string
let exception: InternalHost

const webUrl = (text: string): WebUrl => {
  const reading = readUrl(text)
  assert.ok(reading.ok, text)
  return reading.url
}

/** Sends one request; returns what was dialled along with the answer or the denial. */
async function attempt(text: string, options: { internal?: readonly InternalHost[]; deadlineMs?: number } = {}) {
  const dials: Dial[] = []
  const stop = AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS)
  const session = outbound({
    internal: options.internal ?? [exception],
    dnsServers: [names.address],
    onDial: (dial) => dials.push(dial),
  })(stop)
  try {
    const answer = await session.send({ url: webUrl(text) })
    const body = await readBounded(answer, MAX_BYTES, stop)
    return { dials, answer, body, denial: undefined }
  } catch (thrown) {
    assert.ok(thrown instanceof Denial, String(thrown))
    return { dials, answer: undefined, body: undefined, denial: thrown }
  } finally {
    session.close()
  }
}

const here = (path: string) => `https://site.corp:${site.port}${path}`

before(async () => {
  const authority = await certificateAuthority()
  ca = authority.ca
  names = await nameServer({
    ...REFUSED_ANSWERS,
    'nowhere.example.com': { rcode: 3 },
    'broken.example.com': { rcode: 2 },
    'empty.example.com': {},
    'silent.example.com': { silent: true },
    'ranged.corp': (asked) => ({ addresses: [asked === 0 ? '127.0.0.1' : '10.0.0.1'] }),
  })
  site = await hostileSite(await authority.issue(['site.corp', 'ranged.corp']), {
    '/': reply(200, { 'content-type': 'text/plain' }, 'hello'),
    '/interim': (socket) =>
      socket.write(`${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(3)}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`),
    ...HOSTILE_ANSWERS,
  })
  exception = { host: 'site.corp', port: site.port, network: '127.0.0.1', prefix: 32, ca }
})

after(async () => {
  await site.close()
  await names.close()
})

suite('checkedAddresses()', () => {
  for (const name of Object.keys(REFUSED_ANSWERS)) {
    test(`${name} is refused before anything is dialled, and no address is told`, async () => {
      const { denial, dials } = await attempt(`https://${name}/`)
      assert.equal(denial?.code, 'url_denied')
      assert.match(denial?.says ?? '', /\(address\)/)
      assert.doesNotMatch(denial?.says ?? '', /\d+\.\d+\.\d+|::/)
      assert.deepEqual(dials, [])
      assert.ok(
        names.questions.some((question) => question === `A ${name}`),
        'the name server was asked',
      )
    })
  }

  for (const literal of ['https://127.0.0.1/', 'https://[::1]/', 'https://169.254.169.254/']) {
    test(`${literal} is refused without a look-up`, async () => {
      const asked = names.questions.length
      const { denial, dials } = await attempt(literal)
      assert.equal(denial?.code, 'url_denied')
      assert.deepEqual(dials, [])
      assert.equal(names.questions.length, asked)
    })
  }

  for (const name of ['nowhere', 'broken', 'empty']) {
    test(`${name}.example.com does not resolve: upstream_failed`, async () => {
      const { denial, dials } = await attempt(`https://${name}.example.com/`)
      assert.equal(denial?.code, 'upstream_failed')
      assert.equal(denial?.says, 'The host name does not resolve')
      assert.deepEqual(dials, [])
    })
  }

  test('a name server that never answers ends at the deadline', async () => {
    const started = performance.now()
    const { denial } = await attempt('https://silent.example.com/', { deadlineMs: 300 })
    assert.equal(denial?.code, 'timeout')
    assert.ok(performance.now() - started < 3_000)
  })

  test('a public answer is dialled as it was judged, whatever the name resolves to later', async () => {
    const rebinding = await nameServer({
      'rebind.example.com': (asked) => ({ addresses: [asked === 0 ? PUBLIC : '127.0.0.1'] }),
    })
    const dials: Dial[] = []
    const stop = AbortSignal.timeout(400)
    const session = outbound({ dnsServers: [rebinding.address], onDial: (dial) => dials.push(dial) })(stop)
    const url = webUrl('https://rebind.example.com/')
    const first = await session.send({ url }).catch((thrown: unknown) => thrown)
    assert.ok(first instanceof Denial)
    assert.deepEqual(dials, [{ phase: 'asked', host: 'rebind.example.com', port: 443, addresses: [PUBLIC] }])
    const again = outbound({ dnsServers: [rebinding.address], onDial: (dial) => dials.push(dial) })(
      AbortSignal.timeout(2_000),
    )
    const second = await again.send({ url }).catch((thrown: unknown) => thrown)
    assert.ok(second instanceof Denial)
    assert.equal(second.code, 'url_denied')
    assert.equal(dials.length, 1)
    again.close()
    await rebinding.close()
  })
})

suite('internal exceptions', () => {
  test('a single address is dialled without a look-up, under the name and its own CA', async () => {
    const asked = names.questions.length
    const { answer, body, dials } = await attempt(here('/'))
    assert.equal(answer?.status, 200)
    assert.equal(body?.toString(), 'hello')
    assert.equal(names.questions.length, asked)
    assert.deepEqual(
      dials.map(({ phase, addresses }) => [phase, ...addresses]),
      [
        ['asked', '127.0.0.1'],
        ['connected', '127.0.0.1'],
      ],
    )
    assert.match(site.requests.at(-1) ?? '', new RegExp(`^GET / HTTP/1.1\r\nhost: site.corp:${site.port}`, 'i'))
  })

  test('is exact in port and in name', async () => {
    for (const text of [
      `https://site.corp:${site.port + 1}/`,
      `https://www.site.corp:${site.port}/`,
      'https://site.corp/',
    ]) {
      const { denial, dials } = await attempt(text)
      assert.equal(denial?.code, 'url_denied', text)
      assert.deepEqual(dials, [])
    }
  })

  test('a certificate of another authority, or for another name, is refused', async () => {
    const other = await certificateAuthority('another CA')
    const strange = await attempt(here('/'), { internal: [{ ...exception, ca: other.ca }] })
    assert.equal(strange.denial?.code, 'upstream_failed')
    assert.equal(strange.denial?.says, 'No valid TLS connection to the remote server')
    const { ca: _, ...withoutCa } = exception
    assert.equal((await attempt(here('/'), { internal: [withoutCa] })).denial?.code, 'upstream_failed')
    const renamed = await attempt(`https://other.corp:${site.port}/`, {
      internal: [{ ...exception, host: 'other.corp' }],
    })
    assert.equal(renamed.denial?.says, 'No valid TLS connection to the remote server')
  })

  test('a network is judged by the look-up, each time anew', async () => {
    const internal = [{ host: 'ranged.corp', port: site.port, network: '127.0.0.0', prefix: 24, ca }]
    const text = `https://ranged.corp:${site.port}/`
    assert.equal((await attempt(text, { internal })).body?.toString(), 'hello')
    const { denial, dials } = await attempt(text, { internal })
    assert.equal(denial?.code, 'url_denied')
    assert.deepEqual(dials, [])
  })
})

suite('guardedConnector()', () => {
  const connect = (pins: ReadonlyMap<string, Checked>, target: object) =>
    new Promise<Error | null>((done) => {
      const connector = guardedConnector({ pins, timeoutMs: 1_000, onDial: undefined })
      connector({ hostname: 'site.corp', protocol: 'https:', port: String(site.port), ...target }, (error, socket) => {
        socket?.destroy()
        done(error)
      })
    })

  test('dials nobody without a pin, without TLS, or by a literal that is not pinned', async () => {
    const pins = new Map([
      [`site.corp:${site.port}`, { addresses: ['127.0.0.1'], ca }],
      [`127.0.0.1:${site.port}`, { addresses: [PUBLIC] }],
    ])
    const requests = site.requests.length
    assert.match(String(await connect(new Map(), {})), /without a check/)
    assert.match(String(await connect(pins, { protocol: 'http:' })), /without TLS/)
    assert.match(String(await connect(pins, { hostname: '127.0.0.1' })), /not the pinned address/)
    assert.equal(await connect(pins, {}), null)
    assert.equal(site.requests.length, requests)
  })

  test('compares the peer: 0.0.0.0 connects to loopback, and is found out', async () => {
    const pins = new Map([[`site.corp:${site.port}`, { addresses: ['0.0.0.0'], ca }]])
    assert.match(String(await connect(pins, {})), /not judged/)
  })
})

suite('hostile answers', () => {
  const rows: readonly (readonly [string, string | number, string])[] = [
    ['/interim', 200, 'a few interim answers are normal'],
    ['/103', 'upstream_failed', 'a flood of interim answers'],
    ['/headers', 'upstream_failed', 'endless headers'],
    ['/one-header', 'upstream_failed', 'one endless header'],
    ['/slow-headers', 'timeout', 'a byte of a header now and then'],
    ['/endless-chunk', 'too_large', 'one chunk without end'],
    ['/drip', 'too_large', 'one-byte chunks'],
    ['/negative-length', 'upstream_failed', 'a length below nothing'],
    ['/trickle', 'timeout', 'a byte now and then'],
    ['/mute', 'timeout', 'no answer at all'],
    ['/endless', 'too_large', 'a body without end'],
    ['/declared', 'too_large', 'a declared length above the cap'],
    ['/short', 'upstream_failed', 'a length that lies'],
    ['/both', 'upstream_failed', 'a length and chunks'],
    ['/two-lengths', 'upstream_failed', 'two lengths'],
    ['/garbage', 'upstream_failed', 'another protocol'],
    ['/reset', 'upstream_failed', 'a reset before the answer'],
    ['/reset-late', 'upstream_failed', 'a reset within the body'],
  ]
  for (const [path, expected, because] of rows) {
    test(`${path} ends as ${expected}: ${because}`, async () => {
      const started = performance.now()
      const { denial, answer } = await attempt(here(path), { deadlineMs: expected === 'timeout' ? 1_500 : 30_000 })
      assert.equal(denial?.code ?? answer?.status, expected, denial?.message)
      assert.ok(performance.now() - started < 31_000)
      assert.doesNotMatch(denial?.says ?? '', /UND_ERR|ECONN|127\.0\.0\.1|\/work|node:/)
    })
  }
})
