// Sends spans and metrics to the operator's collector: OTLP over HTTP, in JSON, through the same address guard as every other request.
import { randomBytes, randomUUID } from 'node:crypto'
import { type AuditEvent, readUrl } from '@hardened-mcp/security-core'
import { listedFile } from '../listed-file.ts'
import { insideHost, jsonPost, type OutboundOptions } from '../outbound/index.ts'
import type { TelemetrySection } from '../policy/telemetry-section.ts'
import type { Hear } from './observed-sink.ts'
import { durations, type Source, type Span, spanOf, tracesBody } from './otlp-json.ts'
import { outcomeOf } from './outcome.ts'

const WHAT = 'the telemetry section'

/** What waits is sent after five seconds, or when so many wait; beyond `MAX_WAITING` spans are dropped and counted. */
const BATCH = 512
const MAX_WAITING = 2_048
const EVERY_MS = 5_000
const TIMEOUT_MS = 10_000
const LAST_MS = 2_000 // of a process that is about to go

export type Otlp = Readonly<{ hear: Hear; close(): Promise<void> }>

/** Throws `RangeError` when a file of the section cannot be read. A collector that does not answer costs spans, never a call. */
export function otlp(from: {
  section: NonNullable<TelemetrySection['otlp']>
  source: Omit<Source, 'instance'>
  tools: ReadonlySet<string>
  now: () => number
  onEvent: (event: 'otlp_failed' | 'otlp_sent', reason: string) => void
  dial?: Pick<OutboundOptions, 'onDial'>
}): Otlp {
  const { section, tools, now } = from
  const source = { ...from.source, instance: randomUUID() }
  const seconds = durations(source, now())
  const post = poster(section, from.dial)
  const waiting: Span[] = []
  let lost = 0
  let failing = false
  let timer: NodeJS.Timeout | undefined

  async function send(path: string, body: string, spans: number, withinMs = TIMEOUT_MS): Promise<void> {
    try {
      await post(path, body, withinMs)
      if (failing || lost > 0) from.onEvent('otlp_sent', `The collector takes spans; ${lost} were lost`)
      failing = false
      lost = 0
    } catch (thrown) {
      lost += spans
      if (!failing) from.onEvent('otlp_failed', thrown instanceof Error ? thrown.message : 'unknown')
      failing = true
    }
  }

  // One batch after another: a slow collector makes spans wait, not connections.
  let sending: Promise<void> | undefined
  async function sendAll(withinMs?: number): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH)
      await send('/v1/traces', tracesBody(batch, source), batch.length, withinMs)
    }
  }
  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    sending ??= sendAll().finally(() => {
      sending = undefined
    })
  }
  const sendMetrics = async (withinMs?: number) => {
    const body = seconds.body(now())
    if (body !== undefined) await send('/v1/metrics', body, 0, withinMs)
  }
  const clock = setInterval(() => void sendMetrics(), section.interval_seconds * 1_000).unref()

  return {
    hear(event: AuditEvent) {
      const outcome = outcomeOf(event, tools)
      if (outcome === undefined) return
      seconds.add(outcome)
      if (outcome.trace?.sampled === false) return // whoever began the trace does not keep it
      if (waiting.length >= MAX_WAITING) {
        lost += 1
        return
      }
      waiting.push(spanOf(outcome, source, now(), newIds()))
      if (waiting.length >= BATCH) flush()
      else timer ??= setTimeout(flush, EVERY_MS).unref()
    },
    async close() {
      clearInterval(clock)
      clearTimeout(timer)
      await Promise.all([sendAll(LAST_MS), sendMetrics(LAST_MS)])
    },
  }
}

const newIds = () => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') })

function poster({ endpoint, inside, authorization_file: file }: NonNullable<TelemetrySection['otlp']>, dial = {}) {
  const base = endpoint.replace(/\/$/, '')
  const post = jsonPost({
    ...dial,
    receiver: 'collector',
    internal: insideHost(inside, urlOf(endpoint), WHAT),
    headers: file === undefined ? {} : { authorization: listedFile(file, WHAT).trim() },
  })
  return (path: string, body: string, withinMs: number) => post(urlOf(base + path), body, withinMs)
}

function urlOf(text: string) {
  const reading = readUrl(text)
  if (!reading.ok) throw new RangeError(`URL of the collector: ${reading.reason}`)
  return reading.url
}
