// Question: can a query call anything that is not computation on its own rows?
// Threat:   load_extension, fts3_tokenizer, rtreecheck, sqlite_log, pragma_* and dbstat table functions, gigabyte blobs.
// Rule:     functions and modules outside a closed list are replaced by stubs that throw; randomblob and zeroblob are capped.
// Limits:   a second net. The engine check refuses the same names before anything runs.
// Proof:    engine-check.test.ts
import { randomBytes } from 'node:crypto'
import type { Engine } from './open-database.ts'

const words = (text: string) => text.trim().split(/\s+/)

/** Auxiliary full-text functions. They find the row by a cursor number in their first argument, whatever column it came from. */
export const SEARCH_FUNCTIONS: ReadonlySet<string> = new Set(words('bm25 highlight snippet matchinfo offsets'))

/** Everything a query may call, by SQLite's own names. */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...words(
    '-> ->> abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce concat concat_ws cos cosh',
  ),
  ...words('count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp'),
  ...words('first_value floor format glob group_concat hex if ifnull iif instr julianday lag last_value lead length'),
  ...words('like likelihood likely ln log log10 log2 lower ltrim max median min mod nth_value ntile nullif'),
  ...words('octet_length percent_rank percentile percentile_cont percentile_disc pi pow power printf quote radians'),
  ...words('random randomblob rank replace round row_number rtrim sign sin sinh soundex sqlite_version sqrt strftime'),
  ...words('string_agg substr substring subtype sum tan tanh time timediff total trim trunc typeof unhex unicode'),
  ...words('unistr unistr_quote unixepoch unlikely upper zeroblob'),
  ...words('json json_array json_array_insert json_array_length json_error_position json_extract json_group_array'),
  ...words('json_group_object json_insert json_object json_patch json_pretty json_quote json_remove json_replace'),
  ...words('json_set json_type json_valid jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array'),
  ...words('jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set'),
  ...SEARCH_FUNCTIONS,
  'match',
  ...words('geopoly_area geopoly_bbox geopoly_blob geopoly_ccw geopoly_contains_point geopoly_group_bbox'),
  ...words('geopoly_json geopoly_overlap geopoly_regular geopoly_svg geopoly_within geopoly_xform'),
])

/** Table functions that read nothing but their own argument. */
export const TABLE_FUNCTIONS = ['json_each', 'json_tree', 'jsonb_each', 'jsonb_tree'] as const

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
