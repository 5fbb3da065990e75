// Proves on real processes, fenced in as the front is: what was acknowledged survives SIGKILL.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { AuditEvent } from '@hardened-mcp/security-core'
import { verifyDirectory } from './verify/verify-directory.ts'

let base: string
let dir: string
beforeEach(() => {
  base = mkdtempSync(join(realpathSync(tmpdir()), 'crash-'))
  dir = join(base, 'audit')
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const records = (path: string) =>
  readFileSync(path, 'latin1')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent & { seq: number })
    .filter(({ type }) => type !== 'checkpoint')

const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 10)
const WRITER = new URL('fixture/writer.ts', import.meta.url).pathname
const ROOT = new URL('../../../../', import.meta.url).pathname
const fenced = (writable: string) => [
  '--permission',
  '--disable-warning=SecurityWarning',
  `--allow-fs-read=${ROOT}`,
  `--allow-fs-read=${writable}/`,
  `--allow-fs-write=${writable}/`,
]

/** A writing process under the permission model, as the front is. */
async function writer(lanes: number, segmentBytes = 1_000_000_000) {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const child = spawn(process.execPath, [...fenced(dir), WRITER, dir, String(lanes), String(segmentBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    out += text
  })
  const ended = once(child, 'close')
  const lines = async (count: number) => {
    while (out.split('\n').length <= count)
      await Promise.race([once(child.stdout, 'data'), ended.then(() => assert.fail('ended early'))])
  }
  await lines(1)
  return {
    acknowledged: (count: number) => lines(count + 1),
    path: out.slice('slot '.length, out.indexOf('\n')),
    /** Every record acknowledged before the process died. */
    kill: async (): Promise<string[]> => {
      child.kill('SIGKILL')
      await ended
      return out
        .split('\n')
        .slice(1, -1)
        .map((line) => line.slice('ack '.length))
    },
  }
}

suite('a process that keeps an audit trail', () => {
  for (const [because, segmentBytes, rounds] of [
    ['in one file', 1_000_000_000, ROUNDS],
    ['in files that are split all the time', 3_000, ROUNDS],
  ] as const)
    test(`${rounds} times killed while it writes, ${because}: every acknowledged record is there, and the chain holds`, async (t) => {
      const acknowledged: string[] = []
      for (let round = 0; round < rounds; round += 1) {
        const { path, acknowledged: some, kill } = await writer(round % 4 === 3 ? 1 : 32, segmentBytes)
        assert.equal(path, join(dir, 'slot-0.jsonl'), 'the slot of the killed one is free')
        await some(20 + Math.floor(Math.random() * 60))
        await new Promise((turn) => setTimeout(turn, Math.random() * 10)) // anywhere between two writes, or in one
        acknowledged.push(...(await kill()))
      }
      const { exitCode, slots } = await verifyDirectory(dir)
      assert.deepEqual([exitCode, slots.length], [0, 1])
      const files = readdirSync(dir).filter((name) => name.endsWith('.jsonl'))
      assert.equal(files.length > 10, segmentBytes === 3_000) // 3 000 bytes hold about a dozen records
      const written = new Set(files.flatMap((name) => records(join(dir, name))).map(({ call_id }) => call_id))
      const lost = acknowledged.filter((id) => !written.has(id))
      t.diagnostic(`${acknowledged.length} acknowledged, ${lost.length} lost, ${files.length} files`)
      assert.deepEqual(lost, [])
      assert.ok(acknowledged.length >= rounds * 20)
    })

  test('runs under the permission model with nothing but its directory, and cannot write elsewhere', () => {
    mkdirSync(dir, { mode: 0o700 })
    const script = `
      import { openAuditSink } from ${JSON.stringify(new URL('file-sink.ts', import.meta.url).href)}
      const trail = await openAuditSink({ dir: ${JSON.stringify(dir)}, server: 'test', now: Date.now })
      await trail.sink({ type: 'config.loaded' })
      await trail.close()
      await openAuditSink({ dir: ${JSON.stringify(base)}, server: 'test', now: Date.now }).catch((thrown) => console.log(thrown.code))`
    const { stdout, stderr } = spawnSync(process.execPath, [...fenced(dir), '--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: ROOT,
    })
    assert.deepEqual([stdout, stderr], ['ERR_ACCESS_DENIED\n', ''])
    assert.deepEqual(
      records(join(dir, 'slot-0.jsonl')).map(({ type }) => type),
      ['config.loaded'],
    )
  })
})
