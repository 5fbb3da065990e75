// Alerts reach the receiver the operator named, and nobody else; one that is slow, gone or full harms nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Alert } from '@hardened-mcp/security-core'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { webhook } from './webhook.ts'

const dir = mkdtempSync(join(tmpdir(), 'webhook-'))
const TOKEN = 'receiver-token-1234567890'
let server: Server
let got: { authorization: string | undefined; body: Record<string, unknown> }[] = []
let answer: (response: ServerResponse, n: number) => void = ok
let asked = 0

function ok(response: ServerResponse): void {
  response.writeHead(204).end()
}

before(async () => {
  const authority = await certificateAuthority()
  writeFileSync(join(dir, 'ca.pem'), authority.ca)
  writeFileSync(join(dir, 'token'), `${TOKEN}\n`)
  server = createServer({ ...(await authority.issue(['hooks.corp'])) }, (request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      got.push({ authorization: request.headers.authorization, body: JSON.parse(body) as Record<string, unknown> })
      answer(response, asked++)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(dir, { recursive: true })
})

const alert = (rule = 'denial_burst'): Alert => ({
  ...{ rule, severity: 'warning', at: Date.UTC(2026, 0, 1), says: '6 calls were refused in a short time' },
  ...{ server: 'file', tenant: 'acme', caller: 'k_1', held: 3 },
})

function open(over: { network?: string; pausesMs?: readonly number[]; inside?: false } = {}) {
  ;[got, asked, answer] = [[], 0, ok]
  const events: string[] = []
  const inside = { network: over.network ?? '127.0.0.1', prefix: 32, ca_file: join(dir, 'ca.pem') }
  const hook = webhook({
    config: {
      url: `https://hooks.corp:${(server.address() as AddressInfo).port}/in/secret-path?token=secret-query`,
      token_file: join(dir, 'token'),
      ...(over.inside === false ? {} : { inside }),
    },
    log: (event, fields) => events.push(`${event} ${JSON.stringify(fields)}`),
    pausesMs: over.pausesMs ?? [1, 1],
  })
  return { hook, events }
}
async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    assert.ok(waited < 30_000)
    await delay(20)
  }
}

suite('webhook()', () => {
  test('posts the alert as JSON with its token', async () => {
    const { hook, events } = open()
    hook.send(alert())
    await hook.close(10_000)
    const [only, ...more] = got
    assert.deepEqual(more, [])
    assert.equal(only?.authorization, `Bearer ${TOKEN}`)
    assert.deepEqual(only?.body, { ...alert(), at: '2026-01-01T00:00:00.000Z' })
    assert.deepEqual(events, [])
  })

  test('tries again, and then gives up with a line that holds no secret', async () => {
    const { hook, events } = open()
    answer = (response, n) => response.writeHead(n === 0 ? 503 : 204).end()
    hook.send(alert())
    await until(() => got.length === 2)
    await hook.close(10_000)
    assert.deepEqual(events, [])

    const second = open()
    answer = (response) => response.writeHead(500).end()
    second.hook.send(alert())
    await until(() => second.events.length > 0)
    assert.equal(got.length, 3)
    assert.deepEqual(second.events, ['webhook_failed {"rule":"denial_burst","tries":3}'])
    answer = ok
    second.hook.send(alert('tainted'))
    await second.hook.close(10_000)
    assert.equal(got.at(-1)?.body['missed'], 1, 'the next one says that one was lost')
  })

  test('follows no redirect', async () => {
    const { hook, events } = open()
    answer = (response) => response.writeHead(307, { location: '/elsewhere' }).end()
    hook.send(alert())
    await until(() => events.length > 0)
    assert.equal(got.length, 3)
    await hook.close(0)
  })

  for (const [what, over] of [
    ['outside the network it may be in', { network: '127.0.0.2' }],
    ['on an address inside that nobody granted', { inside: false }],
  ] as const)
    test(`a receiver ${what} gets nothing`, async () => {
      const { hook, events } = open({ ...over, pausesMs: [] })
      hook.send(alert())
      await until(() => events.length > 0)
      assert.deepEqual(got, [])
      await hook.close(0)
    })

  test('a receiver that never answers holds up nothing: a hundred wait, the rest is counted', async () => {
    const { hook, events } = open({ pausesMs: [] })
    answer = () => undefined
    const startMs = performance.now()
    for (let i = 0; i < 10_000; i += 1) hook.send(alert())
    assert.ok(performance.now() - startMs < 2_000)
    assert.deepEqual(events, ['webhook_dropped {"rule":"denial_burst","waiting":100}'])
    await hook.close(50)
    server.closeAllConnections()
  })

  test('a file that cannot be read is said at the start', () => {
    const config = { url: 'https://hooks.example.com/x', token_file: join(dir, 'missing') }
    assert.throws(() => webhook({ config, log: () => undefined }), /anomaly\.webhook cannot be read/)
  })
})
