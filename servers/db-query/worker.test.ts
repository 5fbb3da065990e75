// The real worker process, spoken to over its socket: one honest call, then bombs that only a kill can end.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { dirname } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { CALLER, fixture, SECRET, SPEND } from './fixture.ts'

const { file, remove } = fixture()
after(remove)
const resources = { databases: [{ name: 'shop', file, tables: '*' }], parser: 'veto' }
const state = () => [readdirSync(dirname(file)), createHash('sha256').update(readFileSync(file)).digest('hex')]

type Head = Readonly<{ ready?: true; failed?: string; ok?: unknown; denied?: { code: string } }>

/** A worker as the supervisor starts one: settings on fd 0, the front's socket on fd 3, an empty environment. */
async function start(
  granted: unknown = resources,
): Promise<{ child: ChildProcess; first: Head; call: (operation: unknown) => Promise<Head & { body: string }> }> {
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=256', fileURLToPath(new URL('./worker.ts', import.meta.url))],
    {
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
      env: {},
    },
  )
  const front = child.stdio[3] as Socket
  const frames = framesOf(front)
  child.stdin?.write(`${JSON.stringify({ resources: granted, memoryMb: 4096, secret: SECRET })}\n`)
  const first = await frames()
  const call = (operation: unknown) => {
    const head = Buffer.from(JSON.stringify({ operation, spend: SPEND }))
    const header = Buffer.alloc(12)
    header.writeUInt32BE(1, 0)
    header.writeUInt32BE(head.length, 4)
    front.write(Buffer.concat([header, head]))
    return frames()
  }
  return { child, first, call }
}

function framesOf(front: Socket): () => Promise<Head & { body: string }> {
  let held = Buffer.alloc(0)
  return async () => {
    while (true) {
      if (held.length >= 12) {
        const [head, body] = [held.readUInt32BE(4), held.readUInt32BE(8)]
        if (held.length >= 12 + head + body) {
          const parsed = JSON.parse(held.toString('utf8', 12, 12 + head)) as Head
          const answer = { ...parsed, body: held.toString('utf8', 12 + head, 12 + head + body) }
          held = held.subarray(12 + head + body)
          return answer
        }
      }
      const [chunk] = (await once(front, 'data')) as [Buffer]
      held = Buffer.concat([held, chunk])
    }
  }
}

async function end(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.signalCode
  const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  child.kill('SIGKILL')
  return (await gone)[1]
}

const query = (sql: string) => ({
  op: 'query',
  caller: CALLER,
  database: 'shop',
  sql,
  params: [],
  maxRows: 10,
  format: 'json',
})

suite('worker.ts', () => {
  test('serves operations of the closed union, and nothing else', async () => {
    const { child, first, call } = await start()
    try {
      assert.deepEqual([first.ready, first.failed], [true, undefined])
      assert.deepEqual(JSON.parse((await call(query('SELECT name FROM customers WHERE id = 3'))).body), {
        columns: [{ name: 'name', type: 'TEXT' }],
        rows: [['Alan Turing']],
        row_count: 1,
      })
      assert.equal((await call(query('DROP TABLE orders'))).denied?.code, 'sql_denied')
      for (const operation of [
        { op: 'exec', sql: 'DROP TABLE orders' },
        { ...query('SELECT 1'), unsafe: true },
        null,
        'query',
      ])
        assert.equal((await call(operation)).denied?.code, 'internal')
      assert.equal((await call({ ...query('SELECT 1'), database: 'other' })).denied?.code, 'policy_denied')
    } finally {
      await end(child)
    }
  })

  test('says what is wrong when a database cannot be opened', async () => {
    const { child, first } = await start({ databases: [{ name: 'shop', file: `${file}-none`, tables: '*' }] })
    await end(child)
    assert.match(first.failed ?? '', /^Database shop cannot be opened: /)
  })
})

suite('a live writer beside a long query', () => {
  test('commits without waiting; the query answers of its own moment, the next one of the last commit', async () => {
    const live = fixture()
    const writer = new Database(live.file, { timeout: 0 }) // one lock in its way, and it throws
    writer.pragma('journal_mode=WAL')
    const total = writer.prepare('UPDATE orders SET total = ? WHERE id = 1')
    total.run(-1)
    const { child, call } = await start({ databases: [{ name: 'shop', file: live.file, tables: '*' }] })
    try {
      let asked = true
      const answer = call(
        query(`${ENDLESS} SELECT count(*), total FROM (SELECT i FROM n LIMIT 1000000), orders WHERE id = 1`),
      )
      const long = answer.finally(() => {
        asked = false
      })
      let commits = 0
      for (; asked; commits += 1) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        total.run(commits)
      }
      const [[counted, seen = 0] = []] = (JSON.parse((await long).body) as { rows: number[][] }).rows
      assert.equal(counted, 1_000_000)
      assert.ok(commits > seen + 5, `${commits} commits, of which the query saw ${seen}`)
      const next = JSON.parse((await call(query('SELECT total FROM orders WHERE id = 1'))).body) as { rows: unknown }
      assert.deepEqual(next.rows, [[commits - 1]])
    } finally {
      await end(child)
      writer.close()
      live.remove()
    }
  })
})

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)'
const DOUBLING = Array.from({ length: 30 }, (_, i) => `c${i + 1}(a) AS (SELECT x.a FROM c${i} x, c${i} y)`).join(', ')
const BOMBS: readonly (readonly [string, string])[] = [
  ['endless recursion', `${ENDLESS} SELECT count(*) FROM n`],
  ['filter that never matches', `${ENDLESS} SELECT i FROM n WHERE i < 0`],
  ['cross join', `SELECT count(*) FROM ${Array.from({ length: 9 }, (_, i) => `orders o${i}`).join(', ')}`],
  [
    'LIKE that backtracks',
    `${ENDLESS} SELECT count(*) FROM n WHERE printf('%.*c', 40000, 'a') LIKE '${'%a'.repeat(40)}b'`,
  ],
  ['views that double', `WITH c0(a) AS (SELECT 1), ${DOUBLING} SELECT count(*) FROM c30`],
  [
    'JSON that grows',
    `WITH RECURSIVE j(v) AS (SELECT '[]' UNION ALL SELECT json_insert(v, '$[#]', 1) FROM j) SELECT max(length(v)) FROM j`,
  ],
]

// Each ends as a kill at the deadline, or before it as a refusal; never as an answer, never with a changed file.
suite('bombs', () => {
  for (const [name, sql] of BOMBS) {
    test(name, async () => {
      const before = state()
      const { child, call } = await start()
      const deadline = new Promise<'deadline'>((resolve) => setTimeout(resolve, 1000, 'deadline'))
      const outcome = await Promise.race([call(query(sql)), deadline])
      const signal = await end(child)
      if (outcome === 'deadline') assert.equal(signal, 'SIGKILL')
      else assert.ok(['sql_denied', 'too_large'].includes(outcome.denied?.code ?? ''), JSON.stringify(outcome))
      assert.deepEqual(state(), before)
    })
  }
})
