// Who may read the figures, and which addresses they may be served on.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { metricsAddress } from '../policy/telemetry-section.ts'
import { metricsListener, type Pages } from './metrics-listener.ts'

const PAGES: Pages = { '/metrics': () => ({ status: 200, type: 'text/plain', text: 'figures\n' }) }

const statusOf = (url: string, headers: Record<string, string>) =>
  new Promise<number>((resolve, fail) => {
    const asked = request(url, { headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    asked.on('error', fail).end()
  })

suite('metricsListener()', () => {
  const hosts: readonly [host: string, status: number][] = [
    ['127.0.0.1', 200],
    ['127.0.0.1:9464', 200],
    ['10.9.8.7:9464', 200],
    ['LOCALHOST:1', 200],
    ['[::1]:9464', 200],
    ['[fd00::7]', 200],
    ['metrics.example', 421],
    ['127.0.0.1.example:9464', 421],
    ['localhost.example', 421],
    ['2130706433', 421],
    ['0x7f.1', 421],
    ['127.0.0.1:9464@evil.example', 421],
    ['[::1].evil.example', 421],
  ]
  test('answers to addresses and localhost, and to no name', async () => {
    const { url, close } = await metricsListener({ host: '127.0.0.1', port: 0 }, PAGES)
    try {
      for (const [host, status] of hosts) assert.equal(await statusOf(url, { host }), status, host)
      assert.equal(await statusOf(url, { host: '127.0.0.1', origin: 'null' }), 403)
    } finally {
      await close()
    }
  })

  test('hangs up on readers outside the listed networks before they say a word', async () => {
    const { url, close } = await metricsListener({ host: '127.0.0.1', port: 0, from: ['127.0.0.2/32'] }, PAGES)
    try {
      await assert.rejects(statusOf(url, { host: '127.0.0.1' }), /hang up|ECONNRESET/)
      const { port } = new URL(url)
      const answer = await new Promise<string>((resolve, fail) => {
        const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress: '127.0.0.2' })
        socket.on('error', fail).on('data', (chunk) => resolve(String(chunk)))
        socket.end('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')
      })
      assert.match(answer, /^HTTP\/1\.1 200/)
    } finally {
      await close()
    }
  })

  test('sixteen readers that say nothing leave no seventeenth, and stand in nobody’s way for long', async () => {
    const { url, close } = await metricsListener({ host: '127.0.0.1', port: 0 }, PAGES)
    const idle = Array.from({ length: 16 }, () => connect(Number(new URL(url).port), '127.0.0.1'))
    try {
      await Promise.all(idle.map((socket) => new Promise((resolve) => socket.on('connect', resolve))))
      await assert.rejects(statusOf(url, { host: '127.0.0.1' }), /hang up|ECONNRESET/)
      const gone = idle.map((socket) => new Promise((resolve) => socket.on('close', resolve).resume()))
      await Promise.all(gone)
      assert.equal(await statusOf(url, { host: '127.0.0.1' }), 200)
    } finally {
      for (const socket of idle) socket.destroy()
      await close()
    }
  })

  test('an address that is taken stops the start with one line', async () => {
    const { url, close } = await metricsListener({ host: '127.0.0.1', port: 0 }, PAGES)
    const taken = metricsListener({ host: '127.0.0.1', port: Number(new URL(url).port) }, PAGES)
    await assert.rejects(taken, /^RangeError: Metrics cannot be served on 127\.0\.0\.1:\d+: .*EADDRINUSE/)
    await close()
  })

  test('an answer that cannot be made is an error without its text', async () => {
    const broken: Pages = { '/metrics': () => Promise.reject(new Error('secret')) }
    const { url, close } = await metricsListener({ host: '127.0.0.1', port: 0 }, broken)
    assert.equal(await statusOf(url, { host: '127.0.0.1' }), 500)
    await close()
  })
})

suite('metricsAddress()', () => {
  const good: readonly [text: string, from: readonly string[] | undefined][] = [
    ['127.0.0.1:9464', undefined],
    ['127.3.2.1:0', undefined],
    ['[::1]:9464', undefined],
    ['localhost:9464', undefined],
    ['0.0.0.0:9464', ['10.0.0.0/8']],
    ['[::]:9464', ['fd00::/8']],
  ]
  for (const [text, from] of good) test(`takes ${text}`, () => void metricsAddress(text, from))
  const bad: readonly [text: string, from: readonly string[] | undefined, says: RegExp][] = [
    ['0.0.0.0:9464', undefined, /--metrics-from/],
    ['172.30.1.10:9464', undefined, /--metrics-from/],
    ['[::]:9464', undefined, /--metrics-from/],
    ['[::ffff:7f00:1]:9464', undefined, /--metrics-from/],
    ['9464', undefined, /ADDRESS:PORT/],
    ['metrics.example:9464', undefined, /ADDRESS:PORT/],
    ['127.0.0.1:70000', undefined, /ADDRESS:PORT/],
    ['127.1:9464', undefined, /ADDRESS:PORT/],
    ['[1:2]:9464', undefined, /ADDRESS:PORT/],
    ['127.0.0.1:9464', ['prometheus'], /network that may read metrics must be a CIDR/],
  ]
  for (const [text, from, says] of bad)
    test(`refuses ${text}`, () => assert.throws(() => metricsAddress(text, from), says))
})
