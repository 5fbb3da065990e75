// Hostile HTML and PDF through the shipped server, four at a time: every call ends, and the front goes on answering meanwhile.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { connect, type Outcome, serving, type TestClient } from '@hardened-mcp/testkit/clients'
import { commandLine, descendants } from '@hardened-mcp/testkit/processes'
import {
  type HostileSite,
  hostileSite,
  type Play,
  reply,
} from '../../packages/host/src/outbound/testing/hostile-site.ts'
import { HOSTILE_HTML } from './testing/hostile-html.ts'
import { HOSTILE_PDFS, pdfOf } from './testing/pdf-documents.ts'

const AT_ONCE = 4 // as many as there are workers
const CALL_MS = 40_000 // twice the deadline of a call: the machine may be busy
const BLOCKED_MS = 250 // five times what it may be: nothing but the front's own work is counted
const PING_MS = 5_000 // includes what the machine does beside it
const folder = mkdtempSync(join(tmpdir(), 'fetch-front-'))

let site: HostileSite
let client: TestClient

before(async () => {
  const authority = await certificateAuthority()
  site = await hostileSite(await authority.issue(['site.corp']), {
    '/page': reply(200, { 'content-type': 'text/html' }, '<p>still here'),
    '/pdf': reply(200, { 'content-type': 'application/pdf' }, pdfOf(['Hello', 'World'])),
    ...plays('html', 'text/html', HOSTILE_HTML),
    ...plays('pdf', 'application/pdf', HOSTILE_PDFS),
  })
  writeFileSync(join(folder, 'ca.pem'), authority.ca)
  const policy = join(folder, 'policy.yaml')
  writeFileSync(
    policy,
    `version: 1
servers:
  fetch:
    allowed_tools: [fetch_url]
    permissions: ['tool:read_only', 'tool:network', 'resource:remote']
    rate_limits: { '*': { per_minute: 6000, burst: 1000 } }
    resources:
      internal: [{ host: site.corp, cidr: 127.0.0.1, port: ${site.port}, ca_file: ${join(folder, 'ca.pem')} }]
      per_host: { at_once: ${AT_ONCE} }
      robots: ignore
      pdf: true
`,
  )
  client = await connect('v2', serving('fetch', '--policy', policy, '--audit', join(folder, 'audit')))
})

after(async () => {
  await client.close()
  await site.close()
  rmSync(folder, { recursive: true })
})

// Made before anything is measured: the client of this process has to be free to see its answers.
function plays(kind: string, type: string, shapes: Readonly<Record<string, () => string | Buffer>>) {
  const entries = Object.values(shapes).map((shape, index): [string, Play] => [
    `/${kind}${index}`,
    reply(200, { 'content-type': type }, shape()),
  ])
  return Object.fromEntries(entries)
}

const get = (path: string, more: Record<string, unknown> = {}) =>
  client.call('fetch_url', { url: `https://site.corp:${site.port}${path}`, ...more })
const endOf = ({ structuredContent }: Outcome) =>
  (structuredContent['error'] as { code?: string } | undefined)?.code ?? 'answered'

function frontOf(): number {
  const front = descendants(client.pid() ?? 0).find((pid) => commandLine(pid).includes('front.ts'))
  if (front === undefined) throw new Error('No front was found')
  return front
}

/** Milliseconds that the thread of the front's event loop has been on a processor. */
const loopMs = (front: number) =>
  Number(readFileSync(`/proc/${front}/task/${front}/schedstat`, 'utf8').split(' ')[0]) / 1e6

/** Pings without pause until `work` is done. Between two answers the loop was blocked no longer than it was at work. */
async function pingDuring(work: Promise<unknown>): Promise<{ blockedMs: number; pingMs: number; pings: number }> {
  const front = frontOf()
  const seen = { blockedMs: 0, pingMs: 0, pings: 0 }
  let working = true
  const done = work.finally(() => {
    working = false
  })
  let before = loopMs(front)
  while (working) {
    const asked = performance.now()
    await client.ping()
    seen.pingMs = Math.max(seen.pingMs, performance.now() - asked)
    const now = loopMs(front)
    seen.blockedMs = Math.max(seen.blockedMs, now - before)
    before = now
    seen.pings += 1
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await done
  return seen
}

/** All of them, `AT_ONCE` in flight. */
async function all(paths: readonly string[]): Promise<readonly string[]> {
  const ends: string[] = []
  const left = [...paths.entries()]
  const one = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const asked = performance.now()
      const [index, path] = next
      ends[index] = endOf(await get(path))
      assert.ok(performance.now() - asked < CALL_MS, `${path} took ${performance.now() - asked} ms`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return ends
}

suite('the front under hostile documents', () => {
  const rows = [
    ['html', HOSTILE_HTML],
    ['pdf', HOSTILE_PDFS],
  ] as const
  for (const [kind, shapes] of rows)
    test(`${kind}: each ends, ping is answered all the while, the next page is served`, async (context) => {
      const names = Object.keys(shapes)
      const work = all(names.map((_, index) => `/${kind}${index}`))
      const { blockedMs, pingMs, pings } = await pingDuring(work)
      const ends = await work
      context.diagnostic(
        `${names.length} documents: loop blocked ${blockedMs.toFixed(1)} ms at most, ${pings} pings, the slowest ${pingMs.toFixed(0)} ms`,
      )
      // On a busy machine a page of a second's work may meet its deadline.
      const may = ['answered', 'timeout', 'too_large', ...(kind === 'pdf' ? ['upstream_failed'] : [])]
      assert.ok(kind === 'pdf' || ends.filter((end) => end === 'answered').length >= names.length / 2)
      for (const [index, end] of ends.entries()) assert.ok(may.includes(end), `${names[index]}: ${end}`)
      assert.equal(ends.length, names.length)
      assert.ok(blockedMs < BLOCKED_MS, `${blockedMs} ms`)
      assert.ok(pingMs < PING_MS, `${pingMs} ms`)
      assert.match(String((await get('/page')).structuredContent['text']), /still here/)
    })

  test('a PDF is read by the worker that is left', async () => {
    assert.match(String((await get('/pdf')).structuredContent['text']), /Hello\n\nWorld/)
  })
})
