// Spans and metrics of a real server at a real collector: one span per call, below the right parent, and no secret in any byte.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect } from '@hardened-mcp/testkit/clients'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import { attributesOf, type Collector, collector, type ReceivedSpan, spansIn } from './fixture/collector.ts'

const dir = mkdtempSync(join(tmpdir(), 'traces-'))
const keysFile = join(dir, 'keys.json')
const CONTENT = 'zebra-quartz-7731'
const ARGUMENT = 'walrus-onyx-2204'
const TOKEN = 'Bearer collector-credential'
let sink: Collector
let server: RunningServer
let key = ''
let keyId = ''

const policy = (over: object = {}) => ({
  version: 1,
  servers: {
    file: {
      allowed_tools: ['read_text_file', 'list_directory'],
      permissions: ['tool:read_only', 'resource:local', 'sys:file_read'],
      resources: { roots: [{ name: 'docs', path: join(dir, 'docs') }] },
    },
  },
  telemetry: {
    otlp: {
      endpoint: `${sink.url}/otlp/`,
      authorization_file: join(dir, 'authorization'),
      inside: { network: '127.0.0.1', prefix: 32, ca_file: join(dir, 'ca.pem') },
      interval_seconds: 1,
      ...over,
    },
  },
})
const serveWith = (written: object, name: string) => {
  writeFileSync(join(dir, `${name}.json`), JSON.stringify(written))
  return serveOverHttp([
    ...['file', '--policy', join(dir, `${name}.json`), '--keys', keysFile, '--audit', join(dir, `audit-${name}`)],
    ...['--http', '127.0.0.1:0', '--workers', '1'],
  ])
}

before(async () => {
  sink = await collector()
  mkdirSync(join(dir, 'docs'))
  writeFileSync(join(dir, 'docs', 'note.txt'), `${CONTENT}\n`)
  writeFileSync(join(dir, 'ca.pem'), sink.ca)
  writeFileSync(join(dir, 'authorization'), `${TOKEN}\n`, { mode: 0o600 })
  const minted = await command(['keys', 'mint', '--keys', keysFile, '--name', 'tracer', '--tenant', 'acme'])
  ;({ key, id: keyId } = JSON.parse(minted.stdout) as { key: string; id: string })
  server = await serveWith(policy(), 'traced')
})
after(async () => {
  await (server as RunningServer | undefined)?.stop()
  await sink.close()
  rmSync(dir, { recursive: true })
})

const post = (url: string, name: string, args: object, meta: object) =>
  new Promise<string>((resolve, fail) => {
    const headers = {
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      authorization: `Bearer ${key}`,
    }
    const asked = request(url, { method: 'POST', headers }, (answer) => {
      let body = ''
      answer.on('data', (chunk) => (body += String(chunk))).on('end', () => resolve(body))
    })
    const params = { name, arguments: args, _meta: meta }
    asked.on('error', fail).end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }))
  })
const hex = (bytes: number) => randomBytes(bytes).toString('hex')

suite('spans at a collector', () => {
  const parents = Array.from({ length: 20 }, () => ({ trace: hex(16), span: hex(8) }))
  let spans: readonly ReceivedSpan[] = []

  test('twenty calls in twenty traces: one span each, below the span that called', async () => {
    const sent = parents.map(({ trace, span }, n) =>
      post(
        server.url,
        'read_text_file',
        { path: n % 2 === 0 ? 'docs:/note.txt' : `docs:/${ARGUMENT}` },
        {
          traceparent: `00-${trace}-${span}-01`,
          tracestate: `vendor=${ARGUMENT}`,
          baggage: `secret=${ARGUMENT}`,
        },
      ),
    )
    await Promise.all(sent)
    // Malformed, all zeros, upper case, an array: a new trace each. Not sampled: none at all.
    const [trace, span] = [hex(16), hex(8)]
    const wrong = [`00-${'0'.repeat(32)}-${span}-01`, `00-${trace}-${'0'.repeat(16)}-01`, `01-${trace}-${span}-01`]
    for (const traceparent of [
      ...wrong,
      `00-${trace}-${span}-01\n`,
      [`00-${trace}-${span}-01`],
      `00-${trace}-${span}-00`,
    ])
      await post(server.url, 'list_directory', { path: 'docs:/' }, { traceparent })
    await post(server.url, `tool_${ARGUMENT}`, { secret: ARGUMENT }, {})
    const client = await connect('v2-2026-07-28', { url: server.url, key })
    await client.call('read_text_file', { path: 'docs:/note.txt' })
    await client.close()
    await server.stop()
    spans = spansIn(sink.received)
    assert.equal(spans.length, 20 + 5 + 1 + 1)
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length)
    for (const parent of parents) {
      const own = spans.filter(({ traceId }) => traceId === parent.trace)
      assert.deepEqual(
        own.map(({ parentSpanId, name }) => [parentSpanId, name]),
        [[parent.span, 'tools/call read_text_file']],
      )
    }
    assert.ok(spans.every(({ traceId }) => traceId !== trace && /^[0-9a-f]{32}$/.test(traceId)))
    assert.equal(spans.filter(({ parentSpanId }) => parentSpanId === undefined).length, 7)
  })

  test('each says how its call ended', () => {
    const ends = spans.map(
      (span) => `${attributesOf(span)['error.type'] ?? 'ok'} ${attributesOf(span)['hardened_mcp.code']}`,
    )
    const count = (end: string) => ends.filter((each) => each === end).length
    assert.deepEqual([count('ok ok'), count('tool_error not_found'), count('-32602 unknown_tool')], [16, 10, 1])
    for (const span of spans) assert.match(attributesOf(span)['hardened_mcp.call_id'] ?? '', /^[0-9a-f-]{36}$/)
  })

  test('the duration of calls comes as the metric of the convention', () => {
    const metrics = sink.received.filter(({ path }) => path === '/otlp/v1/metrics')
    assert.match(metrics.at(-1)?.body ?? '', /"name":"mcp\.server\.operation\.duration"/)
    assert.match(metrics.at(-1)?.body ?? '', /"count":"11"/) // what read_text_file answered
  })

  test('no argument, content, caller or credential is in any byte that was sent', () => {
    const everything = sink.received.map(({ raw }) => raw).join('\n')
    assert.ok(everything.length > 5_000)
    for (const secret of [CONTENT, ARGUMENT, key, keyId, 'acme', 'tracer', dir, 'tracestate', 'baggage', 'testkit'])
      assert.ok(!everything.includes(secret), secret)
    assert.deepEqual([...new Set(sink.received.map(({ authorization }) => authorization))], [TOKEN])
    assert.deepEqual([...new Set(sink.received.map(({ path }) => path))].toSorted(), [
      '/otlp/v1/metrics',
      '/otlp/v1/traces',
    ])
  })
})

suite('a collector that fails', () => {
  const served = (url: string) => post(url, 'read_text_file', { path: 'docs:/note.txt' }, {})

  test('spans go nowhere else: a redirect is a failure, and calls go on', async () => {
    const elsewhere = await collector()
    sink.answerWith(307, { location: `${elsewhere.url}/v1/traces` })
    const redirected = await serveWith(policy(), 'redirected')
    try {
      for (let n = 0; n < 3; n += 1) assert.match(await served(redirected.url), new RegExp(CONTENT))
      const { stderr } = await redirected.stop()
      assert.match(stderr, /"event":"otlp_failed","fields":\{"reason":"The collector answered with 307"\}/)
      assert.equal(stderr.match(/otlp_failed/g)?.length, 1)
      assert.equal(elsewhere.received.length, 0)
    } finally {
      await redirected.stop()
      sink.answerWith(200)
      await elsewhere.close()
    }
  })

  test('an address that was not declared is not dialled', async () => {
    const before = sink.received.length
    const { inside: _, ...otlp } = policy().telemetry.otlp
    const guarded = await serveWith({ ...policy(), telemetry: { otlp } }, 'guarded')
    try {
      assert.match(await served(guarded.url), new RegExp(CONTENT))
      const { stderr } = await guarded.stop()
      assert.match(stderr, /otlp_failed/)
      assert.equal(sink.received.length, before)
    } finally {
      await guarded.stop()
    }
  })
})
