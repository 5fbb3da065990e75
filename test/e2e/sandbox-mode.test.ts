// What each sandbox mode refuses to code that took a worker over, with real servers, real clients and nothing left behind.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { connect, type Reach, serving } from '@hardened-mcp/testkit/clients'
import { command } from '@hardened-mcp/testkit/command'
import { commandLine, descendants, survivors } from '@hardened-mcp/testkit/processes'

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-mode-')))
const granted = join(dir, 'granted')
const home = join(dir, 'home')
for (const path of [granted, home]) mkdirSync(path)
writeFileSync(join(granted, 'a.txt'), 'hello')
const database = join(granted, 'shop.sqlite')
const db = new DatabaseSync(database)
db.exec("CREATE TABLE t(a); INSERT INTO t VALUES ('row')")
db.close()
const listener = createServer((socket) => socket.end())
before(() => new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve)))
after(() => {
  listener.close()
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) // a server that was told to end may still write its last record
})

const NONE = ['--because', 'a test of what it takes away', '--until', '2999-01-01']
const MODES = ['bwrap', 'permission', 'none'] as const
let trails = 0
const trail = () => join(dir, `trail-${trails++}`)

suite('--sandbox', () => {
  for (const mode of MODES) {
    const labels = join(dir, `labels-${mode}`)
    const flags = () => ['--audit', trail(), '--taint', labels, '--sandbox', mode, ...(mode === 'none' ? NONE : [])]
    test(`${mode}: a root that can be written is written, and the one beside it is not`, async () => {
      const drafts = join(dir, `drafts-${mode}`)
      mkdirSync(drafts)
      const roots = ['--root', granted, '--write-root', `drafts=${drafts}`]
      const file = await connect('v2', serving('file', ...roots, ...flags()))
      const write = (path: string) => file.call('write_file', { path, content: 'mine' })
      assert.equal((await write('drafts:/own.txt')).isError, undefined)
      assert.equal((await write('granted:/own.txt')).isError, true)
      await file.close()
      assert.equal(readFileSync(join(drafts, 'own.txt'), 'utf8'), 'mine')
      assert.equal(existsSync(join(granted, 'own.txt')), false)
    })
    test(`${mode}: the file and the database server answer`, async () => {
      const file = await connect('v2', serving('file', '--root', granted, ...flags()))
      const read = await file.call('read_text_file', { path: 'a.txt' })
      assert.match(String(read.structuredContent['text']), /hello/)
      await file.close()
      const query = await connect('v1', serving('db-query', '--db', database, ...flags()))
      const rows = await query.call('query_sql', { sql: 'SELECT a FROM t' })
      assert.deepEqual(rows.structuredContent['rows'], [['row']])
      await query.close()
      assert.equal(readdirSync(labels).length, 2, 'each may keep what its caller has read')
    })
  }
})

// done: nothing refuses it. The rest is the code with which it is refused.
const TABLE = {
  bwrap: { connect: /EPERM|ECONNREFUSED|ENETUNREACH/, home: /ERR_ACCESS_DENIED/, signal: /ESRCH/ },
  permission: { connect: /^done$/, home: /ERR_ACCESS_DENIED/, signal: /^done$/ },
  none: { connect: /^done$/, home: /^done$/, signal: /^done$/ },
} as const

suite('code that took a worker over', () => {
  for (const mode of MODES)
    test(`under ${mode}`, async () => {
      const client = await connect('v2', fixture(mode))
      const text = [(listener.address() as AddressInfo).port, home, join(granted, `by-${mode}`), process.pid].join(' ')
      const { structuredContent: codes } = await client.call('misbehave', { kind: 'attack', text })
      await client.close()
      for (const [deed, code] of Object.entries(TABLE[mode])) assert.match(String(codes[deed]), code, deed)
      for (const deed of ['passwd', 'write', 'exec'])
        assert.match(String(codes[deed]), mode === 'none' ? /^done$/ : /ERR_ACCESS_DENIED/, deed)
    })

  // The permission model answers first above; this is what stands when it has been stepped over.
  test('bwrap alone: neither /etc, the home, the sibling nor the network is there', async () => {
    const client = await connect('v2', fixture('bwrap'))
    const worker = descendants(client.pid() as number).find(isWorker) as number
    const root = `/proc/${worker}/root`
    const seen = (path: string) => spawnSync('ls', [join(root, path)]).status === 0
    assert.deepEqual([seen(granted), seen('/etc/passwd'), seen(home), seen('/usr/bin'), seen('/home')], [true, false, false, false, false]) // biome-ignore format: one table
    const inside = (...words: string[]) =>
      execFileSync('nsenter', ['-t', String(worker), '-n', ...words], { encoding: 'utf8' })
    assert.equal(inside('ip', '-br', 'link').trim().split('\n').length, 1, 'loopback only')
    const status = execFileSync('cat', [`/proc/${worker}/status`], { encoding: 'utf8' })
    for (const line of ['CapEff:\t0000000000000000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1', 'Seccomp:\t2'])
      assert.ok(status.includes(line), line)
    await client.close()
  })

  for (const victim of ['supervisor', 'front', 'worker'] as const)
    test(`bwrap: kill -9 of the ${victim} leaves no orphan`, async () => {
      const client = await connect('v2', fixture('bwrap'))
      const supervisor = client.pid() as number
      const family = [supervisor, ...descendants(supervisor)]
      void client.call('misbehave', { kind: 'spin' }).catch(() => undefined)
      const front = family.find((pid) => commandLine(pid).includes('/src/front.ts')) as number
      process.kill({ supervisor, front, worker: family.find(isWorker) as number }[victim], 'SIGKILL')
      if (victim === 'worker') {
        const said = await client.call('misbehave', { kind: 'echo', text: 'on' })
        assert.equal(said.isError, undefined, 'the server goes on')
      }
      family.push(...descendants(supervisor))
      await client.close().catch(() => undefined)
      assert.deepEqual(await survivors(family), [])
    })

  test('bwrap: a worker over its memory is told from one that crashed', async () => {
    const client = await connect('v2', fixture('bwrap'))
    const codeOf = async (kind: string) =>
      ((await client.call('misbehave', { kind })).structuredContent['error'] as { code: string }).code
    assert.deepEqual([await codeOf('hoard'), await codeOf('crash')], ['too_large', 'internal'])
    await client.close()
  })
})

test('a weakening without a reason, and a mode that is none, do not start', async () => {
  const start = (...words: string[]) => command(['serve', 'file', '--root', granted, '--audit', trail(), ...words])
  for (const words of [
    ['--sandbox', 'none'],
    ['--sandbox', 'docker'],
    ['--sandbox', 'bwrap', ...NONE],
  ]) {
    const { code, stderr } = await start(...words)
    assert.equal(code, 78)
    assert.match(stderr, /^hardened-mcp: [^\n]*\n$/)
  }
  const loud = await start('--sandbox', 'none', ...NONE)
  assert.match(loud.stderr, /sandbox: NONE until 2999-01-01/)
})

const isWorker = (pid: number) => commandLine(pid).includes('fixture/worker.ts') && !commandLine(pid).includes('/bwrap')

function fixture(mode: string): Reach {
  const file = join(import.meta.dirname, 'fixture/serve.ts')
  const script = join(dir, `serve-${mode}.ts`)
  writeFileSync(script, `process.env['SANDBOX_MODE'] = '${mode}'\nawait import('${file}')\n`)
  return { node: [script, trail(), granted] }
}
