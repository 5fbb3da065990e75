// Proves that guards and policies only ever stop a call: no answer, no fault and no change of theirs lets one through.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aCaller, codeOf, recordedPipeline } from '@hardened-mcp/testkit'
import { allow, type Decision, deny } from './decision.ts'

suite('guards and policies', () => {
  const GARBAGE: readonly (readonly [name: string, answer: unknown])[] = [
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['the word allow', 'allow'],
    ['an empty object', {}],
    ['a verdict in capitals', { verdict: 'ALLOW' }],
    ['a list', ['allow']],
    ['a refusal with a code that does not exist', { verdict: 'deny', code: 'whatever', reason: 'x' }],
    ['a refusal with a code from the prototype', { verdict: 'deny', code: 'toString', reason: 'x' }],
  ]
  for (const [name, garbage] of GARBAGE) {
    test(`a guard that answers ${name} ends the call as a fault`, async () => {
      const { executor, audit, answer } = recordedPipeline('read', { guards: [() => garbage as Decision] })
      assert.equal(codeOf(await answer()), 'internal')
      assert.equal(executor.seen.length, 0)
      assert.deepEqual(
        audit.durable.map(({ type }) => type),
        ['tool_call.error'],
      )
    })
    test(`a policy that answers ${name} ends the call as a fault`, async () => {
      const { executor, answer } = recordedPipeline('read', { policies: [() => garbage as Decision] })
      assert.equal(codeOf(await answer()), 'internal')
      assert.equal(executor.seen.length, 0)
    })
  }

  test('a policy that answers with a promise ends the call: policies judge, they do not wait', async () => {
    const { executor, answer } = recordedPipeline('read', { policies: [async () => allow()] as never })
    assert.equal(codeOf(await answer()), 'internal')
    assert.equal(executor.seen.length, 0)
  })

  test('a guard or a policy that throws ends the call', async () => {
    const broken = () => {
      throw new Error('boom at /srv/app/guard.ts')
    }
    for (const over of [{ guards: [broken] }, { policies: [broken] }, { guards: [async () => broken()] }] as const) {
      const { executor, answer } = recordedPipeline('read', over)
      const got = await answer()
      assert.ok(!got.ok)
      assert.equal(got.denial.code, 'internal')
      assert.equal(got.denial.says, 'The call failed inside the server; nothing was returned')
      assert.equal(executor.seen.length, 0)
    }
  })

  test('one refusal among many is enough, wherever it stands', async () => {
    const no = () => deny('policy_denied', 'no')
    const yes = () => allow()
    for (const guards of [
      [no, yes, yes],
      [yes, no, yes],
      [yes, yes, no],
      [yes, async () => no()],
    ] as const) {
      const { executor, answer } = recordedPipeline('read', { guards })
      assert.equal(codeOf(await answer()), 'policy_denied')
      assert.equal(executor.seen.length, 0)
    }
    for (const policies of [
      [no, yes],
      [yes, no],
      [yes, yes, no],
    ] as const) {
      const { executor, answer } = recordedPipeline('read', { policies })
      assert.equal(codeOf(await answer()), 'policy_denied')
      assert.equal(executor.seen.length, 0)
    }
  })

  test('a refused guard ends the call before the arguments are read', async () => {
    const { lines, answer } = recordedPipeline('read', { guards: [() => deny('policy_denied', 'no')] })
    await answer()
    assert.deepEqual(lines, ['filter', 'audit tool_call.denied asked', 'audit tool_call.denied durable'])
  })

  test('the executor gets the very object the policies judged, frozen', async () => {
    const judged: unknown[] = []
    const { executor, answer } = recordedPipeline('read', {
      policies: [
        (operation) => {
          judged.push(operation)
          return allow()
        },
      ],
    })
    await answer()
    assert.equal(executor.seen[0], judged[0])
    assert.ok(Object.isFrozen(judged[0]))
  })

  test('a policy cannot change what runs', async () => {
    const { executor, answer } = recordedPipeline('read', {
      policies: [
        (operation) => {
          operation.name = 'secrets'
          return allow()
        },
      ],
    })
    assert.equal(codeOf(await answer()), 'internal')
    assert.equal(executor.seen.length, 0)
  })

  test('a guard cannot change the call, the tool or its budget', async () => {
    const changes: readonly ((call: never) => void)[] = [
      (call: { caller: unknown }) => void (call.caller = aCaller(['tool:write'], 'root')),
      (call: { tool: { effect: string } }) => void (call.tool.effect = 'read'),
      (call: { tool: { budget: { outputBytes: number } } }) => void (call.tool.budget.outputBytes = 1e9),
      (call: { tool: { needs: unknown[] } }) => void call.tool.needs.pop(),
    ]
    for (const change of changes) {
      const { executor, answer } = recordedPipeline('write', {
        guards: [
          (call) => {
            change(call as never)
            return allow()
          },
        ],
      })
      assert.equal(codeOf(await answer()), 'internal')
      assert.equal(executor.seen.length, 0)
    }
  })
})
