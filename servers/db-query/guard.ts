// Question: may this statement run on this database, now?
// Threat:   everything in the threat table of the README; a schema that changes between check and use.
// Rule:     scan, skeleton, engine check, parser veto, in this order, then the run, all inside one read transaction of the schema that was learned.
// Limits:   time and memory belong to the pool: it ends this process. Any stop here is a refusal; no layer can pass what another refused.
// Proof:    vectors.test.ts
import { type Catalogue, missingGrants } from './catalogue.ts'
import { type DataStamp, dataStamp, type Stamp } from './data-stamp.ts'
import { engineCheck } from './engine-check.ts'
import { calledOutside } from './functions.ts'
import { forget, type Generation, learn } from './generation.ts'
import { codeOf, type Engine, type Statement } from './open-database.ts'
import { parserVeto } from './parser-veto.ts'
import type { DatabaseGrant, ParserMode } from './resources.ts'
import { refuse, stop } from './refusals.ts'
import type { Whose } from './row-filter.ts'
import { type Token, tokenScan } from './token-scan.ts'
import { remembered } from './verdicts.ts'

/** A statement that passed every layer, ready to step on the connection it was judged on. */
export type Judged = Readonly<{ statement: Statement; tokens: readonly Token[] }>

export type Guard = Readonly<{
  /** Calls `use` inside a read transaction; everything in the snapshot belongs to the schema and the rows of exactly that transaction. */
  inSnapshot<T>(use: (snapshot: Snapshot) => T): T
  close(): void
}>
export type Snapshot = Readonly<{
  tables: Catalogue
  /** Judges a text for the tenant that asks it. */
  judge(sql: string, whose: Whose): Judged
  engine: Pick<Engine, 'pragma' | 'prepare'>
  /** Bytes that differ when the rows of this snapshot may differ from another's; undefined when that cannot be said now. */
  stamp(): Stamp
}>

const MAX_REBUILDS = 3

export function guard(grant: DatabaseGrant, parser: ParserMode, tenant: Whose): Guard {
  let current = learn(grant, tenant)
  const missing = missingGrants(current.tables, grant.tables)
  if (missing.length > 0) throw new RangeError(`Database ${grant.name} has no ${missing.join(', ')}`)
  let judge = judgeOf(current, parser)
  const data = dataStamp(grant.file)
  let wal = data.wal() // as it was seen last: the connection says in each transaction, without a system call, whether it still is
  return {
    inSnapshot(use) {
      for (let attempt = 0; attempt < MAX_REBUILDS; attempt += 1) {
        const { engine, schemaVersion, tables, transaction } = current
        if (engine.inTransaction) engine.exec('ROLLBACK') // only after a COMMIT that failed, on a broken disk
        const stamp = stampOf(data, schemaVersion, wal)
        transaction.begin.run()
        try {
          // The first read of the transaction: from here to COMMIT neither the schema nor the rows can change.
          const known = transaction.version.get() === schemaVersion
          const isWal = String(transaction.mode.get()) === 'wal'
          if (known && isWal === wal) return use({ tables, judge, engine, stamp })
          wal = isWal
          if (known) continue
        } finally {
          if (engine.inTransaction) transaction.commit.run() // SQLite itself has ended it after some errors
        }
        const stale = current
        current = learn(grant, tenant)
        judge = judgeOf(current, parser)
        forget(stale)
      }
      throw stop('busy', 'The schema of the database is changing; try again')
    },
    close: () => forget(current),
  }
}

// To be called before the transaction: in WAL mode the snapshot is of this moment only if nothing is committed until it is taken.
function stampOf(data: DataStamp, schemaVersion: unknown, wal: boolean): () => Stamp {
  const before = wal ? data.read() : undefined
  return () => {
    const now = data.read()
    if (now === undefined || data.wal() !== wal || (wal && before?.equals(now) !== true)) return undefined
    return Buffer.concat([Buffer.from(`${String(schemaVersion)} `), now])
  }
}

const judgeOf = (generation: Generation, parser: ParserMode) => remembered((sql) => judge(generation, parser, sql))

function judge({ engine, skeleton: bones, allowed }: Generation, parser: ParserMode, sql: string): Judged {
  const tokens = tokenScan(sql)
  const outside = calledOutside(tokens, allowed.functions)
  if (outside !== undefined) throw refuse('unknownFunction', `${outside} is not granted`)
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
