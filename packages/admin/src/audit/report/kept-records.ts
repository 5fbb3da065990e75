// Which records a page can show one by one: the newest of each kind and of each name, a bounded number of them.
import type { AuditRecord } from '@hardened-mcp/host/admin'
import { GROUPS, type Group, MAX_SERIES } from './aggregate.ts'
import { outcomeOf } from './figures.ts'

/** `at` is milliseconds since the epoch, `line` the record as it stands in the trail of its slot. */
export type KeptRecord = Readonly<{ at: number; slot: number; seq: number; line: string }>

export const KINDS = ['alert', 'refused', 'login', 'operator', 'any'] as const
type Kind = (typeof KINDS)[number]

/** How many of each are kept: together with those of the names a page of about two megabytes. */
export const KEPT: Readonly<Record<Kind | 'name', number>> = {
  alert: 100,
  refused: 300,
  login: 50,
  operator: 50,
  any: 300,
  name: 5,
}

export function kindOf({ type }: AuditRecord): Kind {
  if (type === 'alert.raised') return 'alert'
  if (type === 'auth.failure') return 'login'
  if (/^(?:audit|config|approval)\./.test(type)) return 'operator'
  const outcome = outcomeOf(type)
  return outcome === undefined || outcome === 'succeeded' ? 'any' : 'refused'
}

export function keptRecords() {
  const byKind = Object.fromEntries(KINDS.map((kind) => [kind, newest(KEPT[kind])])) as Record<Kind, Newest>
  const byName = { tool: new Map(), caller: new Map(), tenant: new Map() } as Record<Group, Map<string, Newest>>

  function add(record: AuditRecord, kept: KeptRecord): void {
    const kind = kindOf(record)
    byKind[kind].add(kept)
    if (kind !== 'any') byKind.any.add(kept)
    if (outcomeOf(record.type) === undefined) return
    for (const group of GROUPS) {
      const name = record[group]
      if (name === undefined) continue
      const names = byName[group]
      const of = names.get(name) ?? newest(KEPT.name)
      if (names.has(name) || names.size < MAX_SERIES) names.set(name, of)
      of.add(kept)
    }
  }

  return {
    add,
    /** Of these names and of every kind, each record once, the newest first. */
    of(names: Readonly<Record<Group, readonly string[]>>): readonly KeptRecord[] {
      const lists = GROUPS.flatMap((group) => names[group].map((name) => byName[group].get(name)))
      const all = [...Object.values(byKind), ...lists].flatMap((list) => list?.all() ?? [])
      return [...new Map(all.map((kept) => [`${kept.slot}:${kept.seq}`, kept])).values()].toSorted(newestFirst)
    },
    newestOf: (group: Group, name: string): readonly KeptRecord[] => byName[group].get(name)?.all() ?? [],
  }
}

type Newest = ReturnType<typeof newest>

// Trails of several slots are read one after the other, so the last record that is read need not be the newest.
function newest(limit: number) {
  let held: KeptRecord[] = []
  const cut = () => {
    held = held.toSorted(newestFirst).slice(0, limit)
    return held
  }
  return {
    add(kept: KeptRecord) {
      held.push(kept)
      if (held.length >= 2 * limit) cut()
    },
    all: cut,
  }
}

const newestFirst = (one: KeptRecord, other: KeptRecord) =>
  other.at - one.at || other.slot - one.slot || other.seq - one.seq
