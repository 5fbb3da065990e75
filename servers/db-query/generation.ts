// One connection and its skeleton, learned from one version of the schema: what a guard works with until the schema changes.
import { denialOf } from '@hardened-mcp/security-core/worker'
import { type Catalogue, type Exposed, readCatalogue } from './catalogue.ts'
import { engineCheck, type Openable, openable } from './engine-check.ts'
import { fence } from './fence.ts'
import { functionsOf } from './functions.ts'
import { type Engine, openDatabase, type Statement, sealDatabase } from './open-database.ts'
import type { DatabaseGrant } from './resources.ts'
import type { Whose } from './row-filter.ts'
import { limitedView, quoted, type Skeleton, skeleton } from './skeleton.ts'
import { coverWithStubs } from './stubs.ts'

export type Generation = Readonly<{
  engine: Engine
  skeleton: Skeleton
  allowed: Openable
  tables: Catalogue
  schemaVersion: unknown
  transaction: Transaction
}>
export type Transaction = Readonly<{ begin: Statement; version: Statement; mode: Statement; commit: Statement }>

/** Opens the file and learns what the policy exposes of it. Throws one line for the operator when that cannot be. */
export function learn(grant: DatabaseGrant, tenant: Whose): Generation {
  const engine = openDatabase(grant)
  try {
    const transaction = transactionOn(engine)
    transaction.begin.run()
    const schemaVersion = transaction.version.get()
    const { tables, search } = fence(engine, readCatalogue(engine, grant.tables, tenant))
    const functions = functionsOf(grant.functions)
    const bones = skeleton(tables, functions)
    for (const table of bones.built.values()) if (table.limited) replaceTable(engine, table)
    coverWithStubs(engine)
    const allowed = openable(engine, bones.built, { search, functions })
    for (const table of bones.built.values()) if (table.filter !== '') assertReadable(engine, table, allowed)
    transaction.commit.run()
    sealDatabase(engine)
    return { engine, skeleton: bones, allowed, tables: allowed.tables, schemaVersion, transaction }
  } catch (thrown) {
    engine.close()
    throw thrown
  }
}

export function forget({ engine, skeleton }: Generation): void {
  engine.close()
  skeleton.close()
}

function replaceTable(engine: Engine, table: Exposed): void {
  try {
    engine.exec(limitedView(table))
  } catch (thrown) {
    throw new RangeError(`The row filter of ${table.name} is no condition`, { cause: thrown })
  }
}

// The filter runs inside of every query, so it is held to the rules of queries: otherwise each of them would be refused.
function assertReadable(engine: Engine, { name }: Exposed, allowed: Openable): void {
  try {
    engineCheck(engine, `SELECT * FROM ${quoted(name)}`, allowed)
  } catch (thrown) {
    throw new RangeError(`The row filter of ${name} cannot be used: ${denialOf(thrown).message}`, { cause: thrown })
  }
}

const transactionOn = (engine: Engine): Transaction => ({
  begin: engine.prepare('BEGIN'),
  version: engine.prepare<unknown[], unknown[]>('PRAGMA schema_version').pluck(),
  mode: engine.prepare<unknown[], unknown[]>('PRAGMA journal_mode').pluck(),
  commit: engine.prepare('COMMIT'),
})
