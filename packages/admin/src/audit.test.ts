// Proves on the real command what each verb of `hardened-mcp audit` prints, writes and exits with.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { command } from '@hardened-mcp/testkit/command'
import { openAuditSink } from '../../host/src/audit/file-sink.ts'

const base = mkdtempSync(join(realpathSync(tmpdir()), 'audit-verbs-'))
after(() => rmSync(base, { recursive: true, force: true }))
const dir = join(base, 'audit')
const audit = (verb: string, ...args: string[]) => command(['audit', verb, dir, ...args])
const HOSTILE = 'x"\n{"type":"a"}\u001b[2J\u202e'

const made = await audit('init')
const key = made.stdout.trim()
const trail = await openAuditSink({ dir, server: 'file', now: Date.now, limits: { segmentBytes: 3_000 } })
const args = trail.fingerprint('acme', { path: 'a.txt' })
for (let call = 0; call < 6; call += 1) {
  const about = {
    call_id: `c-${call}`,
    tool: 'read_file',
    caller: call === 5 ? HOSTILE : 'agent',
    tenant: 'acme',
    args,
  }
  await trail.sink({ type: 'tool_call.request', ...about })
  if (call < 4) await trail.sink({ type: 'tool_call.success', decision: 'allow', dur_ms: 3, ...about })
  else await trail.sink({ type: 'tool_call.denied', decision: 'deny', rule: 'path_denied', err: HOSTILE, ...about })
}
await trail.sink({ type: 'alert.raised', rule: 'audit_torn_record' })
await trail.sink({ type: 'auth.failure', err: 'bad key' })
const note = trail.note() ?? ''
const head = trail.head()
await trail.close()

suite('hardened-mcp audit', () => {
  test('init prints the verifier key; verify takes it, and no other', async () => {
    assert.equal(made.code, 0)
    assert.match(key, /^hardened-mcp\/[0-9a-f]{16}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}$/)
    assert.equal((await audit('init')).stdout.trim(), key, 'a second time changes nothing')
    assert.equal((await audit('verify', '--key', key)).code, 0)
    await command(['audit', 'init', join(base, 'other')])
    const other = readFileSync(join(base, 'other', 'log.pub'), 'utf8').trim()
    assert.equal((await audit('verify', '--key', other)).code, 1)
  })

  test('verify takes log lines and signed notes as anchors, and refuses notes of others', async () => {
    const file = join(base, 'anchors')
    const line = JSON.stringify({ event: 'audit_head', fields: { slot: head?.slot, seq: head?.seq, hash: head?.hash } })
    writeFileSync(file, `other line\n${line}\n`)
    const byLine = await audit('verify', '--anchors', file)
    assert.deepEqual([byLine.code, /"anchoredUpTo":(\d+)/.exec(byLine.stdout)?.[1]], [0, String(head?.seq)])
    writeFileSync(file, note)
    const byNote = await audit('verify', '--anchors', file)
    assert.deepEqual([byNote.code, /"anchoredUpTo":/.test(byNote.stdout)], [0, true], byNote.stderr)
    writeFileSync(file, note.replace(/^(.*\n)\d+/, '$15'))
    assert.deepEqual((await audit('verify', '--anchors', file)).code, 78)
  })

  test('report counts each call once, by tool, caller and tenant, in ASCII alone', async () => {
    const { code, stdout } = await audit('report', '--json')
    const told = JSON.parse(stdout)
    assert.equal(code, 0)
    const { calls, succeeded, denied } = told.by.tool.read_file
    assert.deepEqual({ calls, succeeded, denied }, { calls: 6, succeeded: 4, denied: 2 })
    assert.deepEqual([told.by.caller.agent.calls, told.by.caller[HOSTILE].calls, told.by.tenant.acme.calls], [5, 1, 6])
    assert.deepEqual(
      [told.refusals, told.alerts, told.failed_logins],
      [{ path_denied: 2 }, { audit_torn_record: 1 }, 1],
    )
    assert.equal(told.verification.exitCode, 0)
    const text = await audit('report')
    assert.match(text.stdout, /verification: pass/)
    assert.match(text.stdout, /^[ -~\n]+$/)
  })

  test('query prints the records that fit, as they stand in the trail', async () => {
    const { stdout } = await audit('query', '--type', 'tool_call.denied', '--caller', 'agent')
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { call_id: string }).call_id),
      ['c-4'],
    )
    assert.equal((await audit('query', '--until', '2020-01-01')).stdout, '')
    assert.equal((await audit('query', '--since', 'yesterday')).code, 78)
  })

  test('hash says whether a value was used, for this tenant', async () => {
    const used = (tenant: string, input: string) => command(['audit', 'hash', dir, '--tenant', tenant], { input })
    assert.deepEqual(JSON.parse((await used('acme', '{ "path": "a.txt" }')).stdout), { args, records: 12 })
    assert.equal(JSON.parse((await used('acme', '{"path":"b.txt"}')).stdout).records, 0)
    assert.equal(JSON.parse((await used('other', '{"path":"a.txt"}')).stdout).records, 0)
  })

  for (const [format, field] of [
    ['ocsf', 'class_uid'],
    ['ecs', '@timestamp'],
    ['otel', 'timeUnixNano'],
  ] as const)
    test(`export ${format} gives one ASCII line of JSON for each record`, async () => {
      const { code, stdout } = await audit('export', '--format', format)
      assert.equal(code, 0)
      assert.match(stdout, /^[ -~\n]+$/)
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      assert.ok(lines.length >= 14 && lines.every((line) => line[field] !== undefined))
      assert.ok(stdout.includes(JSON.stringify(HOSTILE).slice(1, 10)))
    })

  test('review leaves a sealed record and the date; a trail that fails is not reviewed; prune takes old segments', async () => {
    const { code, stdout } = await audit('review', '--by', 'alice', '--note', 'weekly')
    assert.equal(code, 0)
    const date = readFileSync(join(dir, 'last-review'), 'utf8')
    assert.match(date, /^\d{4}-\d\d-\d\dT[\d:.]+Z\n$/)
    assert.equal(JSON.parse(stdout).reviewed, date.trim())
    assert.match(
      (await audit('query', '--type', 'audit.reviewed')).stdout,
      /"caller":"alice","rule":"slot-0","err":"weekly"/,
    )

    const before = readdirSync(dir).filter((name) => /^slot-0\.\d+\.jsonl$/.test(name))
    const dry = await audit('prune', '--before', '2100-01-01', '--dry-run')
    assert.equal(existsSync(join(dir, 'slot-0.boundary')), false)
    const { stdout: taken } = await audit('prune', '--before', '2100-01-01', '--by', 'alice')
    assert.deepEqual([JSON.parse(taken), before.length >= 1], [JSON.parse(dry.stdout), true])
    for (const name of JSON.parse(taken).files) assert.equal(existsSync(join(dir, name)), false)
    assert.equal((await audit('verify', '--key', key)).code, 0)

    const path = join(dir, 'slot-0.jsonl')
    writeFileSync(path, readFileSync(path, 'latin1').replace('"alice"', '"mallo"'))
    assert.equal((await audit('review')).code, 1)
    assert.equal((await audit('prune', '--before', '2100-01-01')).code, 1)
    assert.equal(readFileSync(join(dir, 'last-review'), 'utf8'), date)
  })

  test('review of a trail that nothing proves is recorded as that, and exits with 3', async () => {
    const two = join(base, 'two')
    const trails = [
      await openAuditSink({ dir: two, server: 'file', now: Date.now }),
      await openAuditSink({ dir: two, server: 'file', now: Date.now }),
    ]
    for (const one of trails) await one.close()
    const { stdout } = await command(['audit', 'verify', two])
    const { slot, head } = JSON.parse(stdout.split('\n')[0] ?? '') as {
      slot: number
      head: { seq: number; hash: string }
    }
    const anchor = `${slot}:${head.seq}:${head.hash}`
    const { code } = await command(['audit', 'review', two, '--by', 'alice', '--note', 'weekly', '--anchor', anchor])
    const { stdout: said } = await command(['audit', 'query', two, '--type', 'audit.reviewed'])
    assert.deepEqual(
      [code, said.match(/"err":"[^"]*"/g)],
      [3, ['"err":"not established: weekly"', '"err":"not established: weekly"']],
    )
    assert.equal(existsSync(join(two, 'last-review')), true)
  })

  test('a verb that is none, and a directory that is missing, are one line and 78', async () => {
    for (const wrong of [
      ['audit'],
      ['audit', 'burn', dir],
      ['audit', 'report'],
      ['audit', 'prune', dir],
      ['audit', 'export', dir],
    ]) {
      const { code, stderr } = await command(wrong)
      assert.deepEqual([code, stderr.split('\n').length], [78, 2], stderr)
    }
  })
})
