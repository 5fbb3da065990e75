// The proxy attacked by a client that was taken over: heads of every odd shape, smuggled bytes, slow, many, fat and half-closed tunnels.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { allow } from '@hardened-mcp/security-core'
import fc from 'fast-check'
import { readConnect } from './connect-head.ts'
import { egressProxy, type EgressProxyOptions } from './egress-proxy.ts'
import { type NameServer, nameServer } from './testing/name-server.ts'

const ADDRESS = '127.0.0.1'
let names: NameServer
let site: Server
let reached = 0
const siteSockets = new Set<Socket>()
const proxies: Server[] = []
const log: Record<string, unknown>[] = []

const portOf = (server: Server) => (server.address() as AddressInfo).port
const target = () => `site.corp:${portOf(site)}`
const head = (authority: string, more = '') => `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${more}\r\n`

async function proxyWith(over: Partial<EgressProxyOptions> = {}): Promise<number> {
  const server = egressProxy({
    judge: () => ({ decision: allow() }),
    internal: [{ host: 'site.corp', port: portOf(site), network: ADDRESS, prefix: 32 }],
    dnsServers: [names.address],
    isClient: (address) => address === ADDRESS,
    log: (_, event, fields) => log.push({ event, ...fields }),
    ...over,
  }).listen(0, ADDRESS)
  await once(server, 'listening')
  proxies.push(server)
  return portOf(server)
}

/** Sends `bytes` and returns all that comes back until the proxy closes. */
function send(port: number, bytes: string, options: { end?: boolean } = {}): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect({ port, host: ADDRESS, allowHalfOpen: true })
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1')
    })
    socket.on('end', () => socket.end()).on('error', () => undefined)
    socket.on('close', () => resolve(said))
    socket.write(bytes, 'latin1')
    if (options.end === true) socket.end()
  })
}

/** Opens a tunnel; resolves once the proxy has said 200. */
async function tunnel(port: number): Promise<Socket> {
  const socket = connect({ port, host: ADDRESS })
  socket.on('error', () => undefined).write(head(target()))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.match(String(answer), /^HTTP\/1\.1 200 /)
  return socket
}

const answerOf = (said: string) => `${/^HTTP\/1\.1 (\d+)/.exec(said)?.[1]} ${/x-egress-refusal: (\w+)/.exec(said)?.[1]}`
const closed = (socket: Socket) => (socket.closed ? Promise.resolve() : once(socket.resume(), 'close'))

before(async () => {
  names = await nameServer({
    'inside.example.com': { addresses: ['10.0.0.1'] },
    'mixed.example.com': { addresses: ['93.184.216.34', '169.254.169.254'] },
    'silent.example.com': { silent: true },
  })
  site = createServer((socket) => {
    reached += 1
    siteSockets.add(socket)
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        if (String(chunk).startsWith('flood')) while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
        else socket.write(chunk)
      })
    socket.on('drain', () => socket.write(Buffer.alloc(65_536)))
  }).listen(0, ADDRESS)
  await once(site, 'listening')
})
after(async () => {
  for (const socket of siteSockets) socket.destroy()
  for (const server of [...proxies, site]) server.close()
  await names.close()
})

suite('heads', () => {
  const ROWS: readonly (readonly [what: string, bytes: string, answer: string])[] = [
    ['GET in absolute form', 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', '405 method'],
    ['GET of an https URL', 'GET https://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n', '405 method'],
    ['POST', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', '405 method'],
    ['lower-case method', 'connect example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', '400 malformed'],
    ['HTTP/1.0', 'CONNECT example.com:443 HTTP/1.0\r\nHost: example.com:443\r\n\r\n', '400 malformed'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', '400 malformed'],
    ['TLS', '\x16\x03\x01\x02\r\n\r\n', '400 malformed'],
    ['no Host', 'CONNECT example.com:443 HTTP/1.1\r\n\r\n', '400 malformed'],
    ['two Hosts', head('example.com:443', 'Host: example.com:443\r\n'), '400 malformed'],
    ['another Host', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n', '400 malformed'],
    ['a body', head('example.com:443', 'Content-Length: 5\r\n'), '400 malformed'],
    ['chunks', head('example.com:443', 'Transfer-Encoding: chunked\r\n'), '400 malformed'],
    ['a folded header', head('example.com:443', 'X: a\r\n b\r\n'), '400 malformed'],
    ['a space before the colon', head('example.com:443', 'X : a\r\n'), '400 malformed'],
    ['bare line feeds', 'CONNECT example.com:443 HTTP/1.1\nHost: example.com:443\r\n\r\n', '400 malformed'],
    ['NUL in a header', head('example.com:443', 'X: a\0b\r\n'), '400 malformed'],
    ['an oversized header', head('example.com:443', `X: ${'a'.repeat(3_000)}\r\n`), '400 malformed'],
    ['an endless line', 'C'.repeat(5_000), '400 malformed'],
    ['bytes behind the head', `${head('example.com:443')}GET / HTTP/1.1\r\n`, '400 malformed'],
    ['no port', head('example.com'), '403 authority'],
    ['port 0', head('example.com:0'), '403 authority'],
    ['port with zeros', head('example.com:0443'), '403 authority'],
    ['port 65536', head('example.com:65536'), '403 authority'],
    ['user information', head('example.com@169.254.169.254:443'), '403 userinfo'],
    ['a path', head('example.com:443/x'), '403 authority'],
    ['a query', head('example.com:443?x'), '403 authority'],
    ['a backslash', head('example.com\\@evil.com:443'), '403 characters'],
    ['upper case', head('EXAMPLE.com:443'), '403 authority'],
    ['a final dot', head('example.com.:443'), '403 host'],
    ['percent-encoding', head('%31%32%37.0.0.1:443'), '403 authority'],
    ['one label', head('intranet:443'), '403 host'],
    ['localhost', head('localhost:443'), '403 host'],
    ['a metadata name', head('metadata.google.internal:80'), '403 host'],
    ['loopback', head('127.0.0.1:443'), '403 address'],
    ['a private literal', head('10.0.0.1:443'), '403 address'],
    ['the metadata address', head('169.254.169.254:80'), '403 address'],
    ['a decimal address', head('2130706433:443'), '403 address'],
    ['a hex address', head('0x7f.0.0.1:443'), '403 address'],
    ['loopback of IPv6', head('[::1]:443'), '403 address'],
    ['a mapped address', head('[::ffff:7f00:1]:443'), '403 address'],
    ['a name that leads inside', head('inside.example.com:443'), '403 address'],
    ['a name with a mixed answer', head('mixed.example.com:443'), '403 address'],
    ['a name that is not there', head('nowhere.example.com:443'), '502 unresolved'],
    ['the granted name on another port', head('site.corp:1'), '403 host'],
  ]
  for (const [what, bytes, answer] of ROWS)
    test(`${what}: ${answer}, and nobody is dialled`, async () => {
      const [port, before] = [await proxyWith(), reached]
      const said = await send(port, bytes)
      assert.equal(answerOf(said), answer, said)
      assert.equal(reached, before)
      assert.equal(log.at(-1)?.['event'], 'egress.refused')
    })

  test('a head in single bytes opens the same tunnel, with headers that are ignored', async () => {
    const port = await proxyWith()
    const socket = connect({ port, host: ADDRESS, noDelay: true })
    for (const letter of head(target(), 'Proxy-Connection: keep-alive\r\nUser-Agent: x\r\n')) socket.write(letter)
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 /)
    socket.write('echo')
    assert.equal(String((await once(socket, 'data'))[0]), 'echo')
    socket.destroy()
  })

  test('whatever is read as an authority is one host and one port', () => {
    const piece = fc.oneof(
      fc.constantFrom('a.com', ':443', '@', '[::1]', '/', '\\', '%00', '8.8.8.8'),
      fc.string({ maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
        const authority = pieces.join('')
        const reading = readConnect(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}`)
        if (!reading.ok) return
        const { host, port, kind } = reading.url
        assert.equal(kind === 'ipv6' ? `[${host}]:${port}` : `${host}:${port}`, authority)
      }),
      { numRuns: 5_000 },
    )
  })
})

suite('tunnels', () => {
  test('bytes that come while the proxy still looks up end the request', async () => {
    const port = await proxyWith()
    const socket = connect({ port, host: ADDRESS })
    socket.write(head('silent.example.com:443'))
    await delay(100)
    socket.write('early')
    assert.equal(answerOf(String((await once(socket, 'data'))[0])), '400 malformed')
    socket.destroy()
  })

  test('a client that leaves, or half-closes, before the answer gets none', async () => {
    assert.equal(await send(await proxyWith(), head(target()), { end: true }), '')
  })

  test('a half-closed tunnel is a closed one, and what was sent before arrives', async () => {
    const socket = await tunnel(await proxyWith())
    socket.write('last words')
    assert.equal(String((await once(socket, 'data'))[0]), 'last words')
    socket.end()
    await closed(socket)
  })

  test('a slow head ends, however steadily it drips', async () => {
    const port = await proxyWith({ limits: { headMs: 300 } })
    const socket = connect({ port, host: ADDRESS })
    const drip = setInterval(() => socket.write('C'), 50)
    assert.equal(
      answerOf(
        String(
          (
            await once(
              socket.on('error', () => undefined),
              'data',
            )
          )[0],
        ),
      ),
      '400 malformed',
    )
    clearInterval(drip)
    socket.destroy()
  })

  test('a name server that is silent ends in 504', async () => {
    const port = await proxyWith({ limits: { establishMs: 300 } })
    assert.equal(answerOf(await send(port, head('silent.example.com:443'))), '504 unreachable')
  })

  const CUTS = [
    ['bytes up', { upBytes: 1_000 }, 'x'.repeat(5_000), 'bytes'],
    ['bytes down', { downBytes: 100_000 }, 'flood', 'bytes'],
    ['silence', { idleMs: 200 }, '', 'idle'],
    ['age', { lifeMs: 300 }, 'hello', 'life'],
  ] as const
  for (const [what, limits, bytes, end] of CUTS)
    test(`a tunnel is cut by ${what}, and both ends see it`, async () => {
      const socket = await tunnel(await proxyWith({ limits }))
      if (bytes !== '') socket.write(bytes)
      await closed(socket)
      for (let wait = 0; wait < 100 && log.at(-1)?.['event'] !== 'egress.closed'; wait += 1) await delay(20)
      assert.equal(log.at(-1)?.['end'], end)
    })

  test('tunnels above the limit are dropped, and the next one after a close is served', async () => {
    const port = await proxyWith({ limits: { connections: 3 } })
    const held = await Promise.all([tunnel(port), tunnel(port), tunnel(port)])
    assert.equal(await send(port, head(target())), '')
    for (const socket of held) socket.destroy()
    await delay(200)
    ;(await tunnel(port)).destroy()
  })

  test('an address that is no client is dropped unheard', async () => {
    const port = await proxyWith({ isClient: (address) => address === '172.30.5.10' })
    const before = reached
    assert.equal(await send(port, head(target())), '')
    assert.equal(reached, before)
    assert.deepEqual(log.at(-1), { event: 'egress.refused', code: 'client', from: ADDRESS })
  })
})
