// Opens one SQLite file for reading, in the strictest mode SQLite has, and explains in plain words when that fails.
import Database from 'better-sqlite3'
import { dataStamp } from './data-stamp.ts'
import type { DatabaseGrant } from './resources.ts'

export type Statement = Database.Statement<unknown[], unknown[]>
/** One row of `EXPLAIN`. */
export type Step = Readonly<{ opcode: string; p1: number; p2: number; p3: number; p4: string | null; p5: number }>
export type Engine = Database.Database & { explain(sql: string): readonly Step[] }

const BUSY_MS = 1000 // a writer's commit takes milliseconds; the caller's deadline must not be spent on a lock

/** A private in-memory database. */
export const openMemory = (): Engine => new Database(':memory:') as Engine

/** Throws an `Error` with one line for the operator; the path stays out of it. */
export function openDatabase({ name, file, unchanging }: Pick<DatabaseGrant, 'name' | 'file' | 'unchanging'>): Engine {
  // A held lock needs the rollback journal: in WAL mode this connection would have to write. Looked up on a descriptor that
  // stays open: closing one would drop the locks that other connections of this process hold on the file.
  if (unchanging === true && dataStamp(file).wal())
    throw new Error(`Database ${name} cannot be opened: it is granted as unchanging and is in WAL mode; ${WAL_COPY}`)
  try {
    const engine = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_MS }) as Engine
    for (const setting of SETTINGS) engine.pragma(setting)
    if (unchanging === true) engine.pragma(HELD_LOCK)
    engine.pragma('schema_version') // the first real read: a wrong file or a missing -shm shows here
    return engine
  } catch (thrown) {
    throw new Error(`Database ${name} cannot be opened: ${whyNot(file, codeOf(thrown))}`, { cause: thrown })
  }
}

/** To be called once nothing is left to create: no statement of this connection may write from now on. */
export const sealDatabase = (engine: Engine) => engine.pragma('query_only=1')

export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''

const SETTINGS = [
  'temp_store=2', // sorts spill to memory, where the watchdog counts them, never to a file
  'mmap_size=0', // a file truncated under a memory map is a SIGBUS
  'trusted_schema=0', // a hostile file may not call side-effecting functions from its views
  'cell_size_check=1', // corrupt pages are reported instead of followed
  'case_sensitive_like=0',
] as const

// Locking and looking whether somebody wrote are nine of the system calls of a short query, and most of its time under gVisor. A
// read-only connection keeps SHARED only: other readers come in, a writer gets SQLITE_BUSY. `immutable` would drop that protection.
const HELD_LOCK = 'locking_mode=exclusive'

const WAL_COPY = 'run "PRAGMA journal_mode=DELETE" on a copy'
const WAL_ADVICE = `it is in WAL mode and its -wal and -shm files can be neither opened nor created here; mount its directory writable for SQLite, or ${WAL_COPY}`
// Atomic commit §4: until the journal is played back the file holds half a change, so SQLite reads nothing of it.
const HOT_JOURNAL =
  'its writer ended in the middle of a change, which only a process that may write can take back; open it once with its own program'

function whyNot(file: string, code: string): string {
  if (dataStamp(file).wal() && !code.startsWith('SQLITE_NOTADB')) return WAL_ADVICE
  if (code.startsWith('SQLITE_NOTADB')) return 'it is not an SQLite database'
  if (code === 'SQLITE_READONLY_ROLLBACK') return HOT_JOURNAL
  if (code.startsWith('SQLITE_CANTOPEN')) return 'the file does not exist or may not be read'
  return `SQLite says ${code || 'nothing'}`
}
