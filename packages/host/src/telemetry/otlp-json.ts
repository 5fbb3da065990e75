// Spans and metrics of calls as OTLP writes them in JSON, with the names of OpenTelemetry's conventions for MCP servers.
import type { Outcome } from './outcome.ts'

/** Who speaks: the same for everything that one process sends. */
export type Source = Readonly<{ server: string; version: string; instance: string; transport: 'pipe' | 'tcp' }>

type Value = { stringValue: string } | { intValue: string }
export type Attribute = Readonly<{ key: string; value: Value }>
const text = (key: string, value: string): Attribute => ({ key, value: { stringValue: value } })
const count = (key: string, value: number): Attribute => ({ key, value: { intValue: String(Math.round(value)) } })
const nanos = (ms: number): string => `${Math.round(ms)}000000` // 64 bits do not fit a number: in JSON they are text

const KIND_SERVER = 2
const STATUS_ERROR = 2
const CUMULATIVE = 2

/** `spanId` and, where the caller sent no trace, `traceId` are new. */
export type NewIds = Readonly<{ spanId: string; traceId: string }>
export type Span = Readonly<{ traceId: string; spanId: string; parentSpanId?: string; name: string }> &
  Readonly<Record<string, unknown>>

/** One call. Without arguments, answer or caller: what was refused and why is in the audit trail, under the call's id. */
export function spanOf(outcome: Outcome, source: Source, endMs: number, ids: NewIds): Span {
  const { trace, callId, rows, bytes, code } = outcome
  const error = errorType(outcome)
  return {
    traceId: trace?.traceId ?? ids.traceId,
    spanId: ids.spanId,
    ...(trace === undefined ? {} : { parentSpanId: trace.parentId }),
    name: outcome.tool === 'unknown' ? METHOD : `${METHOD} ${outcome.tool}`,
    kind: KIND_SERVER,
    startTimeUnixNano: nanos(endMs - (outcome.ms ?? 0)),
    endTimeUnixNano: nanos(endMs),
    attributes: [
      ...operation(outcome, source),
      text('gen_ai.operation.name', 'execute_tool'),
      ...(code === 'unknown_tool' ? [text('rpc.response.status_code', INVALID_PARAMS)] : []),
      text('hardened_mcp.code', code),
      ...(callId === undefined ? [] : [text('hardened_mcp.call_id', callId)]),
      ...(rows === undefined ? [] : [count('hardened_mcp.rows', rows)]),
      ...(bytes === undefined ? [] : [count('hardened_mcp.bytes', bytes)]),
    ],
    status: error === undefined ? {} : { code: STATUS_ERROR },
  }
}

const METHOD = 'tools/call'
const INVALID_PARAMS = '-32602' // how a tool that is not there is answered

const errorType = ({ decision, code }: Outcome): string | undefined => {
  if (decision === 'allow') return undefined
  return code === 'unknown_tool' ? INVALID_PARAMS : 'tool_error'
}

const operation = (outcome: Outcome, { transport }: Source): readonly Attribute[] => {
  const error = errorType(outcome)
  return [
    text('mcp.method.name', METHOD),
    ...(outcome.tool === 'unknown' ? [] : [text('gen_ai.tool.name', outcome.tool)]),
    ...(error === undefined ? [] : [text('error.type', error)]),
    text('network.transport', transport),
    ...(transport === 'tcp' ? [text('network.protocol.name', 'http')] : []),
  ]
}

const about = ({ server, version, instance }: Source) => ({
  resource: {
    attributes: [
      text('service.namespace', 'hardened-mcp'),
      text('service.name', server),
      text('service.version', version),
      text('service.instance.id', instance),
    ],
  },
  scope: { name: 'hardened-mcp', version },
})

/** The body of a request to `/v1/traces`. */
export function tracesBody(spans: readonly Span[], source: Source): string {
  const { resource, scope } = about(source)
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] })
}

const BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] // seconds, as the convention has them

type Point = { attributes: readonly Attribute[]; count: number; sum: number; buckets: number[] }
export type Durations = Readonly<{
  add(outcome: Outcome): void
  /** The body of a request to `/v1/metrics`; `undefined` before the first call. */
  body(nowMs: number): string | undefined
}>

/** `mcp.server.operation.duration`, since `startMs`. As many series as there are tools and kinds of end. */
export function durations(source: Source, startMs: number): Durations {
  const points = new Map<string, Point>()
  return {
    add(outcome) {
      if (outcome.ms === undefined) return
      const key = `${outcome.tool} ${errorType(outcome) ?? ''}`
      const empty = { attributes: operation(outcome, source), count: 0, sum: 0, buckets: [...BOUNDS, 0].map(() => 0) }
      const point = points.get(key) ?? empty
      points.set(key, point)
      const seconds = outcome.ms / 1000
      const place = BOUNDS.findIndex((bound) => seconds <= bound)
      const bucket = place < 0 ? BOUNDS.length : place
      point.buckets[bucket] = (point.buckets[bucket] ?? 0) + 1
      point.count += 1
      point.sum += seconds
    },
    body(nowMs) {
      if (points.size === 0) return undefined
      const dataPoints = [...points.values()].map((point) => ({
        attributes: point.attributes,
        startTimeUnixNano: nanos(startMs),
        timeUnixNano: nanos(nowMs),
        count: String(point.count),
        sum: point.sum,
        bucketCounts: point.buckets.map(String),
        explicitBounds: BOUNDS,
      }))
      const histogram = { aggregationTemporality: CUMULATIVE, dataPoints }
      const description = 'From the arrival of a request to its answer'
      const metrics = [{ name: 'mcp.server.operation.duration', description, unit: 's', histogram }]
      const { resource, scope } = about(source)
      return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] })
    },
  }
}
