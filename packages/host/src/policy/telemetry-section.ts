// The part of the policy file that says what is measured and where it goes. Left out: nothing is, and nothing leaves.
import { isIP } from 'node:net'
import { z } from 'zod'
import { inside, plainUrl } from '../identity/oauth/config.ts'
import { proxyList } from '../mcp/peer.ts'
import { tenantName } from '../tenant-name.ts'

const LISTEN = /^(?:\[([0-9A-Fa-f:]+)\]|([\d.]+|localhost)):(\d{1,5})$/
const LOOPBACK = /^(?:127\.|::1$|localhost$)/

/** Where figures are read: `from` are the networks that may read them, everybody on loopback when left out. */
export type MetricsAddress = Readonly<{ host: string; port: number; from?: readonly string[] }>

/** Throws `RangeError` with one line on an address that is none, or that is open to a network nobody named. */
export function metricsAddress(text: string, from: readonly string[] | undefined): MetricsAddress {
  const [, v6, v4, port] = LISTEN.exec(text) ?? []
  const host = v6 ?? v4
  if (host === undefined || Number(port) > 65_535 || (host !== 'localhost' && isIP(host) === 0))
    throw new RangeError(`The address of the metrics must be ADDRESS:PORT such as 127.0.0.1:9464, got ${text}`)
  if (!LOOPBACK.test(host) && from === undefined)
    throw new RangeError(`Metrics on ${host} need the networks that may read them (--metrics-from CIDR)`)
  if (from !== undefined) proxyList(from, 'A network that may read metrics')
  return { host, port: Number(port), ...(from === undefined ? {} : { from }) }
}

export const telemetrySection = z.strictObject({
  metrics: z
    .strictObject({
      /** `serve --metrics` names another one for this server. */
      address: z.string().exactOptional(),
      from: z.array(z.string()).min(1).max(64).exactOptional(),
      /** Tenants that get figures of their own, all others together as `other`. Left out: no figure names a tenant. */
      tenants: z.array(tenantName).min(1).max(50).exactOptional(),
    })
    .superRefine(({ address, from }, context) => {
      try {
        metricsAddress(address ?? '127.0.0.1:0', from)
      } catch (thrown) {
        context.addIssue({ code: 'custom', message: (thrown as Error).message })
      }
    })
    .exactOptional(),
  /** Spans and metrics go here, and nowhere else: OTLP over HTTP, in JSON, to `<endpoint>/v1/traces` and `/v1/metrics`. */
  otlp: z
    .strictObject({
      endpoint: z.string().refine(plainUrl, 'Must be a plain https URL without query and fragment'),
      /** Holds the value of the Authorization header that the collector wants. */
      authorization_file: z.string().min(1).max(4096).exactOptional(),
      /** Where the collector is not on the public internet: the only network it may be in. */
      inside: inside.exactOptional(),
      interval_seconds: z.int().min(1).max(3_600).default(60),
    })
    .exactOptional(),
})
export type TelemetrySection = z.output<typeof telemetrySection>

/** Every file beside the policy that the section names. */
export const telemetryFiles = ({ otlp }: TelemetrySection): readonly string[] =>
  [otlp?.authorization_file, otlp?.inside?.ca_file].filter((file) => file !== undefined)
