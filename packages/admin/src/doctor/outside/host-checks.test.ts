// Each thing the machine around the containers can lack turns its own line; what was not seen is unknown; what is hidden inside is proved outside.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { combine } from './combine.ts'
import { readCompose } from './compose-file.ts'
import type { Deployment } from './deployment.ts'
import { judgeHost } from './host-checks.ts'
import type { HostFacts, InForce } from './host-facts.ts'
import { openHoles } from '../known-holes.ts'
import { firstTime, reviewedAt } from './review.ts'
import type { OutsideFinding } from './rule.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 24)
const deployment = readCompose(join(import.meta.dirname, '../../../../../deploy/compose.yaml'), {})
const key = { mode: 0o100600, uid: 65532, gid: 65532, size: 100 }
const NONE: ReadonlySet<string> = new Set()
const wall: InForce = {
  service: 'file',
  runs: true,
  memory: '1073741824',
  swap: '1073741824',
  pids: '256',
  cpu: '100000',
}
const trail = { service: 'file', uid: 65532, dir: '/state/audit/file', file: { mode: 0o40700, uid: 65532, gid: 65532, size: 10 }, exitCode: 0, freeBytes: 10 ** 10, reviewedMs: NOW - 3 * DAY, startedMs: NOW - 300 * DAY } // biome-ignore format: one value
const gateway = { path: '/state/tls/gateway.pem', uid: 65532, file: { ...key, mode: 0o100400 }, notAfterMs: NOW + 60 * DAY } // biome-ignore format: one value
const authority = { path: '/state/tls/ca.key', uid: 0, file: { ...key, uid: 0, gid: 0 }, notAfterMs: undefined }
const HELD: HostFacts = {
  nowMs: NOW,
  docker: { version: '27.1.1', mended: NONE },
  runc: { version: '1.3.3', mended: NONE },
  runtimes: [{ name: 'runsc', says: 'runsc version release-20250407.0\nspec: 1.1.0' }, { name: 'runc', says: 'runc version 1.3.3' }], // biome-ignore format: one list
  firewall: { code: 0, says: '' },
  keys: [{ path: '/state/keys/keys.json', uid: 65532, file: key }],
  secrets: [gateway, authority],
  trails: [trail],
  inForce: [wall],
}
const turned = (facts: Partial<HostFacts>, over: Deployment = deployment) =>
  judgeHost({ ...HELD, ...facts }, over).flatMap(({ id, verdict }) => (verdict === 'ok' ? [] : [`${id} ${verdict}`]))

const WEAKENED: readonly [name: string, over: Partial<HostFacts>, turns: readonly string[]][] = [
  ['a container that ended', { inForce: [{ service: 'file', runs: false }, wall] }, ['containers_run bad']],
  ['a runtime that ignores the limits', { inForce: [{ ...wall, memory: '9223372036854771712' }] }, ['limits_in_force bad']],
  ['more processes than were allowed', { inForce: [{ ...wall, pids: 'max' }] }, ['limits_in_force bad']],
  ['a runtime that Docker does not know', { runtimes: [{ name: 'runsc', says: undefined }] }, ['runtime_is_gvisor unknown', 'gvisor_version unknown']],
  ['runc under the name of runsc', { runtimes: [{ name: 'runsc', says: 'runc version 1.3.3' }] }, ['runtime_is_gvisor bad', 'gvisor_version unknown']],
  ['no gVisor at all', { runtimes: [{ name: 'runc', says: 'runc version 1.3.3' }] }, ['runtime_is_gvisor unknown', 'gvisor_version unknown']],
  ["the gVisor of Debian's backports", { runtimes: [{ name: 'runsc', says: 'runsc version 0.0~20240729.0' }] }, ['gvisor_version bad']],
  ['the last gVisor that is too old', { runtimes: [{ name: 'runsc', says: 'runsc version release-20250331.0' }] }, ['gvisor_version bad']],
  ['a runc with holes', { runc: { version: '1.1.11', mended: NONE } }, ['runc_version bad']],
  ['a runc of which half the holes are mended', { runc: { version: '1.1.5+ds1-1+deb12u1', mended: new Set(['CVE-2024-21626']) } }, ['runc_version bad']],
  ['a Docker with a hole', { docker: { version: '26.1.4', mended: NONE } }, ['docker_version bad']],
  ['a Docker that says nothing', { docker: undefined }, ['docker_version unknown']],
  ['no firewall', { firewall: { code: 1, says: 'firewall: missing: iptables INPUT' } }, ['firewall bad']],
  ['a firewall that could not be asked', { firewall: undefined }, ['firewall unknown']],
  ['keys that others read', { keys: [{ path: '/k', uid: 65532, file: { ...key, mode: 0o100644 } }] }, ['keys_private bad']],
  ['keys that are not there', { keys: [{ path: '/k', uid: 65532, file: undefined }] }, ['keys_private unknown']],
  ['a certificate whose key others read', { secrets: [{ ...gateway, file: { ...key, mode: 0o100444 } }, authority] }, ['tls_key_private bad']],
  ['an authority whose key the gateway owns', { secrets: [gateway, { ...authority, file: key }] }, ['tls_key_private bad']],
  ['a certificate that ends in 13 days', { secrets: [{ ...gateway, notAfterMs: NOW + 13 * DAY }] }, ['tls_certificate bad']],
  ['a certificate that cannot be read', { secrets: [{ ...gateway, notAfterMs: undefined }] }, ['tls_certificate unknown']],
  ['a trail that others enter', { trails: [{ ...trail, file: { ...trail.file, mode: 0o40755 } }] }, ['audit_private bad']],
  ['a trail of another user', { trails: [{ ...trail, file: { ...trail.file, uid: 1000 } }] }, ['audit_private bad']],
  ['a trail that was altered', { trails: [{ ...trail, exitCode: 1 }] }, ['audit_verifies bad']],
  ['a trail that cannot be read', { trails: [{ ...trail, exitCode: 2 }] }, ['audit_verifies unknown']],
  ['a full disk', { trails: [{ ...trail, freeBytes: 1 }] }, ['audit_space bad']],
  ['a review of 8 days ago', { trails: [{ ...trail, reviewedMs: NOW - 8 * DAY }] }, ['audit_reviewed bad']],
  ['a review of next week', { trails: [{ ...trail, reviewedMs: NOW + 7 * DAY }] }, ['audit_reviewed bad']],
  ['an old trail that nobody read', { trails: [{ ...trail, reviewedMs: undefined }] }, ['audit_reviewed bad']],
  ['a trail of an unknown age that nobody read', { trails: [{ ...trail, reviewedMs: undefined, startedMs: undefined }] }, ['audit_reviewed unknown']],
] // biome-ignore format: a table

suite('the machine around a deployment', () => {
  test('holds when nothing is wrong', () => assert.deepEqual(turned({}), []))
  for (const [name, over, turns] of WEAKENED) test(name, () => assert.deepEqual(turned(over), turns))

  test('passes what is right in another way', () => {
    const cgroup2 = { ...wall, swap: '0', cpu: '100000 100000' }
    assert.deepEqual(turned({ inForce: [cgroup2] }), [])
    assert.deepEqual(turned({ trails: [{ ...trail, reviewedMs: undefined, startedMs: NOW - 7 * DAY }] }), [], 'too young for a review') // biome-ignore format: one call
    assert.deepEqual(turned({ keys: [{ path: '/k', uid: 65532, file: { ...key, uid: 0, mode: 0o100440 } }] }), [], 'a mounted secret') // biome-ignore format: one call
  })

  test("a hole of Docker's resolver is closed by the manifest, and open without that line", () => {
    const docker = { version: '25.0.4', mended: new Set(['CVE-2024-41110']) }
    assert.deepEqual(turned({ docker }), [])
    const asking = { ...deployment, services: deployment.services.map((service) => ({ ...service, dns: [] })) }
    assert.deepEqual(turned({ docker }, asking), ['docker_version bad'])
  })

  test('nothing to look at is unknown, never ok', () => {
    const nothing = { docker: undefined, runc: undefined, firewall: undefined, runtimes: [], keys: [], secrets: [], trails: [], inForce: [] } // biome-ignore format: one value
    assert.deepEqual(new Set(judgeHost({ ...HELD, ...nothing }, deployment).map(({ verdict }) => verdict)), new Set(['unknown'])) // biome-ignore format: one call
  })
})

suite('releases with known holes', () => {
  const ROWS: readonly [Parameters<typeof openHoles>[0], string, number | undefined][] = [
    ['node', '24.16.9', 1],
    ['node', '24.17.0', 0],
    ['node', '26.3.0', 1],
    ['node', '26.3.1', 0],
    ['node', '25.9.0', 1],
    ['runc', '1.1.12', 1],
    ['runc', '1.2.7', 1],
    ['runc', '1.2.8', 0],
    ['runc', '1.3.2', 1],
    ['runc', '1.4.0', 0],
    ['docker', '20.10.24+dfsg1', 2],
    ['docker', '24.0.9', 2],
    ['docker', '27.1.0', 1],
    ['docker', '28.2.2', 0],
    ['gvisor', 'release-20250401.0', 0],
    ['gvisor', '0.0~20221219.0', 1],
    ['gvisor', 'HEAD', undefined],
    ['runc', 'unknown', undefined],
  ]
  for (const [tool, version, holes] of ROWS)
    test(`${tool} ${version}: ${holes ?? 'not told'}`, () =>
      assert.equal(openHoles(tool, version, NONE)?.length, holes))
})

suite('the last review', () => {
  const dir = mkdtempSync(join(tmpdir(), 'doctor-review-'))
  after(() => rmSync(dir, { recursive: true }))
  test('is the word of the operator, else the file beside the trail, else nothing', () => {
    assert.equal(reviewedAt(dir, undefined), undefined)
    writeFileSync(join(dir, 'last-review'), '2026-11-20 by the team\n')
    assert.equal(reviewedAt(dir, undefined), Date.UTC(2026, 10, 20))
    assert.equal(reviewedAt(dir, '2026-11-22'), Date.UTC(2026, 10, 22))
    writeFileSync(join(dir, 'last-review'), '2026-11-20T08:30:00.000Z')
    assert.equal(reviewedAt(dir, undefined), Date.UTC(2026, 10, 20, 8, 30))
    for (const text of ['soon', '2026-13-40']) {
      writeFileSync(join(dir, 'last-review'), text)
      assert.equal(reviewedAt(dir, undefined), undefined)
      assert.throws(() => reviewedAt(dir, text), /^RangeError: --reviewed needs a date/)
    }
  })
  test('a trail is as old as its first segment, whatever its times of change say', () => {
    assert.equal(firstTime(dir), undefined)
    const segment = join(dir, 'audit.0.jsonl')
    writeFileSync(segment, '')
    utimesSync(segment, 1, 1)
    assert.ok(Math.abs((firstTime(dir) ?? 0) - Date.now()) < 600_000)
  })
})

test('what gVisor hides inside is proved by what holds outside, for that server alone, and a bad line stays bad', () => {
  const line = (id: string, verdict: 'ok' | 'bad' | 'unknown', services: readonly string[] = []): OutsideFinding => ({ id, verdict, checked: '', mend: '', services }) // biome-ignore format: one value
  const inside = [line('limit_memory', 'unknown'), line('user', 'unknown'), line('limit_pids', 'bad')]
  const verdicts = (outside: readonly OutsideFinding[]) =>
    combine('file', inside, outside).map(({ verdict }) => verdict)
  const hidden = ['unknown', 'unknown', 'bad']
  assert.deepEqual(verdicts([line('limit_memory', 'ok'), line('limits_in_force', 'ok')]), ['ok', 'unknown', 'bad'])
  assert.deepEqual(verdicts([line('limit_memory', 'bad', ['fetch']), line('limits_in_force', 'ok')]), ['ok', 'unknown', 'bad']) // biome-ignore format: one call
  assert.deepEqual(verdicts([line('limit_memory', 'bad', ['file']), line('limits_in_force', 'ok')]), hidden)
  assert.deepEqual(verdicts([line('limit_memory', 'ok'), line('limits_in_force', 'unknown')]), hidden)
  assert.deepEqual(verdicts([line('limit_memory', 'ok')]), hidden)
  assert.deepEqual(verdicts([]), hidden)
})
