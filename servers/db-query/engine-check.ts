// Question: what would the engine really open, call and write?
// Threat:   writes behind WITH, ATTACH, VACUUM INTO, PRAGMA; reads of hidden or schema tables; functions outside the list.
// Rule:     the statement reads and returns rows, and its compiled program opens only exposed root pages and virtual tables, calls only listed functions, and holds no writing step.
// Limits:   columns leave no sound trace in the program (an index range shows none): the skeleton and the views decide on them.
// Proof:    engine-check.test.ts
import type { Catalogue } from './catalogue.ts'
import type { Engine, Step } from './open-database.ts'
import { refuse } from './refusals.ts'
import { quoted } from './skeleton.ts'
import { SEARCH_FUNCTIONS, TABLE_FUNCTIONS } from './functions.ts'

/** What programs on this connection may open. */
export type Openable = Readonly<{
  roots: ReadonlySet<number>
  virtual: ReadonlySet<string>
  /** Whether the auxiliary full-text functions may be called. */
  search: boolean
  functions: ReadonlySet<string>
  /** The exposed tables that the engine can open: a view over something that is gone is left out. */
  tables: Catalogue
}>

/** Learns from the engine itself which root pages and virtual tables stand behind the exposed names. */
export function openable(
  engine: Engine,
  catalogue: Catalogue,
  { search, functions }: Pick<Openable, 'search' | 'functions'>,
): Openable {
  const roots = new Set<number>()
  const virtual = new Set<string>()
  const pages = rootPages(engine)
  const learn = (sql: string) => {
    for (const step of engine.explain(sql)) {
      if (step.opcode === 'VOpen' && step.p4 !== null) virtual.add(step.p4)
      if (step.opcode === 'OpenRead') for (const page of pages.get(step.p2) ?? []) roots.add(page)
    }
  }
  const opens = (sql: string) => {
    try {
      learn(sql)
      return true
    } catch {
      return false
    }
  }
  const tables = new Map([...catalogue].filter(([, { name }]) => opens(`SELECT * FROM ${quoted(name)}`)))
  for (const name of TABLE_FUNCTIONS) opens(`SELECT * FROM ${name}('[]')`)
  return { roots, virtual, search, functions, tables }
}

/** Throws the refusal when the compiled statement does anything but read what is openable. */
export function engineCheck(engine: Engine, sql: string, allowed: Openable): void {
  for (const step of engine.explain(sql)) {
    const broken = brokenRule(step, allowed)
    if (broken !== undefined) throw refuse(broken, `${step.opcode} ${step.p2} ${step.p4 ?? ''}`)
  }
}

// A table may be read through any of its indexes, so a page stands for all pages of its table.
function rootPages(engine: Engine): ReadonlyMap<number, readonly number[]> {
  const rows = engine
    .prepare<[], { page: number; owner: string }>(
      'SELECT rootpage AS page, tbl_name COLLATE NOCASE AS owner FROM main.sqlite_schema WHERE rootpage > 0',
    )
    .all()
  const byOwner = Map.groupBy(rows, ({ owner }) => owner.toLowerCase())
  return new Map(rows.map((row) => [row.page, (byOwner.get(row.owner.toLowerCase()) ?? []).map(({ page }) => page)]))
}

const words = (text: string) => text.trim().split(/\s+/)
const READS: ReadonlySet<string> = new Set(['OpenRead', 'ReopenIdx'])
const CALLS: ReadonlySet<string> = new Set(words('Function PureFunc AggStep AggStep1 AggInverse AggValue AggFinal'))
const WRITES: ReadonlySet<string> = new Set([
  ...words('OpenWrite Destroy Clear CreateBtree SqlExec ParseSchema LoadAnalysis DropTable DropIndex DropTrigger'),
  ...words('AutoCommit Savepoint Checkpoint JournalMode Vacuum IncrVacuum Expire CursorLock TableLock SetCookie'),
  ...words('ReadCookie VBegin VCreate VDestroy VUpdate VRename VCheck IntegrityCk Pagecount MaxPgcnt Program'),
  ...words('FkCounter FkIfZero FkCheck ResetCount'),
])
const P2_IS_REGISTER = 0x10 // OPFLAG_P2ISREG: the page is not known until it runs

function brokenRule(
  step: Step,
  allowed: Openable,
): 'notReadable' | 'tableFunction' | 'unknownFunction' | 'onlySelect' | undefined {
  const { opcode, p2, p3, p4, p5 } = step
  if (WRITES.has(opcode)) return 'onlySelect'
  if (opcode === 'Transaction') return p2 === 0 ? undefined : 'onlySelect'
  if (READS.has(opcode))
    return p3 === 0 && (p5 & P2_IS_REGISTER) === 0 && allowed.roots.has(p2) ? undefined : 'notReadable'
  if (opcode === 'VOpen') return p4 !== null && allowed.virtual.has(p4) ? undefined : 'tableFunction'
  if (!CALLS.has(opcode)) return undefined
  const name = (p4 ?? '').replace(/\(-?\d+\)$/, '').toLowerCase()
  if (!allowed.search && SEARCH_FUNCTIONS.has(name)) return 'unknownFunction'
  return allowed.functions.has(name) ? undefined : 'unknownFunction'
}
