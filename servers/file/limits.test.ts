// Files and trees that are made to cost too much: each is answered or refused within its budget by the served worker.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import type { ListedEntry } from './listing.ts'
import type { Operation, OperationOf } from './operations.ts'
import { type Ground, ground } from './testing/ground.ts'
import { type WorkerProcess, workerProcess } from './testing/worker-process.ts'

const SPEND = { deadlineMs: 10_000, outputBytes: 65_536 }
const GENEROUS_MS = 8_000 // below the deadline; alone on a machine each of these takes well under a second

const read = (path: string, from: Partial<{ line: number; lines: number }> = {}): Operation => ({
  op: 'read_text',
  path,
  from: { end: 'start', line: 1, column: 0, lines: 100_000, ...from },
  numbered: false,
})
const tail = (path: string, lines: number): Operation => ({
  op: 'read_text',
  path,
  from: { end: 'last', lines },
  numbered: false,
})
const search = (path: string, glob: string, over: Partial<OperationOf<'search'>> = {}): Operation => ({
  op: 'search',
  path,
  glob,
  exclude: [],
  ...over,
})

async function timed<T>(work: Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work
  assert.ok(performance.now() - start < GENEROUS_MS)
  return result
}

async function pages(worker: WorkerProcess, operation: OperationOf<'list'> | OperationOf<'search'>): Promise<string[]> {
  const paths: string[] = []
  for (let cursor: string | undefined; ; ) {
    const answer = await worker.run({ ...operation, ...(cursor === undefined ? {} : { cursor }) }, SPEND)
    paths.push(...(answer['entries'] as ListedEntry[]).map(({ path }) => path))
    const { next } = (answer['truncated'] ?? {}) as { next?: string }
    if (next === undefined) return paths
    assert.notEqual(next, cursor, 'every page makes progress')
    cursor = next
  }
}

suite('limits of the file worker', () => {
  let place: Ground
  let worker: WorkerProcess
  before(async () => {
    place = ground()
    worker = await workerProcess({
      roots: [
        { name: 'docs', path: place.root },
        { name: 'dev', path: '/dev' },
      ],
    })
  })
  after(async () => {
    await worker?.end()
    place.remove()
  })

  test('a pipe nobody writes to is refused at once, sixteen times', async () => {
    place.build(Array.from({ length: 16 }, (_, i) => ({ fifo: `pipes/p${i}` })))
    const reads = Array.from({ length: 16 }, (_, i) => worker.run(read(`pipes/p${i}`)))
    const answers = await timed(Promise.allSettled(reads))
    for (const answer of answers)
      assert.ok(answer.status === 'rejected' && String(answer.reason.message).startsWith('special'))
    const { entries } = await worker.run({ op: 'list', path: 'pipes' })
    assert.deepEqual((entries as ListedEntry[])[0], { path: 'docs:/pipes/p0', type: 'other' })
  })

  test('sockets and devices are described and never opened', async () => {
    const server = createServer().listen(join(place.root, 'socket'))
    try {
      for (const path of ['socket', 'dev:/null', 'dev:/zero', 'dev:/tty']) {
        assert.equal((await worker.run({ op: 'info', path }))['type'], 'other')
        await assert.rejects(worker.run(read(path)), { code: 'path_denied', message: /^special/ })
      }
    } finally {
      server.close()
    }
  })

  test('another mount inside the root is not entered', async () => {
    for (const operation of [
      { op: 'list', path: 'dev:/pts' },
      { op: 'info', path: 'dev:/pts/ptmx' },
      read('dev:/pts/ptmx'),
    ] as const)
      await assert.rejects(worker.run(operation), { code: 'path_denied' })
    const found = await worker.run(search('dev:/', 'ptmx'))
    assert.deepEqual(
      (found['entries'] as ListedEntry[]).filter(({ path }) => path.startsWith('dev:/pts/')),
      [],
    )
    assert.ok(Number(found['skipped']) >= 1)
  })

  test('a sparse file of 10 GiB is no text, and one with text at its head or end costs no more than its answer', async () => {
    const sparse = (name: string, head: string, end: string) => {
      const fd = openSync(join(place.root, name), 'w')
      writeSync(fd, head)
      ftruncateSync(fd, 10 * 2 ** 30)
      writeSync(fd, end, 10 * 2 ** 30 - end.length)
      closeSync(fd)
    }
    sparse('hole', '', 'end\n')
    sparse('head', 'text\n'.repeat(20_000), '')
    await timed(assert.rejects(worker.run(read('hole')), { code: 'invalid_input' }))
    const answer = await timed(worker.run(read('head', { lines: 10 })))
    assert.equal(answer['text'], 'text\n'.repeat(10))
    assert.equal(answer['total_lines'], undefined)
    await timed(assert.rejects(worker.run(read('head', { line: 20_001 })), { code: 'invalid_input' }))
    await timed(assert.rejects(worker.run(read('head', { line: 20_002 })), { code: 'too_large' }))
    await timed(assert.rejects(worker.run(tail('head', 5)), { code: 'invalid_input' }))
    assert.equal((await worker.run({ op: 'info', path: 'hole' }))['size'], 10 * 2 ** 30)
  })

  test('a line that lies too far into a large file is refused, and its end is read with tail', async () => {
    const fd = openSync(join(place.root, 'large'), 'w')
    const megabyte = Buffer.from(`${'x'.repeat(63)}\n`.repeat(16_384))
    for (let i = 0; i < 80; i++) writeSync(fd, megabyte)
    closeSync(fd)
    const answer = await timed(worker.run(read('large')))
    assert.deepEqual(answer['truncated'], { reason: 'bytes', next: 993 }) // 992 lines of 65 bytes as JSON
    await timed(assert.rejects(worker.run(read('large', { line: 1_200_000 })), { code: 'too_large' }))
    const { text } = await timed(worker.run(tail('large', 2)))
    assert.equal(text, `${'x'.repeat(63)}\n`.repeat(2))
  })

  test('a file that grows while it is read comes to an end', async () => {
    const path = join(place.root, 'growing')
    writeFileSync(path, '')
    const writer: ChildProcess = spawn(process.execPath, ['-e', GROW, path], { stdio: ['pipe', 'ignore', 'inherit'] })
    try {
      while (statSync(path).size < 1_000_000) await setTimeout(5)
      const before = statSync(path).size
      for (let i = 0; i < 10; i++) {
        await timed(worker.run(read('growing')))
        await timed(worker.run(tail('growing', 10)))
      }
      assert.ok(statSync(path).size > before, 'it grew meanwhile')
    } finally {
      writer.kill('SIGKILL')
    }
  })

  test('a directory of 20 000 entries is listed page by page, each entry once', async () => {
    mkdirSync(join(place.root, 'many'))
    const names = Array.from({ length: 20_000 }, (_, i) => `entry ${i}`)
    for (const name of names) closeSync(openSync(join(place.root, 'many', name), 'w'))
    const expected = names.map((name) => `docs:/many/${name}`).toSorted()
    assert.deepEqual(await pages(worker, { op: 'list', path: 'many' }), expected)
    assert.deepEqual(await pages(worker, { op: 'search', path: 'many', glob: 'entry*', exclude: [] }), expected)
    const one = await timed(worker.run(search('many', 'entry 19999')))
    assert.equal((one['entries'] as unknown[]).length, 1)
  })

  test('a tree deeper than any path is walked as far as it is allowed, and the answer says so', async () => {
    // Deeper than PATH_MAX: built by stepping down.
    execFileSync(process.execPath, ['-e', DIG], { cwd: place.root })
    const answer = await timed(worker.run(search('deep', 'd')))
    assert.deepEqual(answer['truncated'], { reason: 'depth' })
    assert.equal((answer['entries'] as unknown[]).length, 96)
    const deeper = `deep/${'d/'.repeat(1_000)}`
    const below = await timed(worker.run(search(deeper, 'bottom')))
    assert.deepEqual(below, { entries: [], truncated: { reason: 'depth' } })
    await timed(assert.rejects(worker.run(read(`${deeper}d`)), { code: 'invalid_input' }))
  })

  test('globs that explode elsewhere cost nothing here', async () => {
    const bombs = ['{a,b}'.repeat(18), '*a'.repeat(100), `**/${'*/**/'.repeat(40)}x`]
    for (const bomb of bombs) assert.deepEqual((await timed(worker.run(search('many', bomb))))['entries'], [])
  })

  test('leaves no descriptor open, whatever was refused', () => {
    const open = readdirSync(`/proc/${worker.pid}/fd`).length
    assert.ok(open < 32, `${open} descriptors are open`)
  })
})

const GROW = `
  const fs = require('node:fs')
  const text = 'one more line of text\\n'.repeat(4_000)
  process.stdin.on('end', () => process.exit()).resume()
  let left = 1_000
  setImmediate(function grow() {
    fs.appendFileSync(process.argv[1], text)
    if (left-- > 0) setImmediate(grow)
  })`

const DIG = `
  const fs = require('node:fs')
  fs.mkdirSync('deep')
  process.chdir('deep')
  for (let i = 0; i < 3_000; i++) {
    fs.mkdirSync('d')
    process.chdir('d')
  }`
