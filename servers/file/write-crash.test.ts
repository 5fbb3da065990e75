// kill -9 in the middle of writes, edits and moves: every file is wholly old or wholly new, and a restart leaves no litter.
import assert from 'node:assert/strict'
import { linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Operation } from './operations.ts'
import { ground } from './testing/ground.ts'
import { workerProcess } from './testing/worker-process.ts'
import { hashOf } from './whole-file.ts'
import { writer } from './writer.ts'

const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 12) // each kills a worker at work; 1 000 take some minutes
const LINES = 4_000
const contents = (n: number) => `version ${n}\n`.repeat(LINES)

suite('a worker that is killed', () => {
  const place = ground()
  after(() => place.remove())
  const at = (path: string) => join(place.root, path)
  const isOf = (version: number, name: string) => readFileSync(at(name), 'utf8') === contents(version)
  const roots = { roots: [{ name: 'docs', path: place.root, writable: true }] }

  test(`leaves whole files, ${ROUNDS} times`, async (t) => {
    writeFileSync(at('w'), contents(0))
    writeFileSync(at('e'), contents(0))
    writeFileSync(at('m0'), 'moved')
    let changes = 0
    let version = 0
    let spanMs = 60 // within which the kill falls; follows the speed of the machine, so that it meets all parts of a change
    const interrupted: Record<string, Record<'old' | 'new', number>> = {}
    for (let round = 0; round < ROUNDS; round++) {
      const worker = await workerProcess(roots)
      const before = changes
      let alive = true
      let cutOff: Operation | undefined
      const timer = setTimeout(5 + Math.random() * spanMs).then(() => {
        alive = false
        process.kill(worker.pid, 'SIGKILL')
      })
      while (alive) {
        version += 1
        const if_hash = hashOf(readFileSync(at('w')))
        const end = String(readFileSync(at('e'), 'utf8').split('\n')[0])
        const place0 = readdirSync(place.root).find((name) => name.startsWith('m')) ?? ''
        const operations: readonly Operation[] = [
          { op: 'write', path: 'w', content: contents(version), if_hash },
          {
            op: 'edit',
            path: 'e',
            edits: [{ old_text: `${end}\n`.repeat(LINES), new_text: contents(version) }],
            dry_run: false,
          },
          { op: 'move', path: place0, to: `m${version}` },
        ]
        // Each round begins with another kind: the first call is the one that is cut off most.
        for (const operation of [...operations.slice(round % 3), ...operations.slice(0, round % 3)]) {
          if (!alive) break
          await worker.run(operation).then(
            () => void (changes += 1),
            () => {
              if (!alive) cutOff = operation
            },
          )
        }
      }
      await timer
      spanMs = changes === before ? Math.min(spanMs * 1.5, 2_000) : spanMs / 1.3
      for (const name of ['w', 'e']) {
        const text = readFileSync(at(name), 'utf8')
        assert.equal(text, `${text.split('\n')[0]}\n`.repeat(LINES), `${name} is half written`)
      }
      const moved = readdirSync(place.root).filter((each) => each.startsWith('m'))
      for (const name of moved) assert.equal(readFileSync(at(name), 'utf8'), 'moved')
      if (cutOff !== undefined) {
        const done =
          cutOff.op === 'move' ? moved.includes(`m${version}`) : isOf(version, cutOff.op === 'write' ? 'w' : 'e')
        const counts = (interrupted[cutOff.op] ??= { old: 0, new: 0 })
        counts[done ? 'new' : 'old'] += 1
      }
    }
    t.diagnostic(`${changes} changes, calls cut off in ${ROUNDS} kills: ${JSON.stringify(interrupted)}`)
    assert.ok(changes > 0 && Object.keys(interrupted).length > 0)
    writer(roots)
    assert.deepEqual(readdirSync(at('.hardened-mcp/tmp')), [])
    const names = readdirSync(place.root).filter((each) => each.startsWith('m'))
    assert.equal(names.length, 1)
    assert.equal(statSync(at(names[0] ?? '')).nlink, 1)
  })

  test('between the two names of a move: the next start ends it', () => {
    mkdirSync(at('.hardened-mcp/tmp'), { recursive: true })
    writeFileSync(at('from'), 'x')
    linkSync(at('from'), at('to'))
    const note = (to: string, inode: number) => JSON.stringify({ from: ['from'], to: [to], inode: String(inode) })
    writeFileSync(at('.hardened-mcp/tmp/move-1'), note('to', statSync(at('w')).ino))
    writeFileSync(at('.hardened-mcp/tmp/move-2'), '{"from":["fr')
    writeFileSync(at('.hardened-mcp/tmp/file-1'), 'half')
    writer(roots)
    assert.equal(statSync(at('from')).nlink, 2, 'a note about another file moves nothing')
    writeFileSync(at('.hardened-mcp/tmp/move-3'), note('to', statSync(at('to')).ino))
    writer(roots)
    assert.equal(statSync(at('to')).nlink, 1)
    assert.ok(!readdirSync(place.root).includes('from'))
    assert.deepEqual(readdirSync(at('.hardened-mcp/tmp')), [])
  })
})
