// Question: can a query call anything that is not computation on its own rows?
// Threat:   load_extension, fts3_tokenizer, rtreecheck, sqlite_log, pragma_* and dbstat table functions, gigabyte blobs.
// Rule:     functions and modules outside a closed list are replaced by stubs that throw; randomblob and zeroblob are capped.
// Limits:   a second net. The engine check refuses the same names before anything runs.
// Proof:    engine-check.test.ts
import { randomBytes } from 'node:crypto'
import { FUNCTIONS, TABLE_FUNCTIONS } from './functions.ts'
import type { Engine } from './open-database.ts'

const MODULES: ReadonlySet<string> = new Set([
  'fts3',
  'fts4',
  'fts5',
  'rtree',
  'rtree_i32',
  'geopoly',
  ...TABLE_FUNCTIONS,
])
const MAX_BLOB_BYTES = 1_048_576

/** Covers everything outside the lists on this connection. Call it after the last use of a pragma function. */
export function coverWithStubs(engine: Engine): void {
  const functions = engine
    .prepare<[], { name: string; narg: number }>('SELECT DISTINCT name, narg FROM pragma_function_list')
    .all()
  const modules = engine.prepare<[], string>('SELECT name FROM pragma_module_list').pluck().all()
  const pragmas = engine.prepare<[], string>('SELECT name FROM pragma_pragma_list').pluck().all()
  for (const { name, narg } of functions) if (!FUNCTIONS.has(name)) coverFunction(engine, name, narg)
  for (const module of [...modules, ...pragmas.map((name) => `pragma_${name}`)])
    if (!MODULES.has(module)) engine.table(module, { columns: ['value'], rows: stubRows })
  engine.function('zeroblob', { deterministic: true }, (size: unknown) => Buffer.alloc(blobBytes(size)))
  engine.function('randomblob', (size: unknown) => randomBytes(Math.max(1, blobBytes(size))))
}

function coverFunction(engine: Engine, name: string, arity: number): void {
  engine.function(name, { varargs: true }, refuseCall)
  if (arity < 0) return
  // SQLite prefers an exact arity over varargs, so the stub has to have it: better-sqlite3 takes it from `length`.
  const exact = () => refuseCall()
  engine.function(name, Object.defineProperty(exact, 'length', { value: arity }))
}

function refuseCall(): never {
  throw new Error('This function is not available')
}

function* stubRows(): Generator<never> {
  yield* []
  throw new Error('This table function is not available')
}

function blobBytes(size: unknown): number {
  const bytes = Number(size ?? 0)
  if (bytes > MAX_BLOB_BYTES) throw new RangeError(`A generated blob must have at most ${MAX_BLOB_BYTES} bytes`)
  return Number.isFinite(bytes) ? Math.max(0, Math.trunc(bytes)) : 0
}
