// The HTTP edge as an attacker sees it: bytes that no client library would send, slow and silent connections, TLS, shutdown.
import assert from 'node:assert/strict'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import {
  legacyMessage,
  MODERN,
  modernHeaders,
  modernMessage,
  post,
  raw,
  type Served,
  serveNotes,
} from './fixture/http.ts'
import { aReader, KEY, notes } from './fixture/notes.ts'

let served: Served
before(async () => {
  served = await serveNotes()
})
after(() => served.close())

const LIST = JSON.stringify(legacyMessage('tools/list'))
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
const requestOf = (fields: readonly string[], body = LIST, line = 'POST /mcp HTTP/1.1') =>
  `${[line, ...fields].join('\r\n')}\r\n\r\n${body}`
const fields = (...more: string[]) => [
  `Host: ${new URL(served.url).host}`,
  `Authorization: Bearer ${KEY}`,
  'Content-Type: application/json',
  'Accept: application/json, text/event-stream',
  'Connection: close',
  ...more,
]
const length = `Content-Length: ${LIST.length}`

suite('serveHttp(): bytes on the wire', { timeout: 60_000 }, () => {
  const CASES: readonly [name: string, bytes: () => string, status: number][] = [
    ['the request the others vary', () => requestOf(fields(length)), 200],
    ['two Host fields', () => requestOf([...fields(length), 'Host: evil.example']), 421],
    ['no Host in HTTP/1.0', () => requestOf(fields(length).slice(1), LIST, 'POST /mcp HTTP/1.0'), 421],
    ['no Host in HTTP/1.1', () => requestOf(fields(length).slice(1)), 400],
    ['a whole URL as target', () => requestOf(fields(length), LIST, `POST ${served.url} HTTP/1.1`), 404],
    ['another host in the target', () => requestOf(fields(length), LIST, 'POST http://evil.example/mcp HTTP/1.1'), 404],
    [
      'two Origin fields, one of them ours',
      () => requestOf(fields(length, `Origin: ${new URL(served.url).origin}`, 'Origin: http://evil.example')),
      403,
    ],
    ['two Authorization fields', () => requestOf(fields(length, 'Authorization: Bearer other')), 401],
    ['two Content-Type fields', () => requestOf(fields(length, 'Content-Type: text/plain')), 415],
    ['two lengths (RFC 9112 §6.3)', () => requestOf(fields(length, 'Content-Length: 1')), 400],
    ['a length and chunks (RFC 9112 §6.1)', () => requestOf(fields(length, 'Transfer-Encoding: chunked')), 400],
    ['a length with a sign', () => requestOf(fields('Content-Length: +5')), 400],
    ['a field folded over two lines', () => requestOf(fields(length, 'X-A: b\r\n c')), 400],
    ['a bare line feed in a field', () => requestOf(fields(length, 'X-A: b\nX-B: c')), 400],
    ['17 KiB of fields', () => requestOf(fields(length, `X-A: ${'x'.repeat(17 * 1024)}`)), 431],
    ['CONNECT', () => requestOf(fields(), '', 'CONNECT evil.example:443 HTTP/1.1'), 0],
    ['HEAD on the health line', () => requestOf(fields(), '', 'HEAD /healthz HTTP/1.1'), 405],
    [
      'the health line under another name',
      () => 'GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      421,
    ],
  ]
  for (const [name, bytes, status] of CASES)
    test(`${status === 0 ? 'no answer' : status} for ${name}`, async () => {
      const answer = await raw(served.url, bytes())
      assert.equal(statusOf(answer), status)
      assert.doesNotMatch(answer, /^(?:server|x-powered-by):/im)
    })

  test('invites no body of somebody who is not authenticated (Expect: 100-continue)', async () => {
    const anonymous = fields(length, 'Expect: 100-continue').filter((field) => !field.startsWith('Authorization'))
    assert.equal(statusOf(await raw(served.url, requestOf(anonymous, ''))), 401)
    const known = await raw(served.url, requestOf(fields(length, 'Expect: 100-continue')))
    assert.match(known, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })

  test('closes a connection that says nothing, and one that never ends its head', async () => {
    const answers = await Promise.all([raw(served.url, ''), raw(served.url, 'POST /mcp HTTP/1.1\r\nHost: a\r\n')])
    assert.deepEqual(answers.map(statusOf), [408, 408])
  })

  test('a body that breaks off starts nothing and is no fault of the server', async () => {
    const { hostname, port } = new URL(served.url)
    const before = served.errors.length
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(requestOf(fields('Content-Length: 500'), '{"jsonrpc":'), () =>
          setTimeout(() => socket.destroy(), 50),
        )
      })
      socket.on('close', () => resolve())
    })
    assert.equal((await post(served.url, LIST)).status, 200)
    assert.equal(served.errors.length, before)
  })
})

suite('serveHttp(): duties of the 2026-07-28 specification', { timeout: 60_000 }, () => {
  const CASES: readonly [name: string, message: unknown, headers: object, status: number, code: number | undefined][] =
    [
      ['the request the others vary', modernMessage('tools/list'), modernHeaders('tools/list'), 200, undefined],
      ['discover', modernMessage('server/discover'), modernHeaders('server/discover'), 200, undefined],
      ['a header that names another method', modernMessage('tools/list'), modernHeaders('tools/call'), 400, -32020],
      [
        'a header that names another tool',
        modernMessage('tools/call', { name: 'read_note', arguments: {} }),
        modernHeaders('tools/call', 'other'),
        400,
        -32020,
      ],
      ['no method header', modernMessage('tools/list'), { 'mcp-protocol-version': MODERN }, 400, -32020],
      [
        'an older version in the header',
        modernMessage('tools/list'),
        { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2025-11-25' },
        400,
        -32020,
      ],
      [
        'a version nobody knows',
        modernMessage('tools/list', {}, '2099-01-01'),
        { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2099-01-01' },
        400,
        -32022,
      ],
      [
        'the modern header on a message without _meta',
        legacyMessage('tools/list'),
        modernHeaders('tools/list'),
        400,
        -32602,
      ],
      ['a method that does not exist', modernMessage('tools/destroy'), modernHeaders('tools/destroy'), 404, -32601],
      ['a method of the older era', modernMessage('ping'), modernHeaders('ping'), 404, -32601],
      [
        'resources, which are not offered',
        modernMessage('resources/list'),
        modernHeaders('resources/list'),
        404,
        -32601,
      ],
      [
        'completion, which is not offered',
        modernMessage('completion/complete'),
        modernHeaders('completion/complete'),
        404,
        -32601,
      ],
      [
        'an unknown tool',
        modernMessage('tools/call', { name: 'nope', arguments: {} }),
        modernHeaders('tools/call', 'nope'),
        200,
        -32602,
      ],
      [
        'a hidden tool',
        modernMessage('tools/call', { name: 'hidden_note', arguments: {} }),
        modernHeaders('tools/call', 'hidden_note'),
        200,
        -32602,
      ],
      ['no JSON-RPC', { hello: 1 }, {}, 400, -32600],
    ]
  for (const [name, message, headers, status, code] of CASES)
    test(`${status} ${code ?? 'result'} for ${name}`, async () => {
      const reply = await post(served.url, message, { ...headers })
      assert.equal(reply.status, status)
      assert.equal((JSON.parse(reply.body) as { error?: { code: number } }).error?.code, code)
      assert.equal(reply.headers['cache-control'], 'no-store')
    })

  test('a hidden tool and an unknown one give the same bytes, in each era', async () => {
    for (const [dress, headers] of [[modernMessage, modernHeaders] as const, [legacyMessage, () => ({})] as const]) {
      const [hidden, unknown] = await Promise.all(
        ['hidden_note', 'other_note'].map((name) =>
          post(served.url, dress('tools/call', { name, arguments: {} }), headers('tools/call', name)),
        ),
      )
      assert.equal(hidden?.body, unknown?.body)
      assert.match(hidden?.body ?? '', /"Unknown tool"/)
    }
  })

  test('a subscription is acknowledged and, as nothing ever changes, completed: no stream stays open', async () => {
    const message = modernMessage('subscriptions/listen', { notifications: { toolsListChanged: true } })
    for (let round = 0; round < 20; round++) {
      const { body } = await post(served.url, message, modernHeaders('subscriptions/listen'))
      assert.match(body, /subscriptions\/acknowledged","params":\{"notifications":\{\}[^]*"resultType":"complete"/)
    }
  })
})

suite('serveHttp(): where it listens, and how it stops', { timeout: 60_000 }, () => {
  test('over TLS its own origin is the https one, and TLS 1.1 is refused', async () => {
    const authority = await certificateAuthority()
    const own = await serveNotes({ tls: await authority.issue(['127.0.0.1']) })
    after(() => own.close())
    const { port, origin } = new URL(own.url)
    const ask = (from: string) =>
      new Promise<number>((resolve, fail) => {
        const headers = {
          authorization: `Bearer ${KEY}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          origin: from,
        }
        const request = httpsRequest(own.url, { method: 'POST', headers, ca: authority.ca }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
        request.on('error', fail).end(LIST)
      })
    assert.equal(await ask(origin), 200)
    assert.equal(await ask(origin.replace('https', 'http')), 403)
    const old = connectTls({
      port: Number(port),
      ca: authority.ca,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    await assert.rejects(
      new Promise((resolve, fail) => old.on('secureConnect', resolve).on('error', fail)),
      /version|protocol/i,
    )
  })

  test('refuses an unsafe choice before anything listens', async () => {
    const port = Number(new URL(served.url).port)
    const cases = [
      [{ host: '0.0.0.0', port }, /needs TLS/],
      [{ host: '0.0.0.0', port, trustedProxies: ['10.0.0.0/8'] }, /needs --allowed-host/],
      [{ allowedOrigins: ['null'] }, /Allowed origin must be/],
      [{ allowedOrigins: ['https://app.example/path'] }, /Allowed origin must be/],
      [{ allowedOrigins: ['*'] }, /Allowed origin must be/],
      [{ trustedProxies: ['10.0.0.1'] }, /must be a CIDR/],
    ] as const
    for (const [over, says] of cases) await assert.rejects(serveNotes(over), says) // a listening one would say the port is taken
  })

  test('a name and an origin the operator listed are served, in any case of the name', async () => {
    const own = await serveNotes({ allowedHosts: ['MCP.example'], allowedOrigins: ['https://app.example'] })
    after(() => own.close())
    const ask = async (host: string, origin: string) => (await post(own.url, LIST, { host, origin })).status
    assert.equal(await ask('mcp.EXAMPLE', 'https://app.example'), 200)
    assert.equal(await ask('mcp.example', 'https://app.example.evil.example'), 403)
    assert.equal(await ask('mcp.example.evil.example', 'https://app.example'), 421)
    assert.equal(await ask('127.0.0.1', 'https://app.example'), 421)
  })

  const READ = { name: 'read_note', arguments: { name: 'milk' } }
  for (const [era, message, headers] of [
    ['2025-11-25', legacyMessage('tools/call', READ), {}],
    [MODERN, modernMessage('tools/call', READ), modernHeaders('tools/call', READ.name)],
  ] as const)
    test(`closes in an orderly way: a running call of ${era} is answered first, and nothing new is taken`, async () => {
      const own = await serveNotes()
      const release = own.notes.audit.hold('tool_call.success')
      const call = post(own.url, message, headers)
      while (!own.notes.audit.asked.some(({ type }) => type === 'tool_call.success')) await delay(10)
      const closed = own.close()
      await assert.rejects(post(own.url, LIST))
      release()
      assert.match((await call).body, /milk/)
      await closed
    })

  test('closes in an orderly way: a client that reads slowly gets all of its answer', async () => {
    const bytes = 16 * 1024 * 1024 // more than the buffers of both sockets hold
    const { registry } = notes()
    const list = () => registry.list(aReader()).map((row) => ({ ...row, description: 'x'.repeat(bytes) }))
    const own = await serveNotes({ registry: { ...registry, list } })
    const answer = await fetch(own.url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: LIST,
    })
    await delay(100)
    const closed = own.close()
    await delay(100)
    assert.ok((await answer.text()).length > bytes)
    await closed
  })
})
