// Question: may this statement run on this database, now?
// Threat:   everything in the threat table of the README; a schema that changes between check and use.
// Rule:     scan, skeleton, engine check, parser veto, in this order, then the run, all inside one read transaction of the schema that was learned.
// Limits:   time and memory belong to the pool: it ends this process. Any stop here is a refusal; no layer can pass what another refused.
// Proof:    vectors.test.ts
import { Denial } from '@hardened-mcp/security-core'
import { type Catalogue, missingGrants, readCatalogue } from './catalogue.ts'
import { engineCheck, type Openable, openable } from './engine-check.ts'
import { fence } from './fence.ts'
import { codeOf, type Engine, openDatabase, type Statement, sealDatabase } from './open-database.ts'
import { parserVeto } from './parser-veto.ts'
import type { DatabaseGrant, ParserMode } from './policy.ts'
import { refuse, stop } from './refusals.ts'
import { limitedView, type Skeleton, skeleton } from './skeleton.ts'
import { coverWithStubs } from './stubs.ts'
import { type Token, tokenScan } from './token-scan.ts'

/** A statement that passed every layer, ready to step on the connection it was judged on. */
export type Judged = Readonly<{ statement: Statement; tokens: readonly Token[] }>

export type Guard = Readonly<{
  /** Calls `use` inside a read transaction; `judge` and `tables` belong to the schema of exactly that transaction. */
  inSnapshot<T>(use: (snapshot: Snapshot) => T): T
  close(): void
}>
export type Snapshot = Readonly<{ tables: Catalogue; judge(sql: string): Judged; engine: Pick<Engine, 'pragma'> }>

type Generation = Readonly<{
  engine: Engine
  skeleton: Skeleton
  allowed: Openable
  schemaVersion: unknown
  transaction: Transaction
  verdicts: Map<string, Judged | Denial>
}>

const MAX_VERDICTS = 64 // each may hold a compiled statement; agents repeat a handful
const MAX_REBUILDS = 3

export function guard(grant: DatabaseGrant, parser: ParserMode): Guard {
  let current = learn(grant)
  const missing = missingGrants(current.allowed.tables, grant.tables)
  if (missing.length > 0) throw new RangeError(`Database ${grant.name} has no ${missing.join(', ')}`)
  return {
    inSnapshot(use) {
      for (let attempt = 0; attempt < MAX_REBUILDS; attempt += 1) {
        const { engine, schemaVersion, allowed, transaction } = current
        if (engine.inTransaction) engine.exec('ROLLBACK') // only after a COMMIT that failed, on a broken disk
        transaction.begin.run()
        try {
          // The first read of the transaction: from here to COMMIT neither the schema nor the rows can change.
          if (transaction.version.get() === schemaVersion)
            return use({ tables: allowed.tables, judge: judgeOf(current, parser), engine })
        } finally {
          if (engine.inTransaction) transaction.commit.run() // SQLite itself has ended it after some errors
        }
        const stale = current
        current = learn(grant)
        close(stale)
      }
      throw stop('busy', 'The schema of the database is changing; try again')
    },
    close: () => close(current),
  }
}

type Transaction = Readonly<{ begin: Statement; version: Statement; commit: Statement }>

const transactionOn = (engine: Engine): Transaction => ({
  begin: engine.prepare('BEGIN'),
  version: engine.prepare<unknown[], unknown[]>('PRAGMA schema_version').pluck(),
  commit: engine.prepare('COMMIT'),
})

function close({ engine, skeleton }: Generation): void {
  engine.close()
  skeleton.close()
}

function learn(grant: DatabaseGrant): Generation {
  const engine = openDatabase(grant)
  try {
    const transaction = transactionOn(engine)
    transaction.begin.run()
    const schemaVersion = transaction.version.get()
    const { tables, search } = fence(engine, readCatalogue(engine, grant.tables))
    const bones = skeleton(tables)
    for (const table of bones.built.values()) if (table.limited) engine.exec(limitedView(table))
    coverWithStubs(engine)
    const allowed = openable(engine, bones.built, search)
    transaction.commit.run()
    sealDatabase(engine)
    return { engine, skeleton: bones, allowed, schemaVersion, transaction, verdicts: new Map() }
  } catch (thrown) {
    engine.close()
    throw thrown
  }
}

const judgeOf = (generation: Generation, parser: ParserMode) => (sql: string) => {
  const { verdicts } = generation
  const known = verdicts.get(sql) ?? verdictOf(generation, parser, sql)
  verdicts.delete(sql) // and set again: the map is in order of use
  verdicts.set(sql, known)
  const oldest = verdicts.keys().next().value
  if (verdicts.size > MAX_VERDICTS && oldest !== undefined) verdicts.delete(oldest)
  if (known instanceof Denial) throw known
  return known
}

// Only a refusal of the text itself is remembered; a lock or a lack of memory says nothing about the next time.
function verdictOf(generation: Generation, parser: ParserMode, sql: string): Judged | Denial {
  try {
    return judge(generation, parser, sql)
  } catch (thrown) {
    if (thrown instanceof Denial && thrown.code === 'sql_denied') return thrown
    throw thrown
  }
}

function judge({ engine, skeleton: bones, allowed }: Generation, parser: ParserMode, sql: string): Judged {
  const tokens = tokenScan(sql)
  bones.prepare(sql)
  const statement = prepare(engine, sql)
  // `readonly` alone lets ATTACH and BEGIN through, `reader` alone INSERT … RETURNING; the scan has excluded PRAGMA.
  if (!statement.reader || !statement.readonly)
    throw refuse('onlySelect', 'the engine says it writes or returns no rows')
  engineCheck(engine, sql, allowed)
  parserVeto(sql, tokens, parser)
  return { statement: statement.raw(true).safeIntegers(true), tokens }
}

function prepare(engine: Engine, sql: string): Statement {
  try {
    return engine.prepare<unknown[], unknown[]>(sql)
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : ''
    if (message.startsWith('too many arguments on ')) throw refuse('tableFunction', message) // a stub takes no argument
    if (codeOf(thrown) === 'SQLITE_ERROR') throw refuse('notPrepared', message)
    throw thrown
  }
}
