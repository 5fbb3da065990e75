// The judge is OpenTelemetry's own SDK: it makes the same span and the same histogram, and both texts have to say the same.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SpanKind, SpanStatusCode, trace, TraceFlags, ROOT_CONTEXT } from '@opentelemetry/api'
import { JsonMetricsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { durations, type Source, spanOf, tracesBody } from './otlp-json.ts'
import type { Outcome } from './outcome.ts'

const SOURCE: Source = { server: 'file', version: '0.1.0', instance: 'one', transport: 'tcp' }
const resource = resourceFromAttributes({
  'service.namespace': 'hardened-mcp',
  'service.name': 'file',
  'service.version': '0.1.0',
  'service.instance.id': 'one',
})
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const CALL = 'b6f1cb3e-7e0f-4d92-9d3a-52b0e35b1d11'
const END_MS = 1_790_000_000_123
const OK: Outcome = {
  ...{ tool: 'read_text_file', decision: 'allow', code: 'ok', ms: 12, rows: 3, bytes: 512, tenant: 'acme' },
  callId: CALL,
  trace: { traceId: TRACE, parentId: PARENT, sampled: true },
}
const DENIED: Outcome = { tool: 'read_text_file', decision: 'deny', code: 'path_denied', ms: 1, tenant: 'acme' }

type Json = Readonly<Record<string, unknown>>
const decoded = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as Json

/** What stands in a body, in a form in which order, empty fields and the writing of numbers no longer matter. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(plain)
    return items.every((item) => item !== null && typeof item === 'object' && 'key' in item)
      ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items
  }
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value)
    .filter(([key, each]) => !ABSENT.has(key) && !(key === 'code' && each === 0))
    .map(([key, each]) => [key, plain(each)] as const)
  return Object.fromEntries(kept)
}
// What the SDK writes beside: counts of what was dropped, flags that we do not send, and the least and largest value.
const ABSENT = new Set([
  ...['droppedAttributesCount', 'droppedEventsCount', 'droppedLinksCount', 'events', 'links', 'flags', 'schemaUrl'],
  ...['min', 'max', 'isRemote', 'entityRefs', 'exemplars'],
])

const SPAN = 'aaaaaaaaaaaaaaaa'

function bySdk(attributes: Record<string, string | number>, failed: boolean, startMs: number, parent: boolean): Json {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    idGenerator: { generateTraceId: () => TRACE, generateSpanId: () => SPAN },
  })
  const remote = { traceId: TRACE, spanId: PARENT, traceFlags: TraceFlags.SAMPLED, isRemote: true }
  const context = parent ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT
  const name = 'tools/call read_text_file'
  const options = { kind: SpanKind.SERVER, startTime: startMs, attributes }
  const span = provider.getTracer('hardened-mcp', '0.1.0').startSpan(name, options, context)
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(END_MS)
  return decoded(JsonTraceSerializer.serializeRequest(exporter.getFinishedSpans()))
}

suite('spanOf(), tracesBody()', () => {
  const common = {
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'read_text_file',
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
  }
  const cases: readonly [what: string, Outcome, attributes: Record<string, string | number>, failed: boolean][] = [
    [
      'an answer, below the span of its caller',
      OK,
      { 'hardened_mcp.code': 'ok', 'hardened_mcp.call_id': CALL, 'hardened_mcp.rows': 3, 'hardened_mcp.bytes': 512 },
      false,
    ],
    [
      'a refusal without a caller’s trace',
      DENIED,
      { 'error.type': 'tool_error', 'hardened_mcp.code': 'path_denied' },
      true,
    ],
  ]
  for (const [what, outcome, attributes, failed] of cases)
    test(what, () => {
      const ours = spanOf(outcome, SOURCE, END_MS, { spanId: SPAN, traceId: TRACE })
      const theirs = bySdk(
        { ...common, ...attributes },
        failed,
        END_MS - (outcome.ms ?? 0),
        outcome.trace !== undefined,
      )
      assert.deepEqual(plain(JSON.parse(tracesBody([ours], SOURCE))), plain(theirs))
    })

  test('a tool that is not there is named by its code alone', () => {
    const unknown: Outcome = { tool: 'unknown', decision: 'deny', code: 'unknown_tool', tenant: 'acme' }
    const span = spanOf(unknown, { ...SOURCE, transport: 'pipe' }, END_MS, { spanId: SPAN, traceId: TRACE })
    assert.equal(span.name, 'tools/call')
    assert.equal(span['parentSpanId'], undefined)
    const text = JSON.stringify(span)
    for (const part of ['"rpc.response.status_code","value":{"stringValue":"-32602"}', '"error.type"', '"pipe"'])
      assert.ok(text.includes(part), part)
    for (const part of ['gen_ai.tool.name', 'acme', 'network.protocol.name']) assert.ok(!text.includes(part), part)
  })
})

class Once extends MetricReader {
  protected override onForceFlush = () => Promise.resolve()
  protected override onShutdown = () => Promise.resolve()
}

suite('durations()', () => {
  test('says the same as the histogram of the SDK, at every bound and on both sides of it', async () => {
    const values = [0, 9, 10, 11, 19, 20, 50, 100, 999, 1_000, 1_001, 300_000, 300_001, 4_000_000]
    const reader = new Once({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE })
    const provider = new MeterProvider({ resource, readers: [reader] })
    const histogram = provider.getMeter('hardened-mcp', '0.1.0').createHistogram('mcp.server.operation.duration', {
      unit: 's',
      description: 'From the arrival of a request to its answer',
      advice: { explicitBucketBoundaries: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] },
    })
    const ours = durations(SOURCE, 0)
    assert.equal(ours.body(1), undefined)
    for (const ms of values) {
      ours.add({ ...OK, ms })
      histogram.record(ms / 1000, {
        ...{ 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'read_text_file' },
        ...{ 'network.transport': 'tcp', 'network.protocol.name': 'http' },
      })
    }
    const { resourceMetrics } = await reader.collect()
    const theirs = decoded(JsonMetricsSerializer.serializeRequest(resourceMetrics))
    const times = (body: string) => body.replace(/"(startTimeUnixNano|timeUnixNano)":"?\d+"?/g, '"$1":"0"')
    assert.deepEqual(
      plain(JSON.parse(times(ours.body(END_MS) ?? ''))),
      plain(JSON.parse(times(JSON.stringify(theirs)))),
    )
  })

  test('ten thousand callers make one series', () => {
    const ours = durations(SOURCE, 0)
    for (let n = 0; n < 10_000; n += 1) ours.add({ ...OK, tenant: `tenant-${n}`, callId: CALL })
    const body = JSON.parse(ours.body(1) ?? '') as {
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ histogram: { dataPoints: unknown[] } }] }] }]
    }
    assert.equal(body.resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.dataPoints.length, 1)
  })
})
