// Proves on real processes that work can always be ended and that the next call gets a worker.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { allow, type CallContext, type Cleared, clear, Denial } from '@hardened-mcp/security-core'
import { type PoolOptions, type WorkerPool, workerPool } from './worker-pool.ts'

const FIXTURE = join(import.meta.dirname, 'fixture/worker.ts')
const MIB = 1024 * 1024

// Plays the supervisor: the pool's kill goes to a real process, and a killed worker is replaced.
function poolOf(count: number, resources: object = {}, more: Pick<PoolOptions, 'placing' | 'perTenant'> = {}) {
  const children = new Map<number, ChildProcess>()
  const { promise: failed, resolve: fail } = Promise.withResolvers<string>()
  let nextId = 1
  let closed = false
  const pool: WorkerPool = workerPool({
    kill: (id) => children.get(id)?.kill('SIGKILL'),
    onFailed: (reason) => {
      closed = true
      fail(reason)
    },
    maxBodyBytes: MIB,
    ...more,
  })
  const startOne = () => {
    if (closed) return
    const id = nextId++
    const child = spawn(process.execPath, [FIXTURE], { stdio: ['pipe', 'ignore', 'ignore', 'pipe'], env: {} })
    children.set(id, child)
    child.stdin?.on('error', () => undefined).write(`${JSON.stringify({ resources, memoryMb: 128 })}\n`)
    pool.attach(id, child.stdio[3] as Socket)
    child.on('exit', () => {
      children.delete(id)
      pool.ended(id, 'crashed')
      startOne()
    })
  }
  for (let started = 0; started < count; started++) startOne()
  const close = () => {
    closed = true
    for (const child of children.values()) child.kill('SIGKILL')
  }
  after(close)
  return { pool, failed, children }
}

const never = new AbortController().signal
const cleared = (operation: object): Cleared<object> => clear(operation, [() => allow()], {} as CallContext)
const run = (pool: WorkerPool, operation: object, deadlineMs = 10_000, stop = never, call?: CallContext) =>
  pool.execute(cleared(operation), { deadlineMs, outputBytes: 65_536 }, stop, call)
const callOf = (tenant: string) => ({ caller: { tenant } }) as CallContext
const denied = (code: string) => (thrown: unknown) => thrown instanceof Denial && thrown.code === code

suite('workerPool()', () => {
  test('hands an operation to a worker with an empty environment and passes its text on', async () => {
    const { pool } = poolOf(1)
    const { text, rows } = await run(pool, { kind: 'echo', text: 'grüße' })
    const echoed = JSON.parse(text) as { text: string; env: object }
    assert.equal(echoed.text, 'grüße')
    assert.deepEqual(echoed.env, {})
    assert.equal(rows, 1)
  })

  test('refuses an operation that was not cleared', () => {
    const { pool } = poolOf(1)
    assert.throws(
      () => pool.execute({ kind: 'echo' } as unknown as Cleared<object>, { deadlineMs: 1, outputBytes: 1 }, never),
      denied('internal'),
    )
  })

  test('passes a denial of the worker on with its code, its sentence and its wait', async () => {
    const { pool } = poolOf(1)
    await assert.rejects(run(pool, { kind: 'deny' }), {
      code: 'path_denied',
      message: 'The reason',
      says: 'What is said',
      retryAfterMs: 7,
    })
  })

  test('ends an endless loop, a regex bomb and a blocked read at their deadline, and answers the next call', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pool-'))
    after(() => rmSync(dir, { recursive: true }))
    const fifo = join(dir, 'fifo')
    execFileSync('mkfifo', [fifo])
    const { pool } = poolOf(3)
    while (pool.load().idle < 3) await new Promise((resolve) => setTimeout(resolve, 20)) // each bomb has a worker from the start
    const bombs = [{ kind: 'spin' }, { kind: 'regex' }, { kind: 'fifo', text: fifo }]
    const startedMs = Date.now()
    await Promise.all(bombs.map((bomb) => assert.rejects(run(pool, bomb, 1_000), denied('timeout'))))
    assert.ok(Date.now() - startedMs < 10_000)
    assert.match((await run(pool, { kind: 'echo', text: 'next' })).text, /next/)
  })

  test('told to stop, it ends what works and what waits, and takes nothing more', async () => {
    const { pool } = poolOf(1)
    await run(pool, { kind: 'echo', text: 'ready' })
    const working = run(pool, { kind: 'spin' }, 30_000)
    const waiting = run(pool, { kind: 'echo' }, 30_000)
    const ends = Promise.all([assert.rejects(working, denied('busy')), assert.rejects(waiting, denied('busy'))])
    pool.stop()
    await ends
    await assert.rejects(run(pool, { kind: 'echo' }), denied('busy'))
  })

  test('kills the worker of a cancelled call', async () => {
    const { pool, children } = poolOf(1)
    await run(pool, { kind: 'echo' })
    const [before] = children.keys()
    const cancel = new AbortController()
    const call = run(pool, { kind: 'spin' }, 30_000, cancel.signal)
    setTimeout(() => cancel.abort(), 50)
    await assert.rejects(call, denied('timeout'))
    await run(pool, { kind: 'echo' })
    assert.ok(!children.has(before as number))
  })

  test('answers `internal` for a worker that crashes, lies about the call or floods its answer, and lives on', async () => {
    const { pool } = poolOf(1)
    await assert.rejects(run(pool, { kind: 'ramble', text: '130000' }), denied('path_denied'))
    for (const kind of ['crash', 'lie', 'again', 'flood', 'nonsense', 'ramble']) {
      await assert.rejects(run(pool, { kind, text: '131072' }), denied('internal'), kind)
      assert.match((await run(pool, { kind: 'echo', text: 'still here' })).text, /still here/)
    }
  })

  test('answers `busy` when no worker becomes free in time, and at once when too many calls wait', async () => {
    const { pool } = poolOf(1)
    await pool.ready
    const spinning = run(pool, { kind: 'spin' }, 3_000)
    await assert.rejects(run(pool, { kind: 'echo' }, 100), denied('busy'))
    const crowd = Array.from({ length: 64 }, () => run(pool, { kind: 'echo' }, 10_000))
    await assert.rejects(run(pool, { kind: 'echo' }), { code: 'busy', message: '64 calls are waiting already' })
    await assert.rejects(spinning, denied('timeout'))
    assert.equal((await Promise.all(crowd)).length, 64)
  })

  test('calls of one home meet one worker, also when many are made at once, and another one when it has died', async () => {
    const { pool, children } = poolOf(3, {}, { placing: () => ({ home: 'page', waits: true }) })
    while (pool.load().idle < 3) await new Promise((resolve) => setTimeout(resolve, 20))
    const pidOf = async () => (JSON.parse((await run(pool, { kind: 'echo' })).text) as { pid: number }).pid
    const first = await pidOf()
    assert.deepEqual(new Set(await Promise.all(Array.from({ length: 12 }, pidOf))), new Set([first]))
    process.kill(first, 'SIGKILL')
    while ([...children.values()].some(({ pid }) => pid === first))
      await new Promise((resolve) => setTimeout(resolve, 20))
    assert.notEqual(await pidOf(), first)
  })

  test('calls of one group start apart, and none is forgotten', async () => {
    const { pool } = poolOf(2, {}, { placing: () => ({ group: { name: 'host', atOnce: 1, everyMs: 60 } }) })
    await pool.ready
    const startedMs = performance.now()
    await Promise.all(Array.from({ length: 5 }, () => run(pool, { kind: 'echo' })))
    assert.ok(performance.now() - startedMs >= 240)
  })

  test('one worker, one tenant: every other tenant gets a new process, all calls are answered, and a call of nobody is not run', async () => {
    const { pool } = poolOf(2, {}, { perTenant: true })
    const servedBy = new Map<number, Set<string>>()
    const ask = async (tenant: string) => {
      const { text } = await run(pool, { kind: 'echo' }, 120_000, never, callOf(tenant))
      const { pid } = JSON.parse(text) as { pid: number }
      servedBy.set(pid, (servedBy.get(pid) ?? new Set()).add(tenant))
      return pid
    }
    const first = await ask('acme')
    assert.equal(await ask('acme'), first, 'the same tenant meets its worker again')
    await Promise.all(
      Array.from({ length: 24 }, (_, n) => ask(['acme', 'globex', 'initech'][(n * 5 + (n >> 2)) % 3] ?? '')),
    )
    for (const [pid, tenants] of servedBy) assert.equal(tenants.size, 1, `${pid} served ${[...tenants].join()}`)
    assert.ok(servedBy.size >= 3)
    assert.throws(
      () => pool.execute(cleared({ kind: 'echo' }), { deadlineMs: 1, outputBytes: 1 }, never),
      denied('internal'),
    )
  })

  test('reports a worker that cannot open what it was granted', async () => {
    const { failed } = poolOf(1, { broken: true })
    assert.equal(await failed, 'The fixture could not be opened')
  })

  test('an idle worker ends when the supervisor closes its pipe', async () => {
    const child = spawn(process.execPath, [FIXTURE], { stdio: ['pipe', 'ignore', 'ignore', 'pipe'], env: {} })
    const pool = workerPool({ kill: () => undefined, onFailed: () => undefined, maxBodyBytes: MIB })
    child.stdin?.write(`${JSON.stringify({ resources: {}, memoryMb: 128 })}\n`)
    pool.attach(1, child.stdio[3] as Socket)
    await pool.ready
    const gone = new Promise((resolve) => child.on('exit', resolve))
    const patience = setTimeout(() => child.kill('SIGKILL'), 20_000)
    child.stdin?.destroy()
    assert.equal(await gone, 0)
    clearTimeout(patience)
    pool.ended(1, 'crashed')
  })

  test('a worker over its memory budget dies of the signal that says so', async () => {
    const { pool, children } = poolOf(1)
    await pool.ready
    const [child] = children.values()
    const signal = new Promise((resolve) => child?.on('exit', (_code, died) => resolve(died)))
    await assert.rejects(run(pool, { kind: 'hoard' }, 15_000), Denial)
    assert.equal(await signal, 'SIGUSR2')
  })
})
