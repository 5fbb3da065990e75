// Proves on the real command what `audit report` writes for each verdict, where it writes it, and what it refuses to write over.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { command } from '@hardened-mcp/testkit/command'
import { openAuditSink } from '../../../../host/src/audit/file-sink.ts'

const base = mkdtempSync(join(realpathSync(tmpdir()), 'report-'))
after(() => rmSync(base, { recursive: true, force: true }))
const dir = join(base, 'audit')
const DAY = 86_400_000
let time = Date.UTC(2026, 4, 1)

const trail = await openAuditSink({ dir, server: 'file', now: () => time })
for (const [caller, ms] of [
  ['old', 0],
  ['old', DAY],
  ['new', DAY],
] as const) {
  time += ms
  const about = { tool: 'read_file', caller, tenant: 'acme' }
  await trail.sink({ type: 'tool_call.success', decision: 'allow', dur_ms: 5, ...about })
  await trail.sink({ type: 'tool_call.denied', decision: 'deny', rule: 'path_denied', ...about })
}
const head = trail.head()
await trail.close()
const anchor = `${head?.slot}:${head?.seq}:${head?.hash}`

let copies = 0
/** A copy of the trail that may be broken. */
function copyOf(): string {
  const copy = join(base, `copy-${(copies += 1)}`)
  cpSync(dir, copy, { recursive: true })
  chmodSync(copy, 0o700)
  return copy
}
const PAGE = join(base, 'page.html')
async function pageOf(of: string, ...flags: string[]) {
  rmSync(PAGE, { force: true })
  const { code, stderr } = await command(['audit', 'report', of, '--html', PAGE, ...flags])
  const text = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''
  const says = /<h2 id="verification-h">([^<]*)</.exec(text)?.[1]
  const words = text.replaceAll(/<(script|style)>[^]*?<\/\1>|<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
  return { code, stderr, text, says, words }
}

suite('audit report --html: the verdict comes first, and is the exit code', () => {
  test('pass: by the key of the slot, and what no anchor leaves open', async () => {
    const { code, says, words } = await pageOf(dir)
    assert.deepEqual([code, says], [0, 'Verification: pass'])
    assert.match(words, /No anchor was given/)
    assert.match(words, /record 9, by the key of the slot/)
  })

  test('pass: by an anchor', async () => {
    const { code, says, words } = await pageOf(dir, '--anchor', anchor)
    assert.deepEqual([code, says], [0, 'Verification: pass'])
    assert.match(words, /record 8, by an anchor/)
  })

  test('fail: where and why; what is counted lies before the fault', async () => {
    const copy = copyOf()
    const path = join(copy, 'slot-0.jsonl')
    writeFileSync(path, readFileSync(path, 'latin1').replace('"new"', '"ewe"'))
    const { code, says, words } = await pageOf(copy)
    assert.deepEqual([code, says], [1, 'Verification: fail'])
    assert.match(words, / slot-0\.jsonl, record 7: Does not continue record 6/)
    assert.match(words, /Figures are of the records before the fault alone/)
    assert.match(words, /: 5 records, 2026-05-01/)
  })

  test('error: a trail that cannot be read', async () => {
    const copy = copyOf()
    rmSync(join(copy, 'slot-0.jsonl'))
    mkdirSync(join(copy, 'slot-0.jsonl'))
    assert.deepEqual((({ code, says }) => [code, says])(await pageOf(copy)), [2, 'Verification: error'])
  })

  test('not established: the key is gone; or an anchor was asked for, and none is about the trail', async () => {
    const copy = copyOf()
    rmSync(join(copy, 'slot-0.key'))
    const without = await pageOf(copy)
    assert.deepEqual([without.code, without.says], [3, 'Verification: not established'])
    assert.match(without.words, /slot-0\.jsonl: the key of this slot is gone, and there is no anchor/)
    const two = copyOf()
    const trails = [
      await openAuditSink({ dir: two, server: 'file', now: () => time }),
      await openAuditSink({ dir: two, server: 'file', now: () => time }),
    ]
    for (const one of trails) await one.close()
    const unanchored = await pageOf(two, '--anchor', anchor)
    assert.deepEqual([unanchored.code, unanchored.says], [3, 'Verification: not established'])
    assert.match(unanchored.words, / slot-1\.jsonl: none of the anchors is about this trail/)
  })
})

suite('audit report --html: the file', () => {
  test('is for its owner alone, takes the place of a link and not of what it leads to, and leaves no draft', async () => {
    const target = join(base, 'target')
    writeFileSync(target, 'kept')
    rmSync(PAGE, { force: true })
    symlinkSync(target, PAGE)
    assert.equal((await command(['audit', 'report', dir, '--html', PAGE])).code, 0)
    assert.equal(readFileSync(target, 'utf8'), 'kept')
    assert.deepEqual([lstatSync(PAGE).isFile(), statSync(PAGE).mode & 0o777], [true, 0o600])
    assert.deepEqual(
      readdirSync(base).filter((name) => name.startsWith('page.html.')),
      [],
    )
  })

  test('needs a name that no trail has; a folder that is missing is one line', async () => {
    const before = readFileSync(join(dir, 'slot-0.jsonl'))
    for (const [flags, line] of [
      [['--html', join(dir, 'slot-0.jsonl')], /name ends in \.html/],
      [['--html', '.html'], /name ends in \.html/],
      [['--html', join(base, 'none', 'x.html')], /cannot be written: ENOENT/],
      [['--html', PAGE, '--json'], /one of --html and --json/],
    ] as const) {
      const { code, stderr } = await command(['audit', 'report', dir, ...flags])
      assert.deepEqual([code, stderr.trim().split('\n').length], [78, 1])
      assert.match(stderr, line)
    }
    assert.deepEqual(readFileSync(join(dir, 'slot-0.jsonl')), before)
  })

  test('lets run and style only the two texts of its own, by their hashes', async () => {
    const { text } = await pageOf(dir)
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1]?.replaceAll('&#39;', "'")
    const hashOf = (tag: string) => {
      const [, inner = '', ...more] = text.split(new RegExp(`</?${tag}>`))
      assert.equal(more.length, 1, `one ${tag}`)
      return `'sha256-${createHash('sha256').update(inner).digest('base64')}'`
    }
    assert.equal(
      policy,
      `default-src 'none'; script-src ${hashOf('script')}; style-src ${hashOf('style')}; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
    )
    assert.doesNotMatch(
      text.replaceAll(/<(script|style)>[^]*?<\/\1>/g, ''),
      /\son\w+=|\sstyle=|\s(?:src|action)=|javascript:/,
    )
    assert.deepEqual([...new Set(text.match(/ href="[^#][^"]*"/g))], [' href="data:,"'])
  })

  test('--since and --until bound every form of the report; what is new is so against the whole trail', async () => {
    const flags = ['--since', '2026-05-03', '--until', '2026-05-04']
    const { words } = await pageOf(dir, ...flags)
    assert.match(words, /: 2 records, 2026-05-03 00:00:00 to 2026-05-03 00:00:00 UTC/)
    const told = JSON.parse((await command(['audit', 'report', dir, '--json', ...flags])).stdout)
    assert.deepEqual(
      [Object.keys(told.by.caller), told.by.caller.new.latency_ms],
      [['new'], { p50: 5, p95: 5, longest: 5 }],
    )
    assert.deepEqual(
      told.first_seen.map(({ kind, name }: { kind: string; name: string }) => [kind, name]),
      [
        ['caller', 'new'],
        ['caller and tool', 'new'],
      ],
    )
    const { stdout } = await command(['audit', 'report', dir, ...flags])
    assert.match(stdout, /^new +2 +1 +1 +0 +0 +5 +5 {2}2026-05-03T00:00:00\.000Z$/m)
    assert.match(stdout, /^first seen: 2$/m)
  })
})
