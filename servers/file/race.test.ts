// Attacker processes swap directories and files for links while every kind of operation is at work: nothing from outside ever comes back,
// and nothing outside changes. The same runner beats a server that checks a path and then opens it, so it is known to bite.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { denialOf } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import type { Operation } from './operations.ts'
import { type Ground, ground, SECRET_TEXT } from './testing/ground.ts'
import { naive } from './testing/naive.ts'
import { hashOf } from './whole-file.ts'
import { writer } from './writer.ts'

const RUN_MS = Number(process.env['RACE_SECONDS'] ?? 2.5) * 1_000 // thousands of tries; `npm run test:race` makes many more
const MOST_MS = 60_000 // a busy machine may let the two meet rarely
const SPEND = { deadlineMs: 10_000, outputBytes: 65_536 }
const OUTSIDE_NAME = 'only-outside'
const OUTSIDE_BINARY = Buffer.from(`\0\x01\x02${SECRET_TEXT}`)
// No file inside has the size of one outside.
const OUTSIDE = [SECRET_TEXT, OUTSIDE_NAME, OUTSIDE_BINARY.toString('base64'), `"size":${SECRET_TEXT.length}`, `"size":${OUTSIDE_BINARY.length}`] // biome-ignore format: one list

/** d is swapped by plain renames, x and z/inner by renameat2 exchange. */
const PLACES = ['d', 'x', 'z/inner'] as const
const start = { end: 'start', line: 1, column: 0, lines: 10 } as const

const reading = (dir: string): readonly Operation[] => [
  { op: 'read_text', path: `${dir}/secret.txt`, from: start, numbered: false },
  { op: 'read_text', path: `${dir}/deep/secret.txt`, from: start, numbered: false },
  { op: 'read_text', path: `${dir}/secret.txt`, from: { end: 'last', lines: 1 }, numbered: false },
  { op: 'read_many', paths: [`${dir}/secret.txt`, `${dir}/deep/secret.txt`, 'file.txt'] },
  { op: 'read_media', path: `${dir}/pic.bin` },
  { op: 'list', path: dir },
  { op: 'list', path: dir, sort: 'size' },
  { op: 'info', path: `${dir}/secret.txt` },
  { op: 'search', path: dir, glob: '*', exclude: [] },
  { op: 'search', path: dir, glob: '*', exclude: [], gitignore: true },
  { op: 'tree', path: dir, depth: 4, exclude: [], gitignore: true },
  { op: 'search_content', path: dir, pattern: '.', exclude: [], context: 0, ignore_case: false, max: 100 },
]
const OPERATIONS: readonly Operation[] = [
  ...PLACES.flatMap(reading),
  { op: 'read_text', path: 'file.txt', from: start, numbered: false },
  { op: 'read_media', path: 'y.bin' },
  { op: 'info', path: 'file.txt' },
  { op: 'info', path: 'y.bin' },
  { op: 'list', path: '.', sort: 'modified' },
  { op: 'search', path: '.', glob: '*', exclude: ['.hardened-mcp'], gitignore: true },
  { op: 'roots' },
]
const same = (text: string) => [{ old_text: text, new_text: text }]
const CHANGES: readonly ((n: number, dir: string) => Operation)[] = [
  (n, dir) => ({ op: 'write', path: `${dir}/new${n % 50}`, content: 'inside' }),
  (_, dir) => ({ op: 'write', path: `${dir}/secret.txt`, content: 'inside', if_hash: hashOf(Buffer.from('inside')) }),
  (n, dir) => ({ op: 'make_directory', path: `${dir}/dir${n % 50}/sub` }),
  (n, dir) => ({ op: 'move', path: `${dir}/new${n % 50}`, to: `${dir}/deep/moved${n % 50}` }),
  (_, dir) => ({ op: 'edit', path: `${dir}/secret.txt`, edits: same('e'), dry_run: false }),
  (_, dir) => ({ op: 'move', path: `${dir}/deep/secret.txt`, to: `${dir}/deep/other` }),
  (_, dir) => ({ op: 'move', path: `${dir}/deep/other`, to: `${dir}/deep/secret.txt` }),
  () => ({ op: 'edit', path: 'file.txt', edits: same('inside'), dry_run: false }),
  (n, dir) => ({ op: 'delete', path: `${dir}/deep/moved${n % 50}` }),
  (n, dir) => ({ op: 'delete', path: `${dir}/dir${n % 50}` }),
  (n, dir) => ({ op: 'delete', path: `${dir}/new${n % 50}` }),
]

type Kind = { tries: number; done: number; escapes: number }
type Tally = { kinds: Record<string, Kind>; refusals: Record<string, number>; tries: number; escapes: string[] }

async function race(
  work: (n: number) => Readonly<{ kind: string; run: () => string | Promise<string> }>,
  isOver: (tally: Tally, spentMs: number) => boolean,
): Promise<Tally> {
  // biome-ignore format: one signature
  const tally: Tally = { kinds: {}, refusals: {}, tries: 0, escapes: [] }
  const startMs = performance.now()
  while (!isOver(tally, performance.now() - startMs)) {
    const { kind, run } = work(tally.tries++)
    const counts = (tally.kinds[kind] ??= { tries: 0, done: 0, escapes: 0 })
    counts.tries += 1
    try {
      const ran = run()
      const answer = typeof ran === 'string' ? ran : await ran
      counts.done += 1
      if (!OUTSIDE.some((mark) => answer.includes(mark))) continue
      counts.escapes += 1
      tally.escapes.push(answer)
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : denialOf(thrown).code
      tally.refusals[code] = (tally.refusals[code] ?? 0) + 1
    }
  }
  return tally
}

const turn = <T>(items: readonly T[], n: number) => items[n % items.length] as T
const shown = ({ kinds, refusals, tries }: Tally) =>
  `${tries} tries: ${Object.entries(kinds).map(([kind, { tries: each, done }]) => `${kind} ${each} (${done} done)`).join(', ')}; refused ${JSON.stringify(refusals)}` // biome-ignore format: one line of output

/** Each kind has escaped, at one of the places, and each place has let one escape. */
function everyKindAndPlace(counts: readonly (readonly [string, number])[]): boolean {
  const parts = new Map<string, number>()
  for (const [name, count] of counts)
    for (const part of name.split(' ')) parts.set(part, (parts.get(part) ?? 0) + count)
  return parts.size > 2 && [...parts.values()].every((count) => count > 0)
}

suite('the race for a name', () => {
  let place: Ground
  const attackers: ChildProcess[] = []
  const at = (path: string) => join(place.root, path)
  before(async () => {
    place = ground()
    const inside = (dir: string) => [
      { file: `${dir}/secret.txt`, text: 'inside' },
      { file: `${dir}/deep/secret.txt`, text: 'inside' },
      { file: `${dir}/pic.bin`, text: '\0\x01\x02in' },
    ]
    place.build([
      ...PLACES.flatMap(inside),
      { file: 'file.txt', text: 'inside' },
      { file: 'y.bin', text: '\0\x01\x02in' },
      { file: '.gitignore', text: 'nothing\n' },
      { file: '$OUT/deep/secret.txt', text: SECRET_TEXT },
      { file: '$OUT/pic.bin', text: OUTSIDE_BINARY.toString() },
      { file: `$OUT/${OUTSIDE_NAME}`, text: SECRET_TEXT },
      ...['d-link', 'x-link', 'z-link'].map((link) => ({ link, to: '$OUT' })),
      { link: 'y-link', to: '$OUT/pic.bin' },
    ])
    const script = (name: string) => fileURLToPath(new URL(`./testing/${name}`, import.meta.url))
    for (const [program, name] of [
      [process.execPath, 'attacker.ts'],
      ['perl', 'exchange.pl'],
    ] as const) {
      // biome-ignore format: one row
      const attacker = spawn(program, [script(name), place.root, place.out], { stdio: ['pipe', 'pipe', 'inherit'] })
      attackers.push(attacker)
      await once(attacker.stdout, 'data')
    }
  })
  after(async () => {
    for (const attacker of attackers) {
      if (attacker.exitCode !== null) continue
      attacker.kill()
      await once(attacker, 'exit')
    }
    place.remove()
  })
  const areAtWork = () => attackers.every(({ exitCode }) => exitCode === null)

  test('is lost by a reader that checks and then opens, in every kind and to both attackers', async (t) => {
    const kinds = [
      ...(['read', 'list', 'info', 'search'] as const).flatMap((kind) =>
        (['d', 'x'] as const).map((dir) => ({
          kind: `${kind} ${dir}`,
          run: () => naive[kind](place.root, kind === 'read' || kind === 'info' ? `${dir}/secret.txt` : dir),
        })),
      ),
    ]
    const all = ({ kinds: seen }: Tally) =>
      everyKindAndPlace(Object.entries(seen).map(([kind, { escapes }]) => [kind, escapes]))
    const tally = await race((n) => turn(kinds, n), (sofar, spentMs) => spentMs > (all(sofar) ? Math.min(RUN_MS, 10_000) : MOST_MS)) // biome-ignore format: one row
    t.diagnostic(`${tally.escapes.length} escapes in ${tally.tries} tries`)
    t.diagnostic(JSON.stringify(tally.kinds))
    assert.ok(all(tally))
  })

  for (const symlinks of ['refuse', 'follow-inside'] as const)
    test(`is never lost by the walk, with symlinks: ${symlinks}`, async (t) => {
      const execute = executor({ roots: [{ name: 'docs', path: place.root, symlinks }] })
      const work = (n: number) => {
        const operation = turn(OPERATIONS, n)
        return { kind: operation.op, run: () => execute(operation, SPEND).text }
      }
      const tally = await race(work, (_, spentMs) => spentMs > RUN_MS)
      t.diagnostic(shown(tally))
      assert.deepEqual(tally.escapes, [])
      for (const [kind, { done }] of Object.entries(tally.kinds)) assert.ok(done > 0, `no ${kind} came through`)
      for (const code of Object.keys(tally.refusals)) assert.match(code, /^(?:path_denied|not_found|invalid_input)$/)
      assert.ok(areAtWork())
    })

  const outside = () =>
    JSON.stringify(
      readdirSync(place.out, { recursive: true, encoding: 'utf8' })
        .sort()
        .map((name) => [name, name === 'deep' ? '' : readFileSync(join(place.out, name), 'utf8')]),
    )

  for (const symlinks of ['refuse', 'follow-inside'] as const)
    test(`is never lost by a change, with symlinks: ${symlinks}: nothing outside is made, replaced, moved or taken away`, async (t) => {
      const beforehand = outside()
      const change = writer({ roots: [{ name: 'docs', path: place.root, writable: true, trash: false, symlinks }] })
      const work = (n: number) => {
        const round = Math.floor(n / CHANGES.length)
        const operation = turn(CHANGES, n)(round, turn(PLACES, round))
        return { kind: operation.op, run: () => change(operation, SPEND).then(({ text }) => text) }
      }
      const tally = await race(work, (_, spentMs) => spentMs > RUN_MS)
      t.diagnostic(shown(tally))
      assert.equal(outside(), beforehand)
      assert.deepEqual(tally.escapes, [])
      for (const [kind, { done }] of Object.entries(tally.kinds)) assert.ok(done > 0, `no ${kind} came through`)
      for (const code of Object.keys(tally.refusals))
        assert.match(code, /^(?:path_denied|not_found|invalid_input|conflict)$/)
      assert.ok(areAtWork())
    })

  // The last one: it leaves its marks outside.
  test('is lost by a writer that checks and then writes, in every kind and to both attackers', async (t) => {
    const out = (name: string) => join(place.out, name)
    const again = (path: string, text: string) => {
      // biome-ignore format: one helper
      try {
        mkdirSync(join(path, '..'), { recursive: true })
        writeFileSync(path, text)
      } catch {
        // swapped away
      }
    }
    let n = 0
    const attempts = (['d', 'x'] as const).flatMap((dir) => [
      { kind: `write ${dir}`, run: () => naive.write(place.root, `${dir}/w${n}`), escaped: () => existsSync(out(`w${n}`)) },
      { kind: `mkdir ${dir}`, run: () => naive.makeDirectory(place.root, `${dir}/m${n}`), escaped: () => existsSync(out(`m${n}`)) },
      { kind: `move ${dir}`, run: () => naive.move(place.root, `${dir}/deep/secret.txt`, `got${n}`), escaped: () => readFileSync(at(`got${n}`), 'utf8') === SECRET_TEXT },
      { kind: `remove ${dir}`, run: () => (writeFileSync(out('prey'), ''), naive.remove(place.root, `${dir}/prey`)), escaped: () => !existsSync(out('prey')) },
    ]) // biome-ignore format: one table
    const escapes: Record<string, number> = Object.fromEntries(attempts.map(({ kind }) => [kind, 0]))
    const endMs = performance.now() + MOST_MS
    for (; !everyKindAndPlace(Object.entries(escapes)) && performance.now() < endMs; n++) {
      for (const { kind, run, escaped } of attempts) {
        try {
          run()
          if (escaped()) escapes[kind] = (escapes[kind] ?? 0) + 1
        } catch {
          // refused, or the attacker was in between
        }
        rmSync(at(`got${n}`), { force: true })
      }
      again(out('deep/secret.txt'), SECRET_TEXT)
      for (const dir of ['d', 'x']) again(at(`${dir}/deep/secret.txt`), 'inside')
    }
    t.diagnostic(`${JSON.stringify(escapes)} in ${n} rounds`)
    assert.ok(everyKindAndPlace(Object.entries(escapes)))
  })
})
