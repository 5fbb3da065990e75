// What is measured of one server, and where it goes: nowhere unless the operator said so.
import type { AuditEvent } from '@hardened-mcp/security-core'
import type { FrontConfig } from '../config.ts'
import type { OperationalLog } from '../log.ts'
import { readyPage } from '../mcp/http-answer.ts'
import { metricsListener } from './metrics-listener.ts'
import type { Hear } from './observed-sink.ts'
import type { Standing } from './readings.ts'

export type Telemetry = Readonly<{
  hear: Hear
  /** Opens the listener that the operator wants; returns where Prometheus reads. Throws `RangeError` when its address cannot be had. */
  listen(): Promise<string | undefined>
  /** Sends what waits, and stops listening. */
  close(): Promise<void>
}>

const SILENT: Telemetry = {
  hear: () => undefined,
  listen: () => Promise.resolve(undefined),
  close: () => Promise.resolve(),
}

/** Throws `RangeError` with one line when a file cannot be read. */
export async function telemetry(from: {
  config: Pick<FrontConfig, 'server' | 'telemetry' | 'metrics' | 'transport'>
  version: string
  tools: readonly string[]
  standing: () => Standing
  log: OperationalLog
}): Promise<Telemetry> {
  const { config, version, standing, log } = from
  const { server, telemetry: section, metrics: address } = config
  const tools: ReadonlySet<string> = new Set(from.tools)
  if (address === undefined && section?.otlp === undefined) return SILENT
  const hears: Hear[] = []
  const closes: (() => Promise<void>)[] = []
  let listen: Telemetry['listen'] = SILENT.listen
  if (address !== undefined) {
    const { prometheus } = await import('./prometheus.ts')
    const { tenants } = section?.metrics ?? {}
    const elapsed = () => performance.now()
    const made = prometheus({
      server,
      version,
      tools,
      standing,
      elapsed,
      ...(tenants === undefined ? {} : { tenants }),
    })
    hears.push(made.hear)
    listen = async () => {
      const listener = await metricsListener(address, {
        '/metrics': async () => ({ status: 200, type: made.contentType, text: await made.text() }),
        '/healthz': () => readyPage(standing().audit.healthy ? [] : ['audit']),
        '/readyz': () => readyPage(standing().notReady),
      })
      closes.push(listener.close)
      return listener.url
    }
  }
  if (section?.otlp !== undefined) {
    const { otlp } = await import('./otlp.ts')
    const transport = config.transport.kind === 'stdio' ? 'pipe' : 'tcp'
    const made = otlp({
      section: section.otlp,
      source: { server, version, transport },
      tools,
      now: Date.now,
      onEvent: (event, reason) => log.warn(event, { reason }),
    })
    hears.push(made.hear)
    closes.push(made.close)
  }
  return {
    hear: harmless(hears, log),
    listen,
    close: async () => void (await Promise.allSettled(closes.map((close) => close()))),
  }
}

// A figure that cannot be counted is said once, and stops nothing.
function harmless(hears: readonly Hear[], log: OperationalLog): Hear {
  let said = false
  return (event: AuditEvent) => {
    for (const hear of hears)
      try {
        hear(event)
      } catch (thrown) {
        if (!said) log.error('telemetry_failed', { reason: thrown instanceof Error ? thrown.message : 'unknown' })
        said = true
      }
  }
}
