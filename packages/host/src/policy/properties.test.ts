// What has to hold for any policy: a line taken out never adds a right, and what is explained is what is done.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  allow,
  capabilities,
  CAPABILITIES,
  type Capability,
  deny,
  pipeline,
  type Policy,
  principal,
} from '@hardened-mcp/security-core'
import { aControl, aTool, fakeExecutor } from '@hardened-mcp/testkit'
import type { NoteOperation } from '@hardened-mcp/testkit'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { effectivePolicy, peopleOfFile } from './effective-policy.ts'
import { explainCall } from './explain.ts'
import { parsePolicy, type PolicyFile, policySchema } from './policy-file.ts'

const SERVERS = ['db-query', 'file', 'fetch'] as const
const TOOLS = ['read_note', 'write_note', 'send_note'] as const
const NEEDS: Readonly<Record<string, readonly [Capability, ...Capability[]]>> = {
  read_note: ['tool:read_only'],
  write_note: ['tool:write', 'resource:local'],
  send_note: ['tool:network', 'resource:remote'],
}
const tools = TOOLS.map((name) => aTool({ name, needs: NEEDS[name] ?? ['tool:read_only'] }))
const ROLES = ['reader', 'writer', 'sender'] as const
const TENANTS = ['acme', 'globex'] as const
const IDS = ['corp:alice', 'corp:bob', 'k_000000000001'] as const

const NEEDED = ['tool:read_only', 'tool:write', 'resource:local', 'tool:network', 'resource:remote'] as const
const most = <Item>(items: readonly Item[]) => fc.subarray([...items], { minLength: items.length - 1 })
const grant = fc.record({ allowed_tools: most(TOOLS), permissions: most(NEEDED) })
const ceiling = fc.record({ allowed: most(TOOLS), permissions: most(NEEDED) }).map(({ allowed, permissions }) => ({
  denied_tools: TOOLS.filter((tool) => !allowed.includes(tool)),
  allowed_tools: allowed,
  permissions,
}))
const byServer = <Value>(value: fc.Arbitrary<Value>) =>
  fc.dictionary(fc.constantFrom(...SERVERS), value, { minKeys: 2 })
const file = fc
  .record({
    servers: byServer(ceiling),
    roles: fc.dictionary(fc.constantFrom(...ROLES), fc.record({ servers: byServer(grant) }), { minKeys: 2 }),
    tenants: fc.dictionary(fc.constantFrom(...TENANTS), fc.record({ servers: byServer(ceiling) }), { minKeys: 2 }),
    subjects: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom(...IDS),
        tenant: fc.constantFrom(...TENANTS),
        roles: fc.subarray([...ROLES], { minLength: 1 }),
      }),
      { selector: ({ id, tenant }) => `${id} ${tenant}`, maxLength: 4 },
    ),
  })
  .map(({ subjects, ...rest }) => ({
    version: 2,
    ...rest,
    subjects: subjects
      .map((each) => ({ ...each, roles: each.roles.filter((role) => Object.hasOwn(rest.roles, role)) }))
      .filter(({ tenant, roles }) => Object.hasOwn(rest.tenants, tenant) && roles.length > 0),
  }))
const caller = fc
  .record({
    id: fc.constantFrom(...IDS),
    tenant: fc.constantFrom(...TENANTS),
    roles: fc.subarray([...ROLES]),
    can: most(NEEDED),
  })
  .map((from) => principal({ ...from, auth: 'api_key' }))

const ceilingOf = (parsed: PolicyFile, server: string) =>
  effectivePolicy(server, parsed.servers[server as 'file'], peopleOfFile(parsed)).ceiling

/** All that some caller may do under this text; a text that is refused grants nothing. */
function rightsOf(text: string): ReadonlySet<string> {
  const rights = new Set<string>()
  let parsed: PolicyFile
  try {
    parsed = parsePolicy(text)
  } catch (thrown) {
    assert.ok(thrown instanceof RangeError)
    return rights
  }
  for (const server of SERVERS) {
    const policy = ceilingOf(parsed, server)
    for (const id of IDS)
      for (const tenant of TENANTS)
        for (const role of [undefined, ...ROLES])
          for (const { name: tool } of tools) {
            const who = principal({
              id,
              tenant,
              auth: 'api_key',
              can: CAPABILITIES,
              roles: role === undefined ? [] : [role],
            })
            const { verdict } = explainCall({ server, tools, policies: [allow], policy, tool, caller: who })
            if (verdict === 'allow') rights.add([server, id, tenant, role, tool].join(' '))
          }
  }
  return rights
}

const onlyShort: Policy<NoteOperation> = ({ name }) =>
  name.length < 10 ? allow() : deny('path_denied', 'the name is long')

suite('any policy of version 2', () => {
  test('a line taken out never adds a right', () => {
    let lines = 0
    let granted = 0
    fc.assert(
      fc.property(file, fc.boolean(), (value, flow) => {
        const text = flow ? JSON.stringify(value, null, 1) : stringify(value)
        const before = rightsOf(text)
        granted += before.size
        const all = text.split('\n')
        for (const [index] of all.entries()) {
          const after = rightsOf(all.filter((_, other) => other !== index).join('\n'))
          for (const right of after) assert.ok(before.has(right), `without line ${index + 1} (${all[index]}): ${right}`)
          lines += 1
        }
      }),
      { numRuns: Number(process.env['POLICIES'] ?? 3) },
    )
    assert.ok(lines > 100 && granted > 0, `${lines} lines, ${granted} rights`)
  })

  test('explain agrees with the real pipeline for generated policies and calls', async () => {
    const call = fc.record({
      policy: file,
      server: fc.constantFrom(...SERVERS),
      tool: fc.constantFrom(...TOOLS),
      who: caller,
      input: fc.oneof(
        fc.record({ name: fc.string({ minLength: 0, maxLength: 12 }) }),
        fc.record({ name: fc.constant('shopping') }),
        fc.record({ name: fc.constant('a far too long name') }),
        fc.anything(),
      ),
    })
    const seen = { allow: 0, deny: 0 }
    const cases = fc.sample(call, Number(process.env['CALLS'] ?? 1_500))
    for (const { policy: value, server, tool: name, who, input } of cases) {
      const policy = ceilingOf(policySchema.parse(value), server)
      const tool = tools.find((each) => each.name === name)
      assert.ok(tool)
      const { verdict, steps } = explainCall({
        server,
        tools,
        policies: [onlyShort],
        policy,
        tool: name,
        caller: who,
        input: input ?? null,
      })
      const executor = fakeExecutor<NoteOperation>()
      const walk = pipeline(
        aControl({ server, guards: [capabilities(() => policy)], policies: [onlyShort], execute: executor.execute }),
      )
      const answer = await walk({ tool, input: input ?? null, caller: who, stop: new AbortController().signal })
      assert.equal(answer.ok ? 'allow' : 'deny', verdict, JSON.stringify({ value, server, name, steps }))
      assert.equal(
        steps.every(({ holds }) => holds),
        verdict === 'allow',
      )
      seen[verdict] += 1
    }
    assert.ok(seen.allow > 50 && seen.deny > 50, JSON.stringify(seen))
  })
})

test('version 2 without roles, tenants or subjects lets nobody in; version 1 cannot have them', () => {
  const servers = { file: { allowed_tools: ['read_note'], permissions: ['tool:read_only'] } }
  assert.equal(rightsOf(JSON.stringify({ version: 2, servers })).size, 0)
  assert.ok(rightsOf(JSON.stringify({ version: 1, servers })).size > 0)
  for (const key of ['roles', 'tenants', 'subjects'])
    assert.throws(
      () => parsePolicy(JSON.stringify({ version: 1, servers, [key]: key === 'subjects' ? [] : {} })),
      /version: 2/,
    )
  const both = { file: { denied_tools: ['read_note'], ...servers.file } }
  assert.throws(() => parsePolicy(JSON.stringify({ version: 2, servers: both })), /read_note is allowed and denied/)
  const after = { file: { ...servers.file, denied_tools: ['write_note'] } }
  assert.throws(() => parsePolicy(JSON.stringify({ version: 2, servers: after })), /must stand before allowed_tools/)
})
