// Proves that each layer that is taken away turns its own line and no other, and that what was not seen is never a yes.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { COMMAND } from '@hardened-mcp/testkit/command'
import { judge } from './checks.ts'
import { type Facts, mountsOf, statusOf } from './facts.ts'

const STATUS = `Name:\tnode
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
`
const MOUNTINFO = `1 0 0:1 / / ro,nosuid shared:1 - overlay overlay rw
2 1 0:2 / /tmp ro,nosuid,nodev,noexec - tmpfs tmpfs rw,size=4k
`
const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max core file size        0                    0                    bytes
Max open files            4096                 4096                 files
`
const audit = {
  dir: '/audit',
  file: { mode: 0o40700, uid: 65532, gid: 65532, size: 4096 },
  exitCode: 0,
  freeBytes: 10 ** 10,
}
const labels = { dir: '/labels', file: { mode: 0o40700, uid: 65532, gid: 65532, size: 4096 } }
const approvals = { dir: '/approvals', requests: labels.file, decides: false }
const keys = { path: '/keys.json', file: { mode: 0o100440, uid: 0, gid: 65532, size: 100 } }
const HELD: Facts = {
  uid: 65532,
  gid: 65532,
  status: statusOf(STATUS),
  kernelBuild: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.148-1',
  mounts: mountsOf(MOUNTINFO),
  writable: [],
  audit,
  labels,
  approvals,
  keys,
  cgroup: { memory: '536870912', swap: '0', pids: '256', cpu: '100000 100000' },
  limits: LIMITS,
  metadata: 'closed',
  internet: 'closed',
  node: '24.21.0',
}
const GVISOR = { ...HELD, kernelBuild: '#1 SMP Sun Jan 10 15:06:54 PST 2016' }
const status = (from: string, to: string) => ({ status: statusOf(STATUS.replace(from, to)) })
const turned = (facts: Facts) =>
  judge(facts).flatMap(({ id, verdict }) => (verdict === 'ok' || id === 'own_kernel' ? [] : [`${id} ${verdict}`]))
const kernel = (facts: Facts) => judge(facts).find(({ id }) => id === 'own_kernel')?.verdict

suite('doctor', () => {
  test('misses gVisor alone where every other layer holds', () => {
    assert.deepEqual(turned(HELD), [])
    assert.equal(judge(HELD).length, 21)
    assert.equal(kernel(HELD), 'bad')
  })

  test('says of gVisor what can be said from inside, and no more', () => {
    assert.equal(kernel(GVISOR), 'ok')
    const unseen = ['limit_memory unknown', 'limit_pids unknown', 'limit_cpu unknown', 'limit_swap unknown']
    assert.deepEqual(turned(GVISOR), unseen)
    assert.deepEqual(turned({ ...GVISOR, ...status('NoNewPrivs:\t1\nSeccomp:\t2\n', 'Seccomp:\t0\n') }), ['no_new_privileges unknown', ...unseen]) // biome-ignore format: one call
  })

  const WEAKENED: readonly [name: string, over: Partial<Facts>, turns: readonly string[]][] = [
    [
      'root',
      { uid: 0 },
      ['user bad', 'audit_private bad', 'labels_private bad', 'keys_private bad', 'approvals_closed bad'],
    ],
    ['a capability in the bounding set', status('CapBnd:\t0000000000000000', 'CapBnd:\t00000000a80425fb'), ['capabilities bad']], // biome-ignore format: one row
    ['privileges by setuid', status('NoNewPrivs:\t1', 'NoNewPrivs:\t0'), ['no_new_privileges bad']],
    ['a root to write to', { writable: ['/', '/etc'] }, ['root_read_only bad', 'nothing_writable bad']],
    ['a root that is mounted rw', { mounts: mountsOf(MOUNTINFO.replace('ro,nosuid shared', 'rw,nosuid shared')) }, ['root_read_only bad']], // biome-ignore format: one row
    ['a /tmp to write to', { writable: ['/tmp'] }, ['nothing_writable bad']],
    ['memory without limit', { cgroup: { ...HELD.cgroup, memory: 'max' } }, ['limit_memory bad']],
    ['memory without limit, version 1', { cgroup: { ...HELD.cgroup, memory: '9223372036854771712' } }, ['limit_memory bad']], // biome-ignore format: one row
    ['swap', { cgroup: { ...HELD.cgroup, swap: 'max' } }, ['limit_swap bad']],
    ['memory and swap without limit, version 1', { cgroup: { ...HELD.cgroup, memory: '9223372036854771712', swap: '9223372036854771712' } }, ['limit_memory bad', 'limit_swap bad']], // biome-ignore format: one row
    ['processes without limit', { cgroup: { ...HELD.cgroup, pids: 'max' } }, ['limit_pids bad']],
    ['a processor without limit', { cgroup: { ...HELD.cgroup, cpu: 'max 100000' } }, ['limit_cpu bad']],
    ['a processor without limit, version 1', { cgroup: { ...HELD.cgroup, cpu: '-1' } }, ['limit_cpu bad']],
    ['core dumps', { limits: LIMITS.replace('size        0  ', 'size        unlimited') }, ['no_core_dumps bad']],
    ['the metadata service', { metadata: 'connected' }, ['metadata_closed bad']],
    ['the internet', { internet: 'connected' }, ['internet_closed bad']],
    [
      'a trail that others read',
      { audit: { ...audit, file: { ...audit.file, mode: 0o40750 } } },
      ['audit_private bad'],
    ],
    ['a trail that was altered', { audit: { ...audit, exitCode: 1 } }, ['audit_verifies bad']],
    ['a disk that is full', { audit: { ...audit, freeBytes: 0 } }, ['audit_space bad']],
    ['keys that others read', { keys: { ...keys, file: { ...keys.file, mode: 0o100444 } } }, ['keys_private bad']],
    ['keys of somebody else', { keys: { ...keys, file: { ...keys.file, uid: 1000 } } }, ['keys_private bad']],
    [
      'keys of root that another group reads',
      { keys: { ...keys, file: { ...keys.file, gid: 100 } } },
      ['keys_private bad'],
    ],
    ['keys that are a folder', { keys: { ...keys, file: { ...keys.file, mode: 0o40440 } } }, ['keys_private bad']],
    ['a trail that is a file', { audit: { ...audit, file: { ...audit.file, mode: 0o100700 } } }, ['audit_private bad']],
    [
      'labels that others can take away',
      { labels: { ...labels, file: { ...labels.file, mode: 0o40770 } } },
      ['labels_private bad'],
    ],
    ['a server that can say yes to itself', { approvals: { ...approvals, decides: true } }, ['approvals_closed bad']],
    [
      'requests that others can write',
      { approvals: { ...approvals, requests: { ...labels.file, mode: 0o40777 } } },
      ['approvals_closed bad'],
    ],
    ['an old runtime', { node: '24.16.9' }, ['runtime_version bad']],
  ]
  for (const [name, over, turns] of WEAKENED) test(name, () => assert.deepEqual(turned({ ...HELD, ...over }), turns))

  test('without a filter on a shared kernel', () =>
    assert.deepEqual(turned({ ...HELD, ...status('Seccomp:\t2', 'Seccomp:\t0') }), ['call_filter bad']))

  test('what was not seen is unknown', () => {
    const none = { uid: undefined, status: undefined, mounts: undefined, limits: undefined }
    const cgroup = { memory: undefined, swap: undefined, pids: undefined, cpu: undefined }
    const blind = { audit: { dir: '/audit', file: undefined, exitCode: 2, freeBytes: undefined }, keys: { path: '/keys.json', file: undefined } } // biome-ignore format: one value
    const findings = judge({ ...HELD, ...none, ...blind, cgroup })
    const seen = findings.filter(({ verdict }) => verdict === 'ok').map(({ id }) => id)
    assert.deepEqual(seen, ['nothing_writable', 'metadata_closed', 'internet_closed', 'runtime_version'])
    assert.equal(findings.filter(({ verdict }) => verdict === 'unknown').length, 14)
  })

  test('what was not asked about has no line', () =>
    assert.equal(
      judge({ ...HELD, audit: undefined, keys: undefined, labels: undefined, approvals: undefined }).length,
      15,
    ))

  test('one memory limit for both is no swap, version 1', () =>
    assert.deepEqual(turned({ ...HELD, cgroup: { ...HELD.cgroup, swap: '536870912' } }), []))

  test('the command tells this machine what it lacks, line by line, and exits 1', () => {
    // In a network namespace of its own, so that the two connections go nowhere.
    const { status: code, stdout } = spawnSync('unshare', ['-rn', process.execPath, COMMAND, 'doctor', '--json'], { encoding: 'utf8', timeout: 60_000 }) // biome-ignore format: one call
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as { id: string; verdict: string }) // biome-ignore format: one chain
    const verdict = (wanted: string) => lines.find(({ id }) => id === wanted)?.verdict
    assert.equal(code, 1)
    assert.equal(verdict('nothing_writable'), 'bad') // the test machine has a /tmp
    assert.deepEqual([verdict('internet_closed'), verdict('runtime_version')], ['ok', 'ok'])
    assert.equal(lines.length, 15)
  })
})
