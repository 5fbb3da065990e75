// What the HTTP edge refuses, in which order and words, and what it lets through.
import assert from 'node:assert/strict'
import { type OutgoingHttpHeaders, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { principal } from '@hardened-mcp/security-core'
import { type AuthEvent, type HttpOptions, type HttpServing, serveHttp } from './http.ts'
import { MAX_BODY_BYTES } from './http-answer.ts'
import type { CallParams, Registry } from './registry.ts'

const caller = principal({ id: 'k_000000000001', tenant: 'acme', auth: 'api_key', can: ['tool:read_only'] })
const calls: CallParams[] = []
let hold: Promise<void> | undefined
const registry: Registry = {
  info: { name: 'fake', title: 'Fake', version: '1.0.0', instructions: 'None' },
  list: () => [
    {
      name: 'echo',
      title: 'Echo',
      description: 'Echoes',
      inputSchema: { type: 'object' },
      outputSchema: { type: 'object' },
      annotations: {},
    },
  ],
  async call(params) {
    calls.push(params)
    if (params.name === 'boom') throw new Error('SECRET detail of the inside')
    if (params.name !== 'echo') return undefined
    await hold
    return { content: [{ type: 'text', text: '{"said":"hello"}' }], structuredContent: { said: 'hello' } }
  },
}

const events: AuthEvent[] = []
let auditFails = false
let serving: HttpServing
const options = (over: Partial<HttpOptions> = {}): HttpOptions => ({
  registry,
  host: '127.0.0.1',
  port: 0,
  authenticate: ({ authorization: [value] }) =>
    value === 'Bearer good'
      ? { ok: true, caller }
      : { ok: false, failure: value === undefined ? 'missing' : 'invalid', reason: 'test' },
  onAuth: async (event) => {
    if (auditFails) throw new Error('disk full')
    events.push(event)
  },
  healthy: () => !auditFails,
  now: Date.now,
  onerror: () => undefined,
  ...over,
})

before(async () => {
  serving = await serveHttp(options())
})
after(() => serving.close())

type Reply = { status: number; headers: Record<string, string | string[] | undefined>; body: string }
type Ask = {
  method?: string
  path?: string
  headers?: OutgoingHttpHeaders
  anonymous?: true
  body?: string
  url?: string
}

function ask({
  method = 'POST',
  path = '/mcp',
  headers = {},
  anonymous,
  body,
  url = serving.url,
}: Ask = {}): Promise<Reply> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        hostname,
        port,
        method,
        path,
        headers: { ...JSON_HEADERS, ...(anonymous ? {} : { authorization: 'Bearer good' }), ...headers },
      },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += String(chunk)
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      },
    )
    request.on('error', reject)
    request.end(method === 'GET' ? undefined : (body ?? LIST))
  })
}

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
const callOf = (name: string) =>
  JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: {} } })

suite('serveHttp(): what is refused before a body is read', () => {
  const port = () => new URL(serving.url).port
  const ROWS: readonly [name: string, ask: () => Ask, status: number][] = [
    ['another Host (DNS rebinding, CVE-2025-66414)', () => ({ headers: { host: 'evil.example' } }), 421],
    ['the right Host with another port', () => ({ headers: { host: '127.0.0.1:1' } }), 421],
    ['another Origin', () => ({ headers: { origin: 'http://evil.example' } }), 403],
    ['the Origin null of a sandboxed frame', () => ({ headers: { origin: 'null' } }), 403],
    ['our own origin with another scheme', () => ({ headers: { origin: `https://127.0.0.1:${port()}` } }), 403],
    ['another path', () => ({ path: '/' }), 404],
    ['a path that only looks like ours', () => ({ path: '/mcp/' }), 404],
    ['our path with a query', () => ({ path: '/mcp?access_token=x' }), 404],
    ['GET, which would open a stream', () => ({ method: 'GET' }), 405],
    ['DELETE, which would end a session', () => ({ method: 'DELETE' }), 405],
    ['PUT', () => ({ method: 'PUT' }), 405],
    ['a form', () => ({ headers: { 'content-type': 'text/plain' } }), 415],
    ['JSON in disguise', () => ({ headers: { 'content-type': 'application/jsonp' } }), 415],
    ['a compressed body', () => ({ headers: { 'content-encoding': 'gzip' } }), 415],
    ['a declared body over the limit', () => ({ headers: { 'content-length': MAX_BODY_BYTES + 1 }, body: 'x' }), 413],
    ['no credential', () => ({ anonymous: true }), 401],
    ['a wrong credential', () => ({ headers: { authorization: 'Bearer bad' } }), 401],
  ]
  for (const [name, asked, status] of ROWS) {
    test(`${status} for ${name}`, async () => {
      const before = calls.length
      const reply = await ask(asked())
      assert.equal(reply.status, status)
      assert.equal(calls.length, before)
      assert.equal(reply.headers['cache-control'], 'no-store')
    })
  }

  test('accepts loopback by each of its names, with and without its own origin', async () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      for (const origin of [undefined, `http://${host}:${port()}`]) {
        const headers = { host: `${host}:${port()}`, ...(origin === undefined ? {} : { origin }) }
        assert.equal((await ask({ headers })).status, 200, `${host} ${origin}`)
      }
    }
  })

  test('a 401 names no error when nothing was sent, and only constants when something was (RFC 6750)', async () => {
    const missing = await ask({ anonymous: true })
    assert.equal(missing.headers['www-authenticate'], 'Bearer realm="mcp"')
    const invalid = await ask({ headers: { authorization: 'Bearer a" realm="evil' } })
    assert.equal(invalid.headers['www-authenticate'], 'Bearer realm="mcp", error="invalid_token"')
  })

  test('429 with a wait after ten failures, while a valid key still passes', async () => {
    const own = await serveHttp(options())
    after(() => own.close())
    const statuses: number[] = []
    for (let count = 0; count < 12; count++)
      statuses.push((await ask({ url: own.url, headers: { authorization: 'Bearer bad' } })).status)
    assert.deepEqual(statuses, [...Array<number>(10).fill(401), 429, 429])
    assert.equal((await ask({ url: own.url })).status, 200)
    const reply = await ask({ url: own.url, headers: { authorization: 'Bearer bad' } })
    assert.match(String(reply.headers['retry-after']), /^[12]$/)
  })

  test('503 when the authentication cannot be recorded', async () => {
    auditFails = true
    try {
      assert.equal((await ask()).status, 503)
      assert.equal((await ask({ method: 'GET', path: '/healthz' })).status, 503)
    } finally {
      auditFails = false
    }
    assert.equal((await ask({ method: 'GET', path: '/healthz', anonymous: true })).body, 'ok\n')
  })
})

suite('serveHttp(): bodies', () => {
  const ROWS: readonly [name: string, body: string, status: number][] = [
    ['a batch', `[${LIST}]`, 400],
    ['a key twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}', 400],
    ['no JSON', 'hello', 400],
    ['nothing', '', 400],
  ]
  for (const [name, body, status] of ROWS) {
    test(`${status} for ${name}`, async () => assert.equal((await ask({ body })).status, status))
  }

  test('413 for an undeclared body that grows over the limit', async () => {
    const chunk = 'x'.repeat(64 * 1024)
    const { hostname, port } = new URL(serving.url)
    const status = await new Promise((resolve) => {
      const request = httpRequest(
        { hostname, port, method: 'POST', path: '/mcp', headers: { ...JSON_HEADERS, authorization: 'Bearer good' } },
        (response) => {
          response.resume()
          resolve(response.statusCode)
        },
      )
      request.on('error', () => undefined)
      for (let sent = 0; sent <= MAX_BODY_BYTES; sent += chunk.length) request.write(chunk)
      request.end()
    })
    assert.equal(status, 413)
  })

  test('two requests of one id get their own answers (CVE-2026-25536)', async () => {
    const [list, call] = await Promise.all([
      ask({ body: LIST.replace('"id":1', '"id":7') }),
      ask({ body: callOf('echo') }),
    ])
    assert.match(list.body, /"tools"/)
    assert.match(call.body, /"said":"hello"/)
  })

  test('a fault inside says nothing of the inside', async () => {
    const reply = await ask({ body: callOf('boom') })
    assert.match(reply.body, /-32603/)
    assert.doesNotMatch(reply.body, /SECRET/)
  })

  test('an unknown tool is a protocol error, whatever its name', async () => {
    const reply = await ask({ body: callOf('nope') })
    assert.match(reply.body, /"code":-32602,"message":"[^"]*Unknown tool"/)
  })

  test('the credential does not reach the call', async () => {
    await ask({ body: callOf('echo') })
    assert.doesNotMatch(JSON.stringify(calls.at(-1)), /Bearer|good/)
    assert.equal(calls.at(-1)?.caller.id, 'k_000000000001')
  })

  test('a client that disconnects stops its call', async () => {
    const held = Promise.withResolvers<void>()
    hold = held.promise
    const { hostname, port } = new URL(serving.url)
    const body = callOf('echo')
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /mcp HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer good\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    const before = calls.length
    while (calls.length === before) await new Promise((resolve) => setTimeout(resolve, 5))
    const { stop } = calls.at(-1) as CallParams
    assert.equal(stop.aborted, false)
    socket.destroy()
    await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
    held.resolve()
    hold = undefined
  })
})

suite('serveHttp(): where it listens', () => {
  test('refuses another address than loopback without TLS or a declared proxy', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) await assert.rejects(serveHttp(options({ host })), /needs TLS/)
  })

  test('behind a declared proxy takes nothing from anybody else', async () => {
    const own = await serveHttp(options({ trustedProxies: ['192.0.2.7/32'] }))
    after(() => own.close())
    assert.equal((await ask({ url: own.url, headers: { 'x-forwarded-proto': 'https' } })).status, 403)
  })

  test('a port that is taken is one clear line', async () => {
    await assert.rejects(
      serveHttp(options({ port: Number(new URL(serving.url).port) })),
      /Cannot listen on 127\.0\.0\.1:\d+/,
    )
  })
})
