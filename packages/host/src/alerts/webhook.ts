// Question: does the operator's alarm get through, without harm to the server that raises it?
// Threat:   a receiver that is slow, gone or moved to an address inside; a flood of alerts that fills memory; a secret in a notification or a log.
// Rule:     one at a time through the address guard, 5 s each, four tries, 100 waiting; alerts carry names that the server verified and no arguments.
// Limits:   what does not get through is counted and logged; it stays in the audit trail. The receiver is trusted with the names.
// Proof:    webhook.test.ts
import { type Alert, readUrl, type WebUrl } from '@hardened-mcp/security-core'
import { listedFile } from '../listed-file.ts'
import { insideHost, jsonPost, type OutboundOptions } from '../outbound/index.ts'
import type { WebhookConfig } from '../policy/anomaly-section.ts'

const WHAT = 'anomaly.webhook'
const TIMEOUT_MS = 5_000
const MAX_WAITING = 100
const PAUSES_MS = [1_000, 5_000, 30_000] // between four tries

export type Webhook = Readonly<{
  send(alert: Alert): void
  /** Resolves when nothing waits any more, or at `patienceMs`. */
  close(patienceMs: number): Promise<void>
}>

export type WebhookEvent = 'webhook_failed' | 'webhook_dropped'

/** Throws `RangeError` with one line when a file of the section cannot be read. */
export function webhook(from: {
  config: WebhookConfig
  /** Names no URL: it may be a secret. */
  log: (event: WebhookEvent, fields: Readonly<Record<string, string | number>>) => void
  dial?: Pick<OutboundOptions, 'dnsServers' | 'onDial'>
  pausesMs?: readonly number[]
}): Webhook {
  const { config, log, dial = {}, pausesMs = PAUSES_MS } = from
  const url = urlOf(config.url)
  const { token_file: file } = config
  const send = jsonPost({
    ...dial,
    receiver: 'webhook',
    internal: insideHost(config.inside, url, WHAT),
    headers: file === undefined ? {} : { authorization: `Bearer ${listedFile(file, WHAT).trim()}` },
  })
  const waiting: Alert[] = []
  let dropped = 0
  let working: Promise<void> | undefined
  let closed = false
  let wake: (() => void) | undefined

  const post = (alert: Alert, missed: number): Promise<boolean> => {
    const body = { ...alert, at: new Date(alert.at).toISOString(), ...(missed > 0 ? { missed } : {}) }
    return send(url, JSON.stringify(body), TIMEOUT_MS).then(
      () => true,
      () => false,
    )
  }
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const deliver = async (alert: Alert) => {
    const missed = dropped
    for (const pauseMs of [...pausesMs, undefined]) {
      if (await post(alert, missed)) {
        dropped -= missed
        return
      }
      if (pauseMs === undefined || closed) break
      await pause(pauseMs)
    }
    dropped += 1
    log('webhook_failed', { rule: alert.rule, tries: pausesMs.length + 1 })
  }
  const work = async () => {
    for (let alert = waiting.shift(); alert !== undefined; alert = waiting.shift()) await deliver(alert)
    working = undefined
  }
  return Object.freeze({
    send(alert) {
      if (closed) return
      if (waiting.length >= MAX_WAITING) {
        if (dropped === 0) log('webhook_dropped', { rule: alert.rule, waiting: waiting.length })
        dropped += 1
        return
      }
      waiting.push(alert)
      working ??= Promise.resolve().then(work)
    },
    async close(patienceMs) {
      closed = true
      wake?.()
      await Promise.race([working, new Promise((resolve) => setTimeout(resolve, patienceMs).unref())])
    },
  })
}

function urlOf(text: string): WebUrl {
  const reading = readUrl(text)
  if (!reading.ok) throw new RangeError('anomaly.webhook.url must be an https URL')
  return reading.url
}
