// Proves that everything which is absent, empty or unnamed means no.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCall, aCaller, aTool } from '@hardened-mcp/testkit'
import fc from 'fast-check'
import { CAPABILITIES, type Capability } from '../types.ts'
import { capabilities, mayCall, type ServerCapabilityPolicy } from './capabilities.ts'

const policy = (
  over: Partial<Record<keyof ServerCapabilityPolicy, Iterable<string>>> = {},
): ServerCapabilityPolicy => ({
  allowed_tools: new Set(over.allowed_tools ?? ['query_sql']),
  denied_tools: new Set(over.denied_tools ?? []),
  permissions: new Set((over.permissions ?? ['tool:read_only', 'resource:local']) as Iterable<Capability>),
})
const tool = { name: 'query_sql', needs: ['tool:read_only', 'resource:local'] } as const
const both: Capability[] = ['tool:read_only', 'resource:local']

type Row = readonly [
  name: string,
  verdict: 'allow' | 'deny',
  policy: ServerCapabilityPolicy | undefined,
  can: readonly Capability[],
]
const ROWS: readonly Row[] = [
  ['allowed by name, and everything granted twice', 'allow', policy(), both],
  ['more granted than needed', 'allow', policy({ permissions: CAPABILITIES }), CAPABILITIES],
  ['no policy for the server', 'deny', undefined, both],
  ['an empty allowed list (elsewhere it means everything)', 'deny', policy({ allowed_tools: [] }), both],
  ['another tool is allowed', 'deny', policy({ allowed_tools: ['list_tables'] }), both],
  ['the name differs in case', 'deny', policy({ allowed_tools: ['QUERY_SQL'] }), both],
  ['the name is only a prefix', 'deny', policy({ allowed_tools: ['query'] }), both],
  ['a star is no wildcard', 'deny', policy({ allowed_tools: ['*'] }), both],
  ['denied and allowed: deny wins', 'deny', policy({ denied_tools: ['query_sql'] }), both],
  ['another tool is denied', 'allow', policy({ denied_tools: ['list_tables'] }), both],
  ['the policy grants nothing', 'deny', policy({ permissions: [] }), both],
  ['the policy grants one of two', 'deny', policy({ permissions: ['tool:read_only'] }), both],
  ['the caller holds nothing', 'deny', policy(), []],
  ['the caller holds one of two', 'deny', policy(), ['resource:local']],
  ['the caller holds others', 'deny', policy(), ['tool:write', 'tool:execute']],
]

suite('mayCall()', () => {
  for (const [name, verdict, ceiling, can] of ROWS) {
    test(`${name}: ${verdict}`, () => {
      const decision = mayCall(tool, aCaller(can), ceiling)
      assert.equal(decision.verdict, verdict)
      if (decision.verdict === 'deny') assert.equal(decision.code, 'policy_denied')
    })
  }

  test('property: allows exactly when policy and caller both hold every need', () => {
    const some = fc.subarray([...CAPABILITIES])
    fc.assert(
      fc.property(some, some, fc.subarray([...CAPABILITIES], { minLength: 1 }), (granted, held, needs) => {
        const decision = mayCall(
          { name: 'query_sql', needs: needs as [Capability, ...Capability[]] },
          aCaller(held),
          policy({ permissions: granted }),
        )
        const expected = needs.every((need) => granted.includes(need) && held.includes(need))
        assert.equal(decision.verdict, expected ? 'allow' : 'deny')
      }),
    )
  })
})

suite('capabilities()', () => {
  test('asks mayCall about the tool and the caller of the call', async () => {
    const guard = capabilities(() => policy({ allowed_tools: ['read_note'], permissions: ['tool:read_only'] }))
    const verdict = async (call: Parameters<typeof guard>[0]) => (await guard(call)).verdict
    assert.equal(await verdict(aCall()), 'allow')
    assert.equal(await verdict(aCall({ caller: aCaller([]) })), 'deny')
    assert.equal(await verdict(aCall({ tool: aTool({ name: 'write_note' }) })), 'deny')
    assert.equal((await capabilities(() => undefined)(aCall())).verdict, 'deny')
  })
})
