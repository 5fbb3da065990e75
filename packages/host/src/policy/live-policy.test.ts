// A policy file is followed while serving; one that is broken, refused by its own tests or gone leaves the last good one in force.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { allow, type AuditSink, mayCall } from '@hardened-mcp/security-core'
import { aCaller, aTool, fakeAudit } from '@hardened-mcp/testkit'
import { z } from 'zod'
import type { FrontConfig } from '../config.ts'
import { peopleOfFile } from './effective-policy.ts'
import { livePolicy } from './live-policy.ts'
import { readPolicyFile } from './policy-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'policy-'))
after(() => rmSync(dir, { recursive: true }))
const definition = {
  name: 'file',
  resources: z.strictObject({ notes: z.string() }),
  tools: () => [aTool()],
  policies: () => [() => allow()] as const,
  places: () => [],
}
const policy = (over: object = {}, section: object = {}) =>
  JSON.stringify({
    version: 1,
    servers: {
      file: { allowed_tools: ['read_note'], permissions: ['tool:read_only'], resources: { notes: 'n' }, ...section },
    },
    ...over,
  })
const aTest = (expect: string) => ({
  tests: [
    {
      name: 'reading',
      server: 'file',
      tool: 'read_note',
      caller: { id: 'a', tenant: 'acme' },
      arguments: { name: 'x' },
      expect,
    },
  ],
})

function followed(file: string, text: string, isSigned = false) {
  writeFileSync(file, text)
  const { file: parsed, id } = readPolicyFile(file)
  const people = peopleOfFile(parsed)
  const config: FrontConfig = {
    ...{ server: 'file', module: '', resources: { notes: 'n' }, auditDir: dir, transport: { kind: 'stdio' } },
    policy: parsed.servers.file ?? null,
    ...(people === undefined ? {} : { people }),
    policyFile: { path: file, id },
  }
  const audit = fakeAudit()
  const disk = { full: false }
  const sink: AuditSink = (event) =>
    disk.full && event.type === 'config.loaded' ? Promise.reject(new Error('ENOSPC')) : audit.sink(event)
  const loaded: string[] = []
  const live = livePolicy({
    config,
    definition,
    signedPolicy: isSigned ? id : undefined,
    audit: sink,
    onLoaded: (name) => loaded.push(name),
    pollMs: 20,
  })
  const may = () => mayCall(aTool(), aCaller(), live.current().ceiling).verdict
  const heard = () => audit.durable.findLast(({ type }) => type === 'alert.raised')?.err ?? ''
  return { live, audit, disk, heard, loaded, may, id }
}

async function until(holds: () => boolean, what: string) {
  for (let waited = 0; !holds(); waited += 20) {
    assert.ok(waited < 20_000, what)
    await delay(20)
  }
}

suite('livePolicy()', () => {
  test('takes a right away without a restart, and says which policy is in force', async () => {
    const file = join(dir, 'one.json')
    const { live, audit, may, id } = followed(file, policy())
    assert.deepEqual([may(), live.current().id], ['allow', id])
    writeFileSync(`${file}.new`, policy({}, { allowed_tools: [] }))
    renameSync(`${file}.new`, file)
    await until(() => may() === 'deny', 'the new policy')
    assert.notEqual(live.current().id, id)
    assert.deepEqual(
      audit.durable.map(({ type, policy: name }) => [type, name]),
      [['config.loaded', live.current().id]],
    )
    writeFileSync(file, policy({ servers: {} }))
    await until(() => live.current().ceiling === undefined, 'a file without this server grants it nothing')
    live.close()
  })

  test('with a signed manifest no other policy is taken over, and the signed one may come back', async () => {
    const file = join(dir, 'signed.json')
    const { live, heard, may, id } = followed(file, policy(), true)
    writeFileSync(file, policy({}, { rate_limits: { '*': 1 } }))
    await until(() => live.trouble() === 'policy_refused', 'the unsigned policy to be refused')
    assert.deepEqual([may(), live.current().id], ['allow', id])
    assert.match(heard(), /not the policy of the signed manifest/)
    writeFileSync(file, policy())
    await until(() => live.trouble() === undefined, 'the signed policy to be seen')
    live.close()
  })

  const FAULTS: readonly [what: string, harm: (file: string) => void, reason: RegExp][] = [
    ['half written', (file) => writeFileSync(file, policy().slice(0, 40)), /not valid YAML/],
    ['misspelt', (file) => writeFileSync(file, policy({ rolls: {} })), /rolls/],
    ['empty', (file) => writeFileSync(file, ''), /top level/],
    [
      'with a tool that is not there',
      (file) => writeFileSync(file, policy({}, { allowed_tools: ['none'] })),
      /no tool none/,
    ],
    ['with a test that fails', (file) => writeFileSync(file, policy(aTest('deny'))), /own test fails: reading/],
    ['with other resources', (file) => writeFileSync(file, policy({}, { resources: { notes: 'm' } })), /restart/],
    ['with another deadline', (file) => writeFileSync(file, policy({}, { deadline_seconds: 5 })), /restart/],
    ['with workers per tenant', (file) => writeFileSync(file, policy({}, { worker_per_tenant: true })), /restart/],
    [
      'with another label',
      (file) => writeFileSync(file, policy({}, { labels: { read_note: { secrecy: 'private' } } })),
      /restart/,
    ],
    [
      'with a rehearsal that is over',
      (file) =>
        writeFileSync(file, policy({ version: 2, dry_run: { because: 'a long enough reason', until: '2020-01-01' } })),
      /expired/,
    ],
    [
      'that others can write to',
      (file) => {
        writeFileSync(file, policy({}, { permissions: [] }))
        chmodSync(file, 0o666)
      },
      /others can write/,
    ],
    ['deleted', (file) => rmSync(file), /cannot be read/],
  ]
  for (const [index, [what, harm, reason]] of FAULTS.entries())
    test(`${what}: the last good one stays, trail and health say so, and a good file ends it`, async () => {
      const file = join(dir, `fault-${index}.json`)
      const { live, audit, heard, loaded, may, id } = followed(file, policy())
      harm(file)
      await until(() => live.trouble() !== undefined, 'the fault to be seen')
      assert.deepEqual([may(), live.current().id], ['allow', id])
      assert.match(heard(), reason)
      const raised = audit.durable.at(-1)
      assert.deepEqual([raised?.type, raised?.policy, raised?.rule], ['alert.raised', id, live.trouble()])
      await delay(100)
      assert.equal(audit.durable.length, 1, 'said once')
      writeFileSync(
        file,
        policy(aTest('allow'), { allowed_tools: ['read_note'], denied_tools: ['read_note'] }).replace(
          '"allow"',
          '"deny"',
        ),
      )
      chmodSync(file, 0o644)
      await until(() => may() === 'deny', 'the good file')
      assert.equal(live.trouble(), undefined)
      assert.deepEqual(loaded, [live.current().id])
      live.close()
    })

  test('put back as it was, it is no trouble any more', async () => {
    const file = join(dir, 'back.json')
    const { live, audit } = followed(file, policy())
    writeFileSync(file, 'nonsense: [')
    await until(() => live.trouble() === 'policy_refused', 'the fault')
    writeFileSync(file, policy())
    await until(() => live.trouble() === undefined, 'the old text')
    assert.equal(audit.durable.length, 1)
    live.close()
  })

  test('what cannot be recorded is not put in force, and is tried again', async () => {
    const file = join(dir, 'unrecorded.json')
    const { live, disk, may } = followed(file, policy())
    disk.full = true
    writeFileSync(file, policy({}, { allowed_tools: [] }))
    await until(() => live.trouble() === 'policy_refused', 'the refusal')
    assert.equal(may(), 'allow')
    disk.full = false
    await until(() => may() === 'deny', 'the second attempt')
    live.close()
  })
})
