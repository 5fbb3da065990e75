// One operation from URL to final JSON text: cache or load, then the slice of the text that was asked for.
import { readFileSync } from 'node:fs'
import { type InternalHost, outbound } from '@hardened-mcp/host/outbound'
import type { Execute } from '@hardened-mcp/host/worker'
import { cutText } from './cut-text.ts'
import { loadPage, type Page } from './load-page.ts'
import { parseNetwork } from './network.ts'
import { type Operation, operation } from './operations.ts'
import { pageCache } from './page-cache.ts'
import { urlJudge } from './policy.ts'
import { parseProxy, type Resources, resources } from './resources.ts'
import { robotsRules } from './robots.ts'

const DEFAULT_USER_AGENT = 'hardened-mcp-fetch/0.1'
const ANSWER_MARGIN_MS = 1_000 // the worker's own deadline comes first, so that it can say why
const JSON_MARGIN_BYTES = 4_096 // notices and marks of the output filters

/** Opens the authority to dial out, as narrow as `granted` describes it. */
export function fetchExecutor(
  granted: unknown,
  options: Pick<Parameters<typeof outbound>[0] & object, 'onDial'> = {},
): Execute {
  const config = resources.parse(granted)
  const { dns_servers: dnsServers, user_agent: userAgent = DEFAULT_USER_AGENT } = config
  const internal = config.internal.map(internalHost)
  const proxy = parseProxy(config.egress_proxy ?? '')
  const openSession = outbound({
    internal,
    ...(dnsServers === undefined ? {} : { dnsServers }),
    ...(proxy === undefined ? {} : { proxy }),
    ...options,
  })
  const robots = robotsRules({ userAgent, obey: config.robots === 'obey' })
  const judge = urlJudge(config)
  const cache = pageCache()
  return async function execute(given, spend) {
    const wanted = operation.parse(given)
    const key = cacheKey(wanted)
    const cached = wanted.start > 0 ? cache.get(key) : undefined // later pages continue the text that page one was cut from
    const deadlineMs = Math.max(1, spend.deadlineMs - ANSWER_MARGIN_MS)
    const page = cached ?? (await loadPage(wanted, { openSession, judge, robots, userAgent, deadlineMs }))
    if (cached === undefined) cache.set(key, page)
    return answerOf(wanted, page, spend.outputBytes - JSON_MARGIN_BYTES)
  }
}

const cacheKey = ({ tenant, url, format }: Operation) => JSON.stringify([tenant, url, format])

function internalHost({ host, cidr, port, ca_file }: Resources['internal'][number]): InternalHost {
  const network = parseNetwork(cidr)
  if (network === undefined) throw new RangeError(`cidr must be a small network, got ${cidr}`)
  return { host, port, ...network, ...(ca_file === undefined ? {} : { ca: readFileSync(ca_file, 'utf8') }) }
}

function answerOf(wanted: Operation, page: Page, maxBytes: number) {
  const { text, cut, ...facts } = page
  const head = { url: wanted.url, ...facts }
  const slice = cutText(text, wanted.start, wanted.length, maxBytes - Buffer.byteLength(JSON.stringify(head)))
  const truncated =
    slice.next === undefined ? (cut === undefined ? undefined : { reason: cut }) : { reason: 'bytes', next: slice.next }
  const answer = { ...head, text: slice.text, ...(truncated === undefined ? {} : { truncated }) }
  return { text: JSON.stringify(answer), ...(truncated === undefined ? {} : { truncated: true }) }
}
