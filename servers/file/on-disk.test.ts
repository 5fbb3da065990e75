// The vectors on a real disk, asked of a real worker under the flags it is served with.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import type { Operation } from './operations.ts'
import { type Ground, ground, SECRET_TEXT, type Step } from './testing/ground.ts'
import { vectors } from './testing/vectors.ts'
import { type WorkerProcess, workerProcess } from './testing/worker-process.ts'

type Given = Readonly<{ setup: readonly Step[]; path: string; root?: object }>
type Expect = Readonly<{ text: string } | { denied: string }>

const all = vectors<Given, Expect>('on-disk.json')
const ROOTS_AT_ONCE = 40
const groups = Object.entries(Object.groupBy(all, ({ given }) => JSON.stringify(given.root ?? {}))).flatMap(
  ([key, rows = []]) =>
    Array.from({ length: Math.ceil(rows.length / ROOTS_AT_ONCE) }, (_, part) => ({
      title: `reading from roots with ${key}, part ${part + 1}`,
      variant: rows[0]?.given.root ?? {},
      rows: rows.slice(part * ROOTS_AT_ONCE, (part + 1) * ROOTS_AT_ONCE),
    })),
)
const read = (path: string): Operation => ({
  op: 'read_text',
  path,
  from: { end: 'start', line: 1, column: 0, lines: 100_000 },
  numbered: false,
})

// Each vector gets a root of its own; one worker serves a group of them.
for (const { title, variant, rows } of groups) {
  suite(title, () => {
    const grounds: Ground[] = []
    let worker: WorkerProcess | undefined
    before(async () => {
      for (const { given } of rows) {
        const place = ground()
        grounds.push(place)
        place.build(given.setup)
      }
      const roots = grounds.map(({ root }, i) => ({ name: `docs${i}`, path: root, ...variant }))
      worker = await workerProcess({ roots })
    })
    after(async () => {
      for (const place of grounds) place.remove()
      await worker?.end()
    })

    rows.forEach(({ name, given, expect, because }, i) => {
      test(`${name}: ${because}`, async () => {
        const { root = '', out = '' } = grounds[i] ?? {}
        const path = given.path
          .replace(/^\$ROOT/, root)
          .replace(/^\$OUT/, out)
          .replace(/^docs:/, `docs${i}:`)
        const asked = /^(?:\/|docs\d+:|\.\.\/)/.test(path) ? path : `docs${i}:/${path.replace(/^\.\//, '')}`
        assert.ok(worker)
        const answer = worker.run(read(asked))
        if ('text' in expect) {
          const { text } = await answer
          assert.equal(text, expect.text)
          return
        }
        await assert.rejects(answer, (thrown) => {
          assert.ok(thrown instanceof Denial)
          const reason = thrown.message.startsWith('The file is not text') ? 'not text' : thrown.message.split(':')[0]
          assert.equal(reason, expect.denied)
          for (const leak of [root, out, SECRET_TEXT, '/proc']) assert.ok(!thrown.says.includes(leak))
          return true
        })
      })
    })
  })
}
