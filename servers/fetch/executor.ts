// One operation from URL to final JSON text: cache or load, then the slice of the text that was asked for.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type InternalHost, outbound } from '@hardened-mcp/host/outbound'
import type { Execute } from '@hardened-mcp/host/worker'
import { must } from '@hardened-mcp/security-core/worker'
import { cutText } from './cut-text.ts'
import { loadPage, type Page } from './load-page.ts'
import { parseNat64, parseNetwork } from './network.ts'
import { type Operation, operation } from './operations.ts'
import { pageCache } from './page-cache.ts'
import { pageKey } from './page-key.ts'
import { listedHeaders, urlJudge } from './policy.ts'
import { parseProxy, type Resources, resources } from './resources.ts'
import { robotsRules } from './robots.ts'
import { BLOCK_BYTES, untrustedBlock } from './untrusted-block.ts'

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
    nat64: config.nat64_prefixes.flatMap((text) => parseNat64(text) ?? []),
    ...(dnsServers === undefined ? {} : { dnsServers }),
    ...(proxy === undefined ? {} : { proxy }),
    ...options,
  })
  const robots = robotsRules({ userAgent, obey: config.robots === 'obey' })
  const judge = urlJudge(config)
  const headers = listedHeaders(config)
  const cache = pageCache()
  return async function execute(given, spend) {
    const wanted = operation.parse(given)
    must(headers(wanted, NO_CALL))
    const key = pageKey(wanted)
    const kept = wanted.method === 'GET' ? cache.get(key) : undefined
    const maxBytes = spend.outputBytes - JSON_MARGIN_BYTES
    // Later parts come from the text that the first one was cut from.
    if (kept !== undefined && wanted.start > 0) return answerOf(wanted, kept, 'kept', maxBytes)
    const deadlineMs = Math.max(1, spend.deadlineMs - ANSWER_MARGIN_MS)
    const page = await loadPage(wanted, { openSession, judge, robots, userAgent, pdf: config.pdf, kept, deadlineMs })
    if (wanted.method === 'GET') cache.set(key, page, wanted.tenant)
    return answerOf(wanted, page, page === kept ? 'revalidated' : 'fresh', maxBytes)
  }
}

const NO_CALL = {} as Parameters<ReturnType<typeof listedHeaders>>[1] // this policy looks at the operation alone

function internalHost({ host, cidr, port, ca_file }: Resources['internal'][number]): InternalHost {
  const network = parseNetwork(cidr)
  if (network === undefined) throw new RangeError(`cidr must be a small network, got ${cidr}`)
  return { host, port, ...network, ...(ca_file === undefined ? {} : { ca: readFileSync(ca_file, 'utf8') }) }
}

function answerOf(wanted: Operation, page: Page, from: 'fresh' | 'revalidated' | 'kept', maxBytes: number) {
  const { text, cut, ...facts } = page
  const version = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const head = { url: wanted.url, ...facts, version, from }
  const room = maxBytes - Buffer.byteLength(JSON.stringify(head)) - BLOCK_BYTES
  const slice = cutText(text, wanted.start, wanted.length, Math.max(room, 1_024))
  const truncated =
    slice.next === undefined ? (cut === undefined ? undefined : { reason: cut }) : { reason: 'bytes', next: slice.next }
  const block = untrustedBlock(slice.text, new URL(page.final_url).origin)
  const behind =
    wanted.start > 0 && wanted.start >= text.length
      ? { notices: [`start_index ${wanted.start} is at or behind the end: the text has ${text.length} characters`] }
      : {}
  const answer = { ...head, ...block, ...behind, ...(truncated === undefined ? {} : { truncated }) }
  return { text: JSON.stringify(answer), ...(truncated === undefined ? {} : { truncated: true }) }
}
