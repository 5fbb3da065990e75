// Disks that really fail below the audit trail: a small tmpfs that fills up, and a block device whose backing store runs out.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import { verifyDirectory } from '../../packages/host/src/audit/verify/verify-directory.ts'
import { ask, look } from '../identity/ask.ts'

const WRITER = join(import.meta.dirname, '../../packages/host/src/audit/fixture/filling-writer.ts')
const dir = mkdtempSync(join(tmpdir(), 'disk-'))
after(() => rmSync(dir, { recursive: true, force: true }))

/** A mount namespace of its own, in which `script` runs first and then what stands behind. */
const inside = (script: string) => ['unshare', '-Urm', 'sh', '-ec', `${script}; exec "$@"`, 'sh'] as const
const run = (file: string, args: readonly string[]) =>
  spawnSync(file, [...args], { encoding: 'utf8', timeout: 300_000 })
const can = (line: readonly string[]) => run(line[0] as string, [...line.slice(1), 'true']).status === 0

type Said = Readonly<{
  acknowledged: string[]
  refusedWith: string
  healthy: boolean
  answers: string[]
  ran: number
  back: boolean
}>

const tmpfs = (at: string, size: string) => `mount -t tmpfs -o size=${size},mode=700 audit ${at}`
const namespaces = can(inside(tmpfs('/mnt', '1m'))) ? {} : { skip: 'no user namespaces on this machine' }

suite('a full disk below a trail', namespaces, () => {
  test('ENOSPC: no tool runs, what was acknowledged is there, and with room again it goes on', () => {
    const at = join(dir, 'full')
    mkdirSync(at)
    const copy = join(dir, 'full-copy')
    const [file, ...args] = inside(
      `${tmpfs(at, '2m')}; head -c 1200000 /dev/zero > ${at}/filler; mkdir -m 700 ${at}/trail`,
    )
    const script = `"$1" "$2" ${at}/trail ${at}/filler && cp -r ${at}/trail ${copy}`
    const done = run(file, [...args, 'sh', '-ec', script, 'sh', process.execPath, WRITER])
    assert.equal(done.status, 0, done.stderr)
    const said = JSON.parse(done.stdout) as Said
    assert.deepEqual({ ...said, acknowledged: [], path: '' }, { ...EXPECTED, refusedWith: 'ENOSPC', back: true })
    assert.ok(said.acknowledged.length > 500)
    holds(copy, said)
  })
})

// Two block devices in files, one in the other, below them a tmpfs with too little room: what the upper one promised to keep, the lower
// one cannot write, and a flush of the upper one then fails with an input/output error.
const THIN = join(dir, 'thin')
const onLoop = (file: string, at: string) =>
  `truncate -s 32m ${file}; mkfs.ext4 -q -O ^has_journal ${file}; mkdir ${at}; mount -o loop ${file} ${at}`
const device = [
  tmpfs(THIN, '8m'),
  onLoop(`${THIN}/disk`, `${THIN}/lower`),
  onLoop(`${THIN}/lower/disk`, `${THIN}/at`),
  `mkdir -m 700 ${THIN}/at/trail`,
].join('; ')
const asRoot = (script: string) => ['unshare', '-m', 'sh', '-ec', `${script}; exec "$@"`, 'sh'] as const
before(() => mkdirSync(THIN))

suite('a failing disk below a trail', () => {
  test('EIO: no tool runs, and what was acknowledged is there', (context) => {
    if (!can(asRoot(device))) return context.skip('no loop devices on this machine, or not root')
    const copy = join(dir, 'thin-copy')
    const [file, ...args] = asRoot(device)
    const script = `"$1" "$2" ${THIN}/at/trail && cp -r ${THIN}/at/trail ${copy}`
    const done = run(file, [...args, 'sh', '-ec', script, 'sh', process.execPath, WRITER])
    assert.equal(done.status, 0, done.stderr)
    const said = JSON.parse(done.stdout) as Said
    assert.deepEqual({ ...said, acknowledged: [], path: '' }, { ...EXPECTED, refusedWith: 'EIO' })
    assert.ok(said.acknowledged.length > 500)
    holds(copy, said)
  })
})

const EXPECTED = {
  ...{ acknowledged: [], healthy: false, ran: 0, back: false, path: '' },
  answers: ['audit_unavailable', 'audit_unavailable'],
}

function holds(copy: string, { acknowledged }: Said): void {
  const lines = readFileSync(join(copy, 'slot-0.jsonl'), 'latin1').split('\n')
  const ids = new Set(lines.flatMap((line) => /"call_id":"(c-\d+)"/.exec(line)?.[1] ?? []))
  assert.deepEqual(
    acknowledged.filter((id) => !ids.has(id)),
    [],
  )
}

suite('a server on a disk that fills up', namespaces, () => {
  const [audit, docs, keysFile] = [join(dir, 'audit'), join(dir, 'docs'), join(dir, 'keys.json')]
  let server: RunningServer
  let key = ''
  let into = ''

  before(async () => {
    for (const each of [audit, docs]) mkdirSync(each)
    const may = ['tool:write', 'resource:local', 'sys:file_write'].flatMap((each) => ['--can', each])
    const minted = await command(['keys', 'mint', '--keys', keysFile, '--name', 'disk', ...may])
    key = (JSON.parse(minted.stdout) as { key: string }).key
    const policy = join(dir, 'policy.json')
    const root = { name: 'docs', path: docs, writable: true, write_extensions: ['.txt'] }
    const file = {
      allowed_tools: ['write_file'],
      permissions: ['tool:write', 'resource:local', 'sys:file_write'],
      resources: { roots: [root] },
    }
    writeFileSync(policy, JSON.stringify({ version: 1, servers: { file } }))
    server = await serveOverHttp(
      ['file', '--policy', policy, '--keys', keysFile, '--audit', audit, '--http', '127.0.0.1:0', '--workers', '1'],
      inside(tmpfs(audit, '8m')),
    )
    into = `/proc/${server.pid}/root${audit}`
  })
  after(() => server.stop())

  const said = async (path: string) => {
    const { status, body } = await look({ url: new URL(path, server.url).href })
    return `${status} ${body.trim()}`
  }
  const until = async (path: string, expected: string) => {
    for (let waited = 0; (await said(path)) !== expected; waited += 1) {
      assert.ok(waited < 150, `${path} does not say ${expected}: ${await said(path)}`)
      await delay(200)
    }
  }
  const write = async (name: string) => {
    const params = { name: 'write_file', arguments: { path: `docs:/${name}`, content: 'x' } }
    const { body } = await ask(
      { url: server.url },
      { authorization: `Bearer ${key}` },
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    )
    return /"code":"([a-z_]+)"/.exec(body)?.[1] ?? (body.includes('"structuredContent"') ? 'ok' : body)
  }
  const written = (name: string) => run('test', ['-e', join(docs, name)]).status === 0

  test('below the reserve no call is begun; with room again all goes on, and the trail says what happened', async () => {
    assert.deepEqual([await said('/readyz'), await write('one.txt'), written('one.txt')], ['200 ok', 'ok', true])
    writeFileSync(join(into, 'filler'), Buffer.alloc(8_100_000))
    await until('/readyz', '503 disk')
    assert.equal(await said('/healthz'), '503 unhealthy')
    assert.deepEqual([await write('two.txt'), written('two.txt')], ['audit_unavailable', false])
    rmSync(join(into, 'filler'))
    await until('/readyz', '200 ok')
    assert.deepEqual([await write('three.txt'), written('three.txt')], ['ok', true])
    const trail = readFileSync(join(into, 'slot-0.jsonl'), 'latin1')
    assert.match(trail, /"type":"alert\.raised","server":"file","rule":"audit_disk_low","err":"\d+ bytes are left/)
    assert.equal(trail.match(/"type":"tool_call\.request"/g)?.length, 2)
    assert.equal((await verifyDirectory(into)).exitCode, 0)
  })
})
