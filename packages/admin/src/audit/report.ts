// `audit report`: what happened in a trail, per tool, caller and tenant, with the verdict on the trail itself.
import { parseArgs } from 'node:util'
import { type AuditRecord, type DirectoryVerdict, verifyDirectory } from '@hardened-mcp/host/admin'
import { asciiOnly, directoryOf, print, PROOF_OPTIONS, proofOf, recordOf, timeOf } from './records.ts'

type Tally = {
  calls: number
  succeeded: number
  denied: number
  failed: number
  limited: number
  first_seen: string
  last_seen: string
}
type Report = {
  from?: string
  to?: string
  records: number
  by: Record<'tool' | 'caller' | 'tenant', Record<string, Tally>>
  refusals: Record<string, number>
  failed_logins: number
  alerts: Record<string, number>
}

const GROUPS = ['tool', 'caller', 'tenant'] as const
const MAX_NAMES = 10_000 // per group: names come from callers that authenticated, and from tools

export async function report(args: readonly string[]): Promise<number> {
  const options = { ...PROOF_OPTIONS, since: { type: 'string' }, json: { type: 'boolean' } } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const dir = directoryOf(positionals, 'report')
  const sinceMs = values.since === undefined ? 0 : timeOf(values.since, 'since')
  const told = emptyReport()
  const onLine = (line: string) => {
    const record = recordOf(line)
    if (record.type !== 'checkpoint' && Date.parse(record.ts) >= sinceMs) add(told, record)
  }
  const verdict = await verifyDirectory(dir, { ...proofOf(values, dir), onLine })
  if (values.json === true) print({ ...told, verification: verdict })
  else process.stdout.write(`${asText(told, verdict)}\n`)
  return verdict.exitCode
}

// No prototype: a tool or caller may have any name.
const emptyReport = (): Report => ({
  records: 0,
  by: { tool: Object.create(null) as {}, caller: Object.create(null) as {}, tenant: Object.create(null) as {} },
  refusals: Object.create(null) as {},
  failed_logins: 0,
  alerts: Object.create(null) as {},
})

function add(told: Report, record: AuditRecord): void {
  told.records += 1
  if (told.from === undefined || record.ts < told.from) told.from = record.ts
  if (told.to === undefined || record.ts > told.to) told.to = record.ts
  if (record.type === 'alert.raised') count(told.alerts, record.rule ?? 'unnamed')
  if (record.type === 'auth.failure') told.failed_logins += 1
  const what = OUTCOMES[record.type]
  if (what === undefined) return
  if (what !== 'succeeded') count(told.refusals, record.rule ?? 'unnamed')
  for (const group of GROUPS) {
    const name = record[group]
    if (name !== undefined) note(told.by[group], name, what, record.ts)
  }
}

/** A call ends in exactly one of these records. */
const OUTCOMES: Readonly<Record<string, 'succeeded' | 'denied' | 'failed' | 'limited'>> = {
  'tool_call.success': 'succeeded',
  'tool_call.denied': 'denied',
  'tool_call.error': 'failed',
  'rate_limit.hit': 'limited',
}

function note(
  names: Record<string, Tally>,
  name: string,
  what: 'succeeded' | 'denied' | 'failed' | 'limited',
  ts: string,
): void {
  const key = Object.hasOwn(names, name) || Object.keys(names).length < MAX_NAMES ? name : '(others)'
  const tally = (names[key] ??= {
    calls: 0,
    succeeded: 0,
    denied: 0,
    failed: 0,
    limited: 0,
    first_seen: ts,
    last_seen: ts,
  })
  tally.calls += 1
  tally[what] += 1
  if (ts < tally.first_seen) tally.first_seen = ts
  if (ts > tally.last_seen) tally.last_seen = ts
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

const VERDICTS = [
  'pass',
  'FAIL: a trail was altered',
  'ERROR: a trail could not be read',
  'NOT ESTABLISHED: nothing proves the end of a trail',
] as const

// Names are printed as JSON texts in ASCII: what a caller chose cannot move the cursor of a terminal.
function asText(told: Report, { exitCode, slots }: DirectoryVerdict): string {
  const lines = [
    `records: ${told.records}${told.from === undefined ? '' : `, ${told.from} to ${told.to}`}`,
    `verification: ${VERDICTS[exitCode]}`,
    ...slots.filter((slot) => 'reason' in slot).map((slot) => `  ${slot.file}: ${'reason' in slot ? slot.reason : ''}`),
    `failed log-ins: ${told.failed_logins}`,
  ]
  for (const [title, counts] of [
    ['alerts', told.alerts],
    ['refusals', told.refusals],
  ] as const)
    lines.push(
      `${title}: ${
        Object.entries(counts)
          .map(([name, many]) => `${ascii(name)} ${many}`)
          .join(', ') || 'none'
      }`,
    )
  for (const group of GROUPS) {
    lines.push('', `${`by ${group}`.padEnd(34)}   calls      ok  denied  failed limited  first seen`)
    for (const [name, t] of Object.entries(told.by[group]).toSorted(([, one], [, other]) => other.calls - one.calls))
      lines.push(
        `${ascii(name).padEnd(34)}${[t.calls, t.succeeded, t.denied, t.failed, t.limited].map((n) => String(n).padStart(8)).join('')}  ${t.first_seen}`,
      )
  }
  return lines.join('\n')
}

const ascii = (text: string) => asciiOnly(JSON.stringify(text).slice(1, -1))
