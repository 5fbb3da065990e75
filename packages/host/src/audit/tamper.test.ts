// Proves for every known way of tampering which verdict it gets, by the directory alone and against what was kept elsewhere.
import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { openAuditSink } from './file-sink.ts'
import { CUTS, EDITS, FILES, FORMS, SEALS } from './fixture/tamper-cases.ts'
import { type Scene, segments } from './fixture/tamper-kit.ts'
import { planPruning, prune } from './prune.ts'
import { segmentsIn } from './segments.ts'
import { type SlotAnchor, type VerifyOptions, verifyDirectory } from './verify/verify-directory.ts'

const base = mkdtempSync(join(realpathSync(tmpdir()), 'tamper-'))
after(() => rmSync(base, { recursive: true, force: true }))
const place = (name: string) => join(base, name)
const copy = (from: string, to: string) => {
  rmSync(place(to), { recursive: true, force: true })
  cpSync(place(from), place(to), { recursive: true, preserveTimestamps: true })
  chmodSync(place(to), 0o700)
  return listed(to)
}
const listed = async (name: string) => {
  const names = (await segmentsIn(place(name))).get(0) ?? []
  writeFileSync(place(`${name}.segments`), JSON.stringify(names))
}
const open = (name: string, now = Date.now) =>
  openAuditSink({ dir: place(name), server: 'test', now, limits: { segmentBytes: 5_000 } })

/** Several runs of one instance, and one run of a second beside it. */
async function lived(name: string): Promise<void> {
  for (let run = 0; run < 5; run += 1) {
    const trail = await open(name)
    const beside = run === 1 ? await open(name) : undefined
    for (let call = 0; call < 8; call += 1) {
      await trail.sink({ type: 'tool_call.request', caller: `agent-${call}`, tool: 'read_file' })
      await trail.sink({ type: 'tool_call.denied', caller: `agent-${call}`, decision: 'deny', rule: 'path_denied' })
      await beside?.sink({ type: 'auth.success', caller: 'agent' })
    }
    await trail.close()
    await beside?.close()
    if (run === 3 && name === 'closed') await copy('closed', 'earlier')
  }
}

const kept = new Map<string, VerifyOptions>()
async function keep(name: string): Promise<void> {
  const { slots, exitCode } = await verifyDirectory(place(name))
  assert.equal(exitCode, 0)
  const anchors = slots.flatMap((slot): SlotAnchor[] =>
    'head' in slot && slot.head !== undefined
      ? [
          { slot: slot.slot, seq: slot.head.seq, hash: slot.head.hash },
          { slot: slot.slot, size: slot.records, root: slot.head.root },
        ]
      : [],
  )
  kept.set(name, { anchors, key: readFileSync(join(place(name), 'log.pub'), 'utf8').trim() })
}

async function prepare(): Promise<void> {
  await lived('other')
  await lived('closed')
  await keep('closed')
  await listed('other')
  // As a kill leaves it: records behind the last checkpoint, and the key still there.
  await copy('closed', 'grown')
  const trail = await openAuditSink({ dir: place('grown'), server: 'test', now: Date.now })
  for (let call = 0; call < 5; call += 1) await trail.sink({ type: 'auth.success', caller: `agent-${call}` })
  await copy('grown', 'running')
  await trail.close()
  await keep('running')
}
await prepare()

async function scene(of: 'closed' | 'running'): Promise<Scene> {
  await copy(of, 'scene')
  return { dir: place('scene'), earlier: place('earlier'), other: place('other') }
}
const judged = async (options?: VerifyOptions) => {
  const { exitCode, slots } = await verifyDirectory(place('scene'), options)
  return { exitCode, says: slots.map((slot) => ('reason' in slot ? slot.reason : '')).join('; ') }
}

for (const [what, rows] of Object.entries({
  records: EDITS,
  ends: CUTS,
  files: FILES,
  checkpoints: SEALS,
  form: FORMS,
}))
  suite(`tampering with ${what}`, () => {
    for (const { name, of = 'closed', does, alone, kept: against, says } of rows)
      test(`${name}: ${alone} alone, ${against} against what was kept`, async () => {
        does(await scene(of))
        const [bare, anchored] = [await judged(), await judged(kept.get(of))]
        assert.deepEqual([bare.exitCode, anchored.exitCode], [alone, against], `${bare.says} | ${anchored.says}`)
        if (says !== undefined) assert.match(`${bare.says} ${anchored.says}`, says)
      })
  })

suite('what is no tampering', () => {
  test('a trail that was left alone passes, by itself and against what was kept', async () => {
    for (const state of ['closed', 'running'] as const) {
      const { dir } = await scene(state)
      assert.ok(segments({ dir }).length > 4)
      assert.deepEqual([(await judged()).exitCode, (await judged(kept.get(state))).exitCode], [0, 0])
    }
  })

  test('a torn last line is reported; the next start moves it aside, and it passes', async () => {
    const { dir } = await scene('running')
    appendFileSync(join(dir, 'slot-0.jsonl'), '{"v":1,"seq":')
    const { exitCode, slots } = await verifyDirectory(dir)
    assert.deepEqual([exitCode, 'tornBytes' in slots[0]! && slots[0].tornBytes], [0, 13])
    await (await open('scene')).close()
    assert.equal((await judged(kept.get('running'))).exitCode, 0)
  })

  test('a clock that is set back is reported, and passes', async () => {
    await scene('closed')
    const trail = await open('scene', () => 1_000_000)
    await trail.sink({ type: 'auth.success' })
    await trail.close()
    const { exitCode, slots } = await verifyDirectory(place('scene'))
    assert.deepEqual([exitCode, 'clockSteps' in slots[0]! && slots[0].clockSteps], [0, 1])
  })
})

suite('pruning', () => {
  const pruned = async () => {
    const { dir } = await scene('closed')
    const plans = await planPruning(dir, Date.now() + 1)
    assert.ok(plans[0] !== undefined && plans[0].files.length >= 3 && plans[0].size > 20)
    await prune(dir, plans, 'operator', Date.now)
    return { dir, plan: plans[0] }
  }

  test('leaves a trail that passes, goes on, and can be pruned again', async () => {
    const { dir, plan } = await pruned()
    for (const name of plan.files) assert.ok(!readdirSync(dir).includes(name))
    assert.equal((await judged(kept.get('closed'))).exitCode, 0)
    await lived('scene')
    assert.equal((await judged()).exitCode, 0)
    const again = await planPruning(dir, Date.now() + 1)
    assert.ok((again[0]?.size ?? 0) > plan.size)
    await prune(dir, again, 'operator', Date.now)
    const { exitCode, slots } = await verifyDirectory(dir)
    assert.equal(exitCode, 0)
    assert.equal('prunedTo' in slots[0]! && slots[0].prunedTo?.size, again[0]?.size)
  })

  test('takes nothing that is not old enough', async () => {
    const { dir } = await scene('closed')
    assert.deepEqual(await planPruning(dir, 0), [])
  })

  test('a crash before the files are gone leaves a trail that passes', async () => {
    const { dir } = await scene('closed')
    const files = segments({ dir })
    const plans = await planPruning(dir, Date.now() + 1)
    const before = files.map((path) => readFileSync(path))
    await prune(dir, plans, 'operator', Date.now)
    for (const [index, path] of files.slice(0, -1).entries()) writeFileSync(path, before[index] ?? '', { mode: 0o600 })
    assert.equal((await judged()).exitCode, 0)
  })

  for (const [because, tamper, says] of [
    ['segments go and a boundary is made up, without a record', forgedBoundary, /no record says/],
    [
      'segments go, a boundary is made up, and a record of it is chained on without a seal',
      async (dir: string) => {
        const said = await forgedBoundary(dir)
        const trail = await openAuditSink({ dir, server: 'test', now: Date.now })
        await trail.sink({ type: 'audit.pruned', rule: 'slot-0', size: said.size, root: said.root })
        cpSync(dir, `${dir}.open`, { recursive: true })
        await trail.close()
        rmSync(dir, { recursive: true })
        cpSync(`${dir}.open`, dir, { recursive: true })
      },
      /no record says/,
    ],
    [
      'the boundary of a pruned trail says another root',
      async (dir: string) => change(dir, /\n[0-9a-f]{64}\n$/, `\n${'ab'.repeat(32)}\n`),
      /whose root is not that/,
    ],
    [
      'the boundary is no checkpoint',
      async (dir: string) => change(dir, '"checkpoint"', '"auth.success"'),
      /no checkpoint/,
    ],
    ['the boundary is gone', async (dir: string) => rmSync(join(dir, 'slot-0.boundary')), /Record 0 is missing/],
    [
      'the first record that was left is gone',
      async (dir: string) => {
        const [first = ''] = (await segmentsIn(dir)).get(0) ?? []
        writeFileSync(join(dir, first), readFileSync(join(dir, first), 'latin1').replace(/^.*\n/, ''))
      },
      /is missing/,
    ],
  ] as const)
    test(`1: ${because}`, async () => {
      const { dir } = because.startsWith('segments') ? await scene('closed') : await pruned()
      await tamper(dir)
      const { exitCode, says: found } = await judged()
      assert.equal(exitCode, 1, found)
      assert.match(found, says)
    })
})

/** What anybody can do who can only write the directory. */
async function forgedBoundary(dir: string): Promise<{ size: number; root: string }> {
  const [plan] = await planPruning(dir, Date.now() + 1)
  assert.ok(plan)
  writeFileSync(join(dir, 'slot-0.boundary'), plan.boundary, { mode: 0o600 })
  for (const name of plan.files) rmSync(join(dir, name))
  return plan
}

function change(dir: string, from: string | RegExp, to: string): void {
  const path = join(dir, 'slot-0.boundary')
  const text = readFileSync(path, 'latin1')
  assert.notEqual(text.replace(from, to), text)
  writeFileSync(path, text.replace(from, to))
}
