// An attacker process swaps directories and files for links while they are read: nothing from outside ever comes back.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { denialOf } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import type { Operation } from './operations.ts'
import { type Ground, ground, SECRET_TEXT } from './testing/ground.ts'
import { naive } from './testing/naive.ts'
import { writer } from './writer.ts'

const RUN_MS = Number(process.env['RACE_SECONDS'] ?? 2.5) * 1_000 // thousands of tries; `npm run test:race` makes many more
const MOST_MS = 60_000 // a busy machine may let the two meet rarely
const SPEND = { deadlineMs: 10_000, outputBytes: 65_536 }
const OUTSIDE_NAME = 'only-outside'
const OUTSIDE_BYTES = SECRET_TEXT.length // no file inside has this size

const read = (path: string): Operation => ({
  op: 'read_text',
  path,
  from: { end: 'start', line: 1, column: 0, lines: 10 },
  numbered: false,
})
const OPERATIONS: readonly Operation[] = [
  read('d/secret.txt'),
  read('d/deep/secret.txt'),
  read('file.txt'),
  { ...read('d/secret.txt'), from: { end: 'last', lines: 1 } } as Operation,
  { op: 'list', path: 'd' },
  { op: 'list', path: '.' },
  { op: 'info', path: 'd/secret.txt' },
  { op: 'info', path: 'file.txt' },
  { op: 'search', path: '.', glob: '*', exclude: [] },
  { op: 'tree', path: '.', depth: 4, exclude: [] },
  {
    op: 'search_content',
    path: '.',
    pattern: '.',
    exclude: ['.hardened-mcp'],
    context: 0,
    ignore_case: false,
    max: 100,
  },
]
const CHANGES: readonly ((n: number) => Operation)[] = [
  (n) => ({ op: 'write', path: `d/new${n % 50}`, content: 'inside' }),
  (n) => ({ op: 'make_directory', path: `d/dir${n % 50}/sub` }),
  (n) => ({ op: 'move', path: `d/new${n % 50}`, to: `d/deep/moved${n % 50}` }),
  () => ({ op: 'edit', path: 'd/secret.txt', edits: [{ old_text: 'e', new_text: 'e' }], dry_run: false }),
  () => ({ op: 'move', path: 'd/deep/secret.txt', to: 'd/deep/other' }),
  () => ({ op: 'move', path: 'd/deep/other', to: 'd/deep/secret.txt' }),
  () => ({ op: 'edit', path: 'file.txt', edits: [{ old_text: 'inside', new_text: 'inside' }], dry_run: false }),
  (n) => ({ op: 'delete', path: `d/deep/moved${n % 50}` }),
  (n) => ({ op: 'delete', path: `d/dir${n % 50}` }),
  (n) => ({ op: 'delete', path: `d/new${n % 50}` }),
]

type Tally = { tries: number; inside: number; escapes: string[]; refusals: Record<string, number> }

function repeat(work: () => string, isOver: (tally: Tally, spentMs: number) => boolean): Tally {
  const tally: Tally = { tries: 0, inside: 0, escapes: [], refusals: {} }
  const start = performance.now()
  while (!isOver(tally, performance.now() - start)) {
    tally.tries += 1
    try {
      const answer = work()
      const isOutside =
        answer.includes(SECRET_TEXT) || answer.includes(OUTSIDE_NAME) || answer.includes(`"size":${OUTSIDE_BYTES}`)
      if (isOutside) tally.escapes.push(answer)
      else tally.inside += 1
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : denialOf(thrown).code
      tally.refusals[code] = (tally.refusals[code] ?? 0) + 1
    }
  }
  return tally
}

suite('the race for a name', () => {
  let place: Ground
  let attacker: ReturnType<typeof spawn>
  before(async () => {
    place = ground()
    place.build([
      { file: 'd/secret.txt', text: 'inside' },
      { file: 'd/deep/secret.txt', text: 'inside' },
      { file: 'file.txt', text: 'inside' },
      { file: '$OUT/deep/secret.txt', text: SECRET_TEXT },
      { file: `$OUT/${OUTSIDE_NAME}`, text: SECRET_TEXT },
      { link: 'd-link', to: '$OUT' },
    ])
    const script = fileURLToPath(new URL('./testing/attacker.ts', import.meta.url))
    attacker = spawn(process.execPath, [script, place.root, place.out], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(attacker.stdout as Readable, 'data')
  })
  after(async () => {
    attacker.stdin?.end()
    if (attacker.exitCode === null) await once(attacker, 'exit')
    place.remove()
  })

  test('is lost by a reader that checks and then opens: the attacker is known to bite', (t) => {
    const { tries, escapes } = repeat(
      () => naive.read(place.root, 'd/secret.txt'),
      ({ escapes: found }, spentMs) => spentMs > (found.length > 0 ? RUN_MS : MOST_MS),
    )
    t.diagnostic(`${escapes.length} escapes in ${tries} tries`)
    assert.ok(escapes.length > 0)
  })

  for (const symlinks of ['refuse', 'follow-inside'] as const)
    test(`is never lost by the walk, with symlinks: ${symlinks}`, (t) => {
      const execute = executor({ roots: [{ name: 'docs', path: place.root, symlinks }] })
      let turn = 0
      const kinds: Record<string, number> = {}
      const tally = repeat(
        () => {
          const operation = OPERATIONS[turn++ % OPERATIONS.length] as Operation
          kinds[operation.op] = (kinds[operation.op] ?? 0) + 1
          return execute(operation, SPEND).text
        },
        (_, spentMs) => spentMs > RUN_MS,
      )
      t.diagnostic(`${tally.tries} tries, ${tally.inside} answered, refused ${JSON.stringify(tally.refusals)}`)
      t.diagnostic(JSON.stringify(kinds))
      assert.deepEqual(tally.escapes, [])
      assert.ok(tally.inside > tally.tries / 100, 'honest answers come through')
      for (const code of Object.keys(tally.refusals)) assert.match(code, /^(?:path_denied|not_found|invalid_input)$/)
      assert.equal(attacker.exitCode, null, 'the attacker was at work to the end')
    })

  const outside = () =>
    JSON.stringify([
      readdirSync(place.out).sort(),
      readdirSync(join(place.out, 'deep')).sort(),
      readFileSync(join(place.out, 'secret.txt'), 'utf8'),
      readFileSync(join(place.out, 'deep/secret.txt'), 'utf8'),
    ])

  test('is never lost by a change: nothing outside is made, replaced, moved or taken away', async (t) => {
    const before = outside()
    const change = writer({ roots: [{ name: 'docs', path: place.root, writable: true, trash: false }] })
    const kinds: Record<string, { tries: number; done: number }> = {}
    const refusals: Record<string, number> = {}
    const start = performance.now()
    for (let n = 0; performance.now() - start < RUN_MS; n++) {
      const operation = (CHANGES[n % CHANGES.length] as (n: number) => Operation)(Math.floor(n / CHANGES.length))
      const kind = (kinds[operation.op] ??= { tries: 0, done: 0 })
      kind.tries += 1
      try {
        await change(operation, SPEND)
        kind.done += 1
      } catch (thrown) {
        const { code } = denialOf(thrown)
        refusals[code] = (refusals[code] ?? 0) + 1
      }
    }
    t.diagnostic(`${JSON.stringify(kinds)}, refused ${JSON.stringify(refusals)}`)
    assert.equal(outside(), before)
    for (const [kind, { done }] of Object.entries(kinds)) assert.ok(done > 0, `no ${kind} came through`)
    for (const code of Object.keys(refusals)) assert.match(code, /^(?:path_denied|not_found|invalid_input|conflict)$/)
    assert.equal(attacker.exitCode, null, 'the attacker was at work to the end')
  })

  // The last one: it leaves its marks outside.
  test('is lost by a writer that checks and then writes, in every kind', (t) => {
    const escapes = { write: 0, makeDirectory: 0, move: 0, remove: 0 }
    const start = performance.now()
    const isOver = () => Object.values(escapes).every((count) => count > 0) || performance.now() - start > MOST_MS
    for (let n = 0; !isOver(); n++) {
      const tries: readonly (readonly [keyof typeof escapes, () => void, () => boolean])[] = [
        ['write', () => naive.write(place.root, `d/w${n}`), () => existsSync(join(place.out, `w${n}`))],
        ['makeDirectory', () => naive.makeDirectory(place.root, `d/m${n}`), () => existsSync(join(place.out, `m${n}`))],
        [
          'move',
          () => naive.move(place.root, 'd/deep/secret.txt', `got${n}`),
          () => readFileSync(join(place.root, `got${n}`), 'utf8') === SECRET_TEXT,
        ],
        [
          'remove',
          () => {
            writeFileSync(join(place.out, 'prey'), '')
            naive.remove(place.root, 'd/prey')
          },
          () => !existsSync(join(place.out, 'prey')),
        ],
      ]
      for (const [kind, attempt, hasEscaped] of tries)
        try {
          attempt()
          if (hasEscaped()) escapes[kind] += 1
        } catch {
          // refused, or the attacker was in between
        }
      for (const dir of [join(place.out, 'deep'), join(place.root, 'd/deep')])
        try {
          writeFileSync(join(dir, 'secret.txt'), dir.startsWith(place.out) ? SECRET_TEXT : 'inside')
        } catch {
          // swapped away
        }
    }
    t.diagnostic(JSON.stringify(escapes))
    for (const [kind, count] of Object.entries(escapes)) assert.ok(count > 0, `${kind} never escaped`)
  })
})
