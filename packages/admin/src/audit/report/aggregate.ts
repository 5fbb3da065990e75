// What happened in a trail, added up in one pass and in bounded memory: what every form of a report shows.
import type { AuditRecord } from '@hardened-mcp/host/admin'
import { addCall, type Figures, noFigures, type Outcome, outcomeOf } from './figures.ts'
import type { Series, Timeline } from './timeline.ts'

export const GROUPS = ['tool', 'caller', 'tenant'] as const
export type Group = (typeof GROUPS)[number]

/** What is said of one tool, caller or tenant. Times are ISO dates. */
export type NameFigures = {
  readonly total: Figures
  /** Absent without a timeline, and for names after the first `MAX_SERIES` of a group. */
  readonly over?: Series
  readonly rules: Map<string, number>
  first_seen: string
  last_seen: string
}

/** `tool` only where a caller first called it. */
export type Seen = Readonly<{ kind: Group | 'client' | 'caller and tool'; name: string; tool?: string; at: string }>

export type Use = { calls: number; first_seen: string }

export type Aggregate = Readonly<{
  records: number
  from?: string
  to?: string
  all: NameFigures
  by: Readonly<Record<Group, ReadonlyMap<string, NameFigures>>>
  /** By caller and tool. No calls where all lie before the time that is reported on. */
  used: ReadonlyMap<string, ReadonlyMap<string, Use>>
  refusals: ReadonlyMap<string, number>
  alerts: ReadonlyMap<string, number>
  marks: ReadonlyMap<string, number>
  failed_logins: number
  /** What the trail had not seen before the time that is reported on, newest first. */
  firstSeen: readonly Seen[]
}>

export const OTHERS = '(others)'
export const MAX_NAMES = 10_000 // per group: names come from callers that authenticated, and from tools
export const MAX_SERIES = 1_000 // per group: up to 120 spans of 160 bytes each
const MAX_RULES = 200 // codes of the code, a few dozen; a trail that others wrote may hold more

/** `fromMs` and `toMs` bound what is added up; what came before `fromMs` only makes a name known. Checkpoints are left out. */
export function aggregate(options: Readonly<{ fromMs: number; toMs: number; over?: Timeline }>) {
  const { fromMs, toMs, over } = options
  const told = { records: 0, failed_logins: 0 } as {
    records: number
    failed_logins: number
    from?: string
    to?: string
  }
  const all = newFigures('', over)
  const by = { tool: new Map(), caller: new Map(), tenant: new Map() } as Record<Group, Map<string, NameFigures>>
  const used = new Map<string, Map<string, Use>>()
  const [refusals, alerts, marks] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()]
  const seen = { tool: new Map(), caller: new Map(), tenant: new Map(), client: new Map() } as Record<
    Group | 'client',
    Map<string, string>
  >

  /** Returns whether the record is among those that are reported on. */
  function add(record: AuditRecord, at: number): boolean {
    if (record.type === 'checkpoint' || !(at < toMs)) return false
    remember(record)
    if (at < fromMs) return false
    told.records += 1
    if (told.from === undefined || record.ts < told.from) told.from = record.ts
    if (told.to === undefined || record.ts > told.to) told.to = record.ts
    if (record.type === 'alert.raised') count(alerts, record.rule ?? 'unnamed', MAX_RULES)
    if (record.type === 'auth.failure') told.failed_logins += 1
    const outcome = outcomeOf(record.type)
    if (outcome !== undefined) addEnd(record, at, outcome)
    return true
  }

  function addEnd(record: AuditRecord, at: number, outcome: Outcome): void {
    const rule = outcome === 'succeeded' ? undefined : (record.rule ?? 'unnamed')
    if (rule !== undefined) count(refusals, rule, MAX_RULES)
    for (const mark of record.marks?.split(',') ?? []) count(marks, mark, MAX_RULES)
    note(all, record, at, outcome, rule)
    for (const group of GROUPS) {
      const name = record[group]
      if (name !== undefined) note(figuresOf(by[group], name, record.ts), record, at, outcome, rule)
    }
    const use = used.get(record.caller ?? '')?.get(record.tool ?? '')
    if (use !== undefined) use.calls += 1
  }

  function note(figures: NameFigures, record: AuditRecord, at: number, outcome: Outcome, rule?: string): void {
    addCall(figures.total, outcome, record.dur_ms)
    if (over !== undefined && figures.over !== undefined)
      addCall(over.figuresAt(figures.over, at), outcome, record.dur_ms)
    if (rule !== undefined) count(figures.rules, rule, MAX_RULES)
    if (figures.first_seen === '' || record.ts < figures.first_seen) figures.first_seen = record.ts
    if (record.ts > figures.last_seen) figures.last_seen = record.ts
  }

  function figuresOf(names: Map<string, NameFigures>, name: string, ts: string): NameFigures {
    const key = names.has(name) || names.size < MAX_NAMES ? name : OTHERS
    const known = names.get(key)
    if (known !== undefined) return known
    const figures = newFigures(ts, names.size < MAX_SERIES ? over : undefined)
    names.set(key, figures)
    return figures
  }

  function remember(record: AuditRecord): void {
    for (const kind of [...GROUPS, 'client'] as const) {
      const name = record[kind]
      if (name !== undefined && (seen[kind].has(name) || seen[kind].size < MAX_NAMES))
        seen[kind].set(name, earlier(seen[kind].get(name), record.ts))
    }
    const { caller, tool, ts } = record
    if (caller === undefined || tool === undefined) return
    const tools = used.get(caller) ?? new Map<string, Use>()
    if (used.size < MAX_NAMES) used.set(caller, tools)
    const use = tools.get(tool)
    if (use !== undefined) use.first_seen = earlier(use.first_seen, ts)
    else if (tools.size < MAX_RULES) tools.set(tool, { calls: 0, first_seen: ts })
  }

  function firstSeen(): Seen[] {
    const from = fromMs > 0 ? new Date(fromMs).toISOString() : ''
    const names = [...GROUPS, 'client'] as const
    const pairs = [...used].flatMap(([name, tools]) =>
      [...tools].map(([tool, use]) => ({ kind: 'caller and tool' as const, name, tool, at: use.first_seen })),
    )
    return [...names.flatMap((kind) => [...seen[kind]].map(([name, at]) => ({ kind, name, at }))), ...pairs]
      .filter(({ at }) => at >= from)
      .toSorted((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0))
  }

  return {
    add,
    result: (): Aggregate => ({ ...told, all, by, used, refusals, alerts, marks, firstSeen: firstSeen() }),
  }
}

const newFigures = (ts: string, over: Timeline | undefined): NameFigures => ({
  total: noFigures(),
  ...(over === undefined ? {} : { over: over.series() }),
  rules: new Map(),
  first_seen: ts,
  last_seen: ts,
})

function count(counts: Map<string, number>, name: string, limit: number): void {
  const key = counts.has(name) || counts.size < limit ? name : OTHERS
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const earlier = (known: string | undefined, ts: string): string => (known === undefined || ts < known ? ts : known)
