// Trails with hostile texts in every field of every kind of record, and the pages that the command makes of them.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command } from '@hardened-mcp/testkit/command'
import { openAuditSink } from '../../packages/host/src/audit/file-sink.ts'

export type Sample = Readonly<{ page: string; dir: string; records: readonly Record<string, unknown>[]; close(): void }>

const KINDS = [
  { type: 'tool_call.request' },
  { type: 'tool_call.success', decision: 'allow', dur_ms: 12, rows: 3, bytes: 99 },
  { type: 'tool_call.denied', decision: 'deny', dur_ms: 1 },
  { type: 'tool_call.error', decision: 'deny', dur_ms: 3_000 },
  { type: 'rate_limit.hit', decision: 'deny' },
  { type: 'alert.raised' },
  { type: 'auth.failure' },
  { type: 'auth.success' },
  { type: 'config.loaded' },
] as const

// The folder's name is on the page too.
const FOLDER = '<img src=x onerror=document.title="ran">\u202e'

/** Each text in every field that can hold one, in a record of every kind. */
export const hostileSample = (texts: readonly string[]): Promise<Sample> =>
  sampleOf(FOLDER, async (sink, tick) => {
    for (const text of texts)
      for (const kind of KINDS) {
        tick(61_000)
        await sink({ ...kind, ...everyField(text) })
      }
  })

const everyField = (text: string) => ({
  ...{ call_id: text, server: text, tool: text, tenant: text, caller: text, auth: text, client: text, marks: text },
  ...{ rule: text, policy: text, taint: text, chain: text, trace: text, err: text },
})

/** A week of a few callers, one of whom tries doors. */
export const ordinarySample = (calls: number): Promise<Sample> =>
  sampleOf('audit', async (sink, tick) => {
    for (let call = 0; call < calls; call += 1) {
      tick(Math.floor((7 * 86_400_000) / calls))
      const caller = call % 20 === 0 ? 'agent-run-17' : ['k_0123456789ab', 'corp:alice', 'corp:Ángela'][call % 3]
      const about = {
        call_id: `c-${call}`,
        tool: ['query_sql', 'list_tables'][call % 2] ?? '',
        caller: caller ?? '',
        tenant: 'acme',
      }
      await sink({ type: 'tool_call.request', ...about })
      if (call % 20 === 0)
        await sink({ type: 'tool_call.denied', decision: 'deny', rule: 'sql_denied', err: 'no such table', ...about })
      else await sink({ type: 'tool_call.success', decision: 'allow', dur_ms: (call * 7) % 900, ...about })
      if (call % 100 === 0)
        await sink({ type: 'alert.raised', rule: 'denials', caller: 'agent-run-17', err: '10 in 5 minutes' })
      if (call % 90 === 0) await sink({ type: 'auth.failure', err: 'No such API key' })
    }
  })

type Sink = Awaited<ReturnType<typeof openAuditSink>>['sink']

async function sampleOf(
  folder: string,
  fill: (sink: Sink, tick: (ms: number) => void) => Promise<void>,
): Promise<Sample> {
  const base = mkdtempSync(join(realpathSync(tmpdir()), 'review-'))
  const dir = join(base, folder)
  mkdirSync(dir, { mode: 0o700 })
  let time = Date.UTC(2026, 4, 1)
  const trail = await openAuditSink({ dir, server: 'test', now: () => time })
  const waiting: Promise<void>[] = []
  const sink: Sink = (event) => {
    waiting.push(trail.sink(event))
    return waiting.length < 200 ? Promise.resolve() : Promise.all(waiting.splice(0)).then(() => undefined)
  }
  await fill(sink, (ms) => (time += ms))
  await Promise.all(waiting)
  await trail.close()
  const page = join(base, 'report.html')
  const { code, stderr } = await command(['audit', 'report', dir, '--html', page])
  assert.equal(code, 0, stderr)
  const lines = readFileSync(trail.path, 'latin1').trimEnd().split('\n')
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { page, dir, records, close: () => rmSync(base, { recursive: true }) }
}
