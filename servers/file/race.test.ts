// An attacker process swaps directories and files for links while they are read: nothing from outside ever comes back.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { denialOf } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import type { Operation } from './operations.ts'
import { type Ground, ground, SECRET_TEXT } from './testing/ground.ts'
import { naive } from './testing/naive.ts'

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
      const tally = repeat(
        () => execute(OPERATIONS[turn++ % OPERATIONS.length], SPEND).text,
        (_, spentMs) => spentMs > RUN_MS,
      )
      t.diagnostic(`${tally.tries} tries, ${tally.inside} answered, refused ${JSON.stringify(tally.refusals)}`)
      assert.deepEqual(tally.escapes, [])
      assert.ok(tally.inside > tally.tries / 100, 'honest answers come through')
      for (const code of Object.keys(tally.refusals)) assert.match(code, /^(?:path_denied|not_found|invalid_input)$/)
      assert.equal(attacker.exitCode, null, 'the attacker was at work to the end')
    })
})
