// A database on a read-only mount, or beside which this process may create nothing: the last commit is answered, or one line says why not.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, suite, test } from 'node:test'
import Database from 'better-sqlite3'

const UNSHARE = '/usr/bin/unshare' // util-linux; mounts for one process alone
const SETPRIV = '/usr/bin/setpriv'
const PROGRAM = join(import.meta.dirname, 'testing/asked-by-line.ts')
const LAST = 'SELECT max(n) FROM t'
const WAL_MESSAGE =
  /^Database shop cannot be opened: it is in WAL mode and its -wal and -shm files can be neither opened nor created here; mount /
const JOURNAL_MESSAGE =
  /^Database shop cannot be opened: its writer ended in the middle of a change, which only a process that may write can take back; /

const made: string[] = []
after(() => {
  for (const directory of made) rmSync(directory, { recursive: true })
})
function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'read-only-'))
  chmodSync(directory, 0o755) // a stranger may read and not write
  made.push(directory)
  return directory
}

/** A writer at work on t(n) = 1, 2; nothing of it has gone from the log or the cache into the file. */
function writer(mode: 'wal' | 'delete', directory = folder()) {
  const file = join(directory, 'shop.db')
  const db = new Database(file)
  db.pragma(`journal_mode=${mode}`)
  db.pragma('wal_autocheckpoint=0')
  db.exec('CREATE TABLE t(n); INSERT INTO t VALUES (1)')
  if (mode === 'wal') db.pragma('wal_checkpoint(TRUNCATE)')
  db.exec('INSERT INTO t VALUES (2)')
  return { db, file, directory }
}

/** What a crash leaves: the files of this moment, and nobody who has them open. */
function crashed(directory: string, leftOut: RegExp = /$^/): string {
  const copy = folder()
  for (const name of readdirSync(directory).filter((each) => !leftOut.test(each)))
    copyFileSync(join(directory, name), join(copy, name))
  return join(copy, 'shop.db')
}

type Said = Readonly<{ ready?: true; failed?: string; rows?: unknown[][]; code?: string; says?: string }>
type Place = 'read-only mount' | 'foreign folder'

function runs(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups'] as const
const PLACES: readonly Readonly<{ place: Place; skip: string | false }>[] = [
  { place: 'read-only mount', skip: runs(UNSHARE, '-rm', 'true') ? false : 'no private mounts here' },
  {
    place: 'foreign folder',
    skip: runs(SETPRIV, ...NOBODY, process.execPath, '--check', PROGRAM) ? false : 'nobody else can run Node here',
  },
]

/** Starts the reader where nothing can be written: `ask` puts one query. */
async function reader(file: string, place: Place) {
  const directory = join(file, '..')
  const mounted = 'mount --bind "$2" "$2" && mount -o remount,ro,bind "$2" && exec "$0" "$1" "$2/shop.db"'
  const args = [process.execPath, PROGRAM, directory]
  const child =
    place === 'read-only mount'
      ? spawn(UNSHARE, ['-rm', 'sh', '-c', mounted, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
      : spawn(SETPRIV, [...NOBODY, process.execPath, PROGRAM, file], {
          stdio: ['pipe', 'pipe', 'inherit'],
        })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => JSON.parse((await lines.next()).value as string) as Said
  const first = await next()
  return {
    first,
    ask: (sql: string) => {
      child.stdin.write(`${sql}\n`)
      return next()
    },
    end: () => ended(child),
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = once(child, 'exit')
  child.stdin?.end()
  await gone
}

/** The first line of the reader, and its answer to the question for the last commit. */
async function seen(file: string, place: Place): Promise<Said> {
  const { first, ask, end } = await reader(file, place)
  const answer = first.ready === true ? await ask(LAST) : first
  await end()
  return answer
}

for (const { place, skip } of PLACES)
  suite(`a database in a ${place}`, { skip }, () => {
    test('is answered in rollback mode, and makes no file', async () => {
      const { db, file, directory } = writer('delete')
      db.close()
      assert.deepEqual(await seen(file, place), { rows: [[2]] })
      assert.deepEqual(readdirSync(directory), ['shop.db'])
    })

    test('is refused in WAL mode when nobody has it open, with the way out', async () => {
      const { db, file, directory } = writer('wal')
      db.close()
      assert.match((await seen(file, place)).failed ?? '', WAL_MESSAGE)
      assert.deepEqual(readdirSync(directory), ['shop.db'])
      // The way out that the message names.
      const copy = join(folder(), 'shop.db')
      copyFileSync(file, copy)
      const copied = new Database(copy)
      copied.pragma('journal_mode=DELETE')
      copied.close()
      assert.deepEqual(await seen(copy, place), { rows: [[2]] })
    })

    test('shows each commit of a writer in WAL mode beside it, also after the writer has gone and come again', async () => {
      const { db, file, directory } = writer('wal')
      const { first, ask, end } = await reader(file, place)
      assert.equal(first.failed, undefined)
      assert.deepEqual(await ask(LAST), { rows: [[2]] })
      db.exec('INSERT INTO t VALUES (3)')
      assert.deepEqual(await ask(LAST), { rows: [[3]] })
      db.pragma('wal_checkpoint(TRUNCATE)')
      db.exec('INSERT INTO t VALUES (4)')
      assert.deepEqual(await ask(LAST), { rows: [[4]] })
      db.close()
      assert.deepEqual(await ask(LAST), { rows: [[4]] })
      const again = new Database(join(directory, 'shop.db'))
      again.exec('INSERT INTO t VALUES (5)')
      assert.deepEqual(await ask(LAST), { rows: [[5]] })
      again.close()
      await end()
    })

    // The newest row stands in the log alone: an answer without it would be a wrong one.
    for (const [left, leftOut] of [
      ['the log and its index', /$^/],
      ['the log without its index', /-shm$/],
    ] as const)
      test(`is never answered without what a crashed writer committed: ${left}`, async () => {
        const { db, directory } = writer('wal')
        const file = crashed(directory, leftOut)
        db.close()
        assert.ok(existsSync(`${file}-wal`))
        const { rows, failed = '' } = await seen(file, place)
        if (rows === undefined) assert.match(failed, WAL_MESSAGE)
        else assert.deepEqual(rows, [[2]])
      })

    test('is never answered with half a change of a crashed writer in rollback mode', async () => {
      const { db, directory } = writer('delete')
      db.exec(
        'CREATE TABLE filler(x); INSERT INTO filler SELECT randomblob(4000) FROM json_each(json_array(1,2,3,4,5,6,7,8,9))',
      )
      db.pragma('cache_size=1') // the change spills into the file before it is committed
      db.exec('BEGIN; UPDATE t SET n = n + 100; UPDATE filler SET x = randomblob(4000)')
      const file = crashed(directory)
      db.exec('ROLLBACK')
      db.close()
      assert.match((await seen(file, place)).failed ?? '', JOURNAL_MESSAGE)
    })
  })
