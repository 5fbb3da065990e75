// Joins a registry to the transport the operator chose, and every transport to an identity.
import { type Alerts, type AuditSink, CAPABILITIES } from '@hardened-mcp/security-core'
import type { FrontConfig, HttpConfig } from './config.ts'
import { apiKeyStore } from './identity/api-key-store.ts'
import { httpAuthenticator } from './identity/http-authenticator.ts'
import type { KeySetAge } from './identity/oauth/resource-server.ts'
import { localIdentity } from './identity/local.ts'
import type { OperationalLog } from './log.ts'
import { certificateFiles, followCertificate } from './mcp/certificate-files.ts'
import { type AuthEvent, serveHttp } from './mcp/http.ts'
import type { Registry } from './mcp/registry.ts'
import { serveOnStdio } from './mcp/stdio.ts'
import type { LivePolicy } from './policy/live-policy.ts'
import type { Hear } from './telemetry/observed-sink.ts'

/** `close` stops taking calls and resolves when those in flight have been answered. */
export type Serving = Readonly<{
  url?: string
  /** The key sets of the issuers; none on stdio. */
  keySets(): readonly KeySetAge[]
  /** Whether there is any credential that could be verified now. */
  knowsCallers(): boolean
  close(): Promise<void>
}>

export type ServeOptions = Readonly<{
  config: FrontConfig
  registry: Registry
  audit: AuditSink
  report: Alerts['report']
  healthy: () => boolean
  live: LivePolicy
  /** One word for what is wrong and does not stop calls. */
  trouble: () => string | undefined
  /** One word for each thing without which no call can be answered. */
  notReady: () => readonly string[]
  /** Failures that are counted and not recorded. */
  hear: Hear
  log: OperationalLog
  /** The client of a stdio server went away. */
  onClose: () => void
}>

export async function serve(options: ServeOptions): Promise<Serving> {
  const { transport } = options.config
  return transport.kind === 'stdio' ? serveLocal(options) : serveRemote(options, transport)
}

function serveLocal({ config, registry, audit, onClose, log }: ServeOptions): Serving {
  const caller = localIdentity({ uid: process.getuid?.() ?? 0, permissions: CAPABILITIES }) // the policy is the ceiling
  const { id, tenant, auth } = caller
  void audit({ type: 'auth.success', server: config.server, caller: id, tenant, auth }).catch(() => undefined) // calls are recorded by themselves
  const serving = serveOnStdio({
    registry,
    caller,
    onClose,
    onerror: (error) => log.warn('protocol_error', { reason: error.message }),
  })
  return { keySets: () => [], knowsCallers: () => true, close: () => serving.close() }
}

async function serveRemote(
  { config, registry, audit, report, healthy, live, trouble, notReady, hear, log }: ServeOptions,
  http: HttpConfig,
): Promise<Serving> {
  const { keysFile: _, tls, oauth: section, ...rest } = http
  const bound = section?.issuers.find(({ mtls }) => mtls !== 'off')
  if (bound !== undefined && tls === undefined)
    throw new RangeError(
      `Policy file: oauth: mtls of ${bound.name} needs --tls-cert and --tls-key: behind a proxy no certificate of a client is seen`,
    )
  const store = apiKeyStore({ file: http.keysFile, now: Date.now, log: (event, fields) => log.warn(event, fields) })
  const oauth =
    section === undefined
      ? undefined
      : (await import('./identity/oauth/resource-server.ts')).resourceServer({
          config: section,
          permissions: live.current().ceiling?.permissions ?? [],
          revoked: (jti) => live.current().revoked.has(jti),
          now: Date.now,
          elapsed,
          onEvent(event, fields) {
            log.warn(event, fields)
            if (event === 'key_set_failed')
              report({ rule: event, server: config.server, err: `${fields['issuer']}: ${fields['reason']}` })
          },
        })
  const shown = tls === undefined ? undefined : certificateFiles(tls)
  const serving = await serveHttp({
    ...rest,
    ...(shown === undefined ? {} : { tls: shown }),
    registry,
    authenticate: httpAuthenticator(store, oauth?.door),
    ...(oauth === undefined ? {} : { oauth: oauth.server }),
    boundToCertificates: bound !== undefined,
    onAuth: recordAuth({ server: config.server, audit, report, hear }),
    healthy,
    trouble,
    notReady,
    now: elapsed,
    onerror: (error) => log.warn('protocol_error', { reason: error.message }),
  })
  const stopFollowing =
    tls === undefined || shown === undefined
      ? () => undefined
      : followCertificate({
          files: tls,
          shown,
          take: serving.renew,
          log: (event, reason) => log.warn(event, { reason }),
        })
  return {
    url: serving.url,
    keySets: () => oauth?.keySets() ?? [],
    knowsCallers: () =>
      store.hasGoodKey() ||
      section?.issuers.some(({ introspection }) => introspection !== undefined) === true ||
      oauth?.keySets().some(({ ageMs }) => ageMs !== undefined) === true,
    async close() {
      stopFollowing()
      await serving.close()
      store.close()
      live.close()
    },
  }
}

const elapsed = () => performance.now()

const SEEN_FOR_MS = 600_000 // every call has its own record; a caller's success is noted once in ten minutes
const MAX_SEEN = 10_000

function recordAuth({
  server,
  audit,
  report,
  hear,
}: Readonly<{ server: string }> & Pick<ServeOptions, 'audit' | 'report' | 'hear'>): (
  event: AuthEvent,
) => Promise<void> {
  const seen = new Map<string, number>()
  return async (event) => {
    const now = elapsed()
    if (!event.ok) {
      if ('canary' in event && event.canary !== undefined) {
        const { id: caller, tenant: owner } = event.canary
        report({ rule: 'canary_key', server, caller, tenant: owner, err: `Presented from ${event.address}` })
      }
      // A flood is stopped by the throttle before it fills the disk: what it holds back is counted, not written.
      if (event.throttled) hear({ type: 'auth.failure', rule: event.failure })
      else
        await audit({
          type: 'auth.failure',
          server,
          decision: 'deny',
          rule: event.failure,
          ...('caller' in event
            ? { caller: event.caller.id, tenant: event.caller.tenant, auth: event.caller.auth }
            : {}),
          err: `${event.reason} from ${event.address}`,
        })
      return
    }
    const { id, tenant, auth } = event.caller
    const key = `${id} ${event.address}`
    if (now - (seen.get(key) ?? Number.NEGATIVE_INFINITY) < SEEN_FOR_MS) return
    if (seen.size >= MAX_SEEN) seen.clear()
    const chain = event.caller.chain === undefined ? {} : { chain: event.caller.chain.join(' < ') }
    await audit({ type: 'auth.success', server, caller: id, tenant, auth, ...chain })
    seen.set(key, now)
  }
}
