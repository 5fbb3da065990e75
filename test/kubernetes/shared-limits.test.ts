// The overlay with Valkey shares its limits and labels there for real: its policy, the documented user and a real store, without a cluster.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import type { Entry } from '@hardened-mcp/security-core'
import { store } from '@hardened-mcp/testkit/store'
import { ofKind, readDocuments } from '../../deploy/kubernetes/check/documents.ts'
import { sharedLedger } from '../../packages/host/src/limits/shared-ledger.ts'
import { parsePolicy } from '../../packages/host/src/policy/policy-file.ts'
import { sharedTaint } from '../../packages/host/src/taint/shared-taint.ts'
import { rendered, ROOT } from './rendered.ts'

const PASSWORD = 'a-password-of-the-test-that-opens-nothing-else'
const dir = mkdtempSync(join(tmpdir(), 'shared-limits-'))
const ends: (() => void | Promise<void>)[] = []
after(async () => {
  for (const end of ends) await end()
  rmSync(dir, { recursive: true })
})

const policyOf = (overlay: Parameters<typeof rendered>[0]) =>
  parsePolicy(
    ofKind(readDocuments(rendered(overlay)), 'ConfigMap').find(({ data }) => data?.['policy.yaml'])?.data?.[
      'policy.yaml'
    ] ?? '',
  )

// Commands as a person types them into a connection of their own, and all that came back.
const said = (address: string, ...commands: readonly string[]) =>
  new Promise<string>((resolve, fail) => {
    const [host, port] = address.split(':')
    const socket = connect(Number(port), host, () => socket.write(`${[...commands, 'QUIT'].join('\r\n')}\r\n`))
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk))).on('error', fail)
    socket.on('close', () => resolve(text))
  })

suite('the overlay shared-limits', () => {
  test('has the policy of production, and shared limits and labels beside it', () => {
    const { limits, taint, ...rest } = policyOf('shared-limits')
    assert.deepEqual(rest, policyOf('production'))
    assert.equal(limits?.shared?.replicas, 6)
    assert.equal(taint?.shared?.address, limits.shared.address)
  })

  test('six replicas count together as the documented user, who can do nothing else; a wrong password is said', async () => {
    const real = await store()
    ends.push(real.stop)
    const documented = readFileSync(join(ROOT, 'deploy/kubernetes/README.md'), 'utf8')
    const rules = /^ *user hardened (.+)$/m.exec(documented)?.[1]?.split(' ') ?? assert.fail('no user is documented')
    const hash = createHash('sha256').update(PASSWORD).digest('hex')
    const user = rules.map((rule) => rule.replace('#SHA256', `#${hash}`)).join(' ')
    assert.match(await said(real.address, `ACL SETUSER hardened ${user}`), /^\+OK/)

    const shared = policyOf('shared-limits').limits?.shared ?? assert.fail('no shared limits')
    const replica = (password: string) => {
      const file = join(dir, password)
      writeFileSync(file, `${password}\n`)
      const config = { ...shared, address: real.address, password_file: file }
      const ledger = sharedLedger({ config, elapsed: () => performance.now(), onEvent: () => undefined })
      ends.push(ledger.close)
      return ledger
    }
    const replicas = Array.from({ length: 6 }, () => replica(PASSWORD))
    await Promise.all(replicas.map(({ ready }) => ready))
    const rate: Entry = { kind: 'rate', key: 'rate file *\nacme', intervalMs: 3_600_000, toleranceMs: 19 * 3_600_000 }
    const taken = await Promise.all(Array.from({ length: 60 }, async (_, n) => replicas[n % 6]?.take([rate])))
    assert.equal(taken.filter((each) => each?.ok).length, 20)
    assert.deepEqual(new Set(replicas.map(({ trouble }) => trouble())), new Set([undefined]))

    const taint = policyOf('shared-limits').taint?.shared ?? assert.fail('no shared labels')
    const servers = ['db-query', 'fetch'].map(() => {
      const config = { ...taint, address: real.address, password_file: join(dir, PASSWORD) }
      const labels = sharedTaint({ config, windowMs: 3_600_000, onEvent: () => undefined })
      ends.push(labels.close)
      return labels
    })
    await Promise.all(servers.map(({ ready }) => ready))
    const agent = { tenant: 'acme', id: 'agent' }
    await servers[0]?.join(agent, { integrity: 'untrusted', secrecy: 'private' })
    assert.deepEqual(await servers[1]?.read(agent), { integrity: 'untrusted', secrecy: 'private' })
    assert.deepEqual(await servers[1]?.read({ ...agent, id: 'other' }), { integrity: 'trusted', secrecy: 'public' })

    for (const forbidden of ['SET other 1', 'FLUSHALL', 'CONFIG GET *', 'KEYS *', 'ACL LIST'])
      assert.match(await said(real.address, `AUTH hardened ${PASSWORD}`, forbidden), /^\+OK\r\n-NOPERM/, forbidden)

    const wrong = replica('wrong')
    await wrong.ready
    await wrong.take([rate])
    assert.equal(wrong.trouble(), 'limits_local')
  })
})
