// Proves the life of one call: the order of its steps, and that neither effect nor output comes without its record.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  aControl,
  aRequest,
  codeOf,
  type FakeAudit,
  fakeAudit,
  fakeClock,
  fakeExecutor,
  type NoteOperation,
  recordedPipeline,
} from '@hardened-mcp/testkit'
import { deny } from './decision.ts'
import { Denial } from './denial.ts'
import { pipeline } from './pipeline.ts'

const typesOf = (events: FakeAudit['asked']) => events.map(({ type }) => type)
const turn = () => new Promise((resolve) => setImmediate(resolve))

suite('pipeline()', () => {
  test('walks the steps in one order, and waits for both records around a write', async () => {
    const { lines, answer } = recordedPipeline('write')
    assert.equal(codeOf(await answer()), 'released')
    assert.deepEqual(lines, [
      'guard 1',
      'guard 2',
      'parse',
      'plan',
      'policy 1',
      'policy 2',
      'gate',
      'approval',
      'audit tool_call.request asked',
      'audit tool_call.request durable',
      'execute',
      'carry',
      'filter',
      'filter',
      'audit tool_call.success asked',
      'audit tool_call.success durable',
    ])
  })

  test('answers with exactly what the filters left', async () => {
    const executor = fakeExecutor<NoteOperation>(() => ({ text: '{"note":"a\u202eb"}', rows: 1 }))
    const audit = fakeAudit()
    const answer = await pipeline(aControl({ execute: executor.execute, audit: audit.sink }))(aRequest())
    assert.ok(answer.ok)
    assert.equal(answer.released.text, '{"note":"ab","notices":["1 hidden or control characters were removed"]}')
    assert.deepEqual(audit.durable.at(-1), {
      type: 'tool_call.success',
      call_id: 'call-1',
      server: 'notes',
      tool: 'read_note',
      tenant: 'acme',
      caller: 'agent-1',
      auth: 'api_key',
      args: 'hmac-of-arguments',
      marks: 'answer:hiddenCharacters=1',
      decision: 'allow',
      taint: 'private,untrusted',
      dur_ms: 0,
      bytes: 71,
      rows: 1,
    })
  })

  test('measures the duration with the clock it was given', async () => {
    const clock = fakeClock()
    const audit = fakeAudit()
    const executor = fakeExecutor<NoteOperation>(() => {
      clock.advance(40)
      return { text: '{}' }
    })
    await pipeline(aControl({ now: clock.now, audit: audit.sink, execute: executor.execute }))(aRequest())
    assert.equal(audit.durable.at(-1)?.dur_ms, 40)
  })
})

suite('no record, no effect', () => {
  for (const effect of ['write', 'egress'] as const) {
    test(`a call that may ${effect} starts only after its request record is durable`, async () => {
      const { audit, executor, answer } = recordedPipeline(effect)
      const letGo = audit.hold('tool_call.request')
      const pending = answer()
      await turn()
      assert.deepEqual(typesOf(audit.asked), ['tool_call.request'])
      assert.equal(executor.seen.length, 0)
      letGo()
      assert.equal(codeOf(await pending), 'released')
      assert.equal(executor.seen.length, 1)
    })

    test(`a call that may ${effect} never starts when its request record fails`, async () => {
      const { audit, executor, answer } = recordedPipeline(effect)
      audit.failOn('tool_call.request')
      assert.equal(codeOf(await answer()), 'audit_unavailable')
      assert.equal(executor.seen.length, 0)
    })
  }

  test('a read may overlap with its request record', async () => {
    const { audit, executor, answer } = recordedPipeline('read')
    const letGo = audit.hold('tool_call.request')
    const pending = answer()
    await turn()
    assert.equal(executor.seen.length, 1)
    assert.deepEqual(typesOf(audit.asked), ['tool_call.request'])
    letGo()
    assert.equal(codeOf(await pending), 'released')
  })
})

suite('no record, no output', () => {
  for (const type of ['tool_call.request', 'tool_call.success'] as const) {
    for (const effect of ['read', 'write'] as const) {
      test(`a ${effect} releases nothing while ${type} is not durable`, async () => {
        const { audit, answer } = recordedPipeline(effect)
        const letGo = audit.hold(type)
        let settled = false
        const pending = answer().finally(() => {
          settled = true
        })
        await turn()
        await turn()
        assert.equal(settled, false)
        letGo()
        assert.equal(codeOf(await pending), 'released')
        assert.deepEqual(typesOf(audit.durable), ['tool_call.request', 'tool_call.success'])
      })

      test(`a ${effect} answers audit_unavailable, without the cause, when ${type} fails`, async () => {
        const { audit, answer } = recordedPipeline(effect)
        audit.failOn(type)
        const got = await answer()
        assert.ok(!got.ok)
        assert.equal(got.denial.code, 'audit_unavailable')
        assert.equal(got.denial.says, 'The audit trail cannot be written, so nothing was done')
      })
    }
  }

  test('a refusal that cannot be recorded says only that the trail is gone', async () => {
    const audit = fakeAudit()
    audit.failOn('tool_call.denied')
    const guards = [() => deny('policy_denied', 'not on the list')] as const
    const answer = await pipeline(aControl({ guards, audit: audit.sink }))(aRequest())
    assert.equal(codeOf(answer), 'audit_unavailable')
  })

  test('a refusal by the worker waits for the request record, and gives way when that fails', async () => {
    for (const fails of [false, true]) {
      const execute = async () => {
        throw new Denial('not_found', 'no table x', { says: 'No table x; there is customers' })
      }
      const { audit, answer } = recordedPipeline('read', { execute })
      const audited = recordedPipeline('read', { execute, audit: audit.sink })
      assert.equal(codeOf(await answer()), 'not_found')
      const letGo = audit.hold('tool_call.request')
      let settled = false
      const pending = audited.answer().finally(() => {
        settled = true
      })
      await turn()
      await turn()
      assert.equal(settled, false)
      if (fails) audit.failOn('tool_call.request')
      letGo()
      assert.equal(codeOf(await pending), fails ? 'audit_unavailable' : 'not_found')
    }
  })

  test('a request record that fails during the work leaves no record without a reader either', async () => {
    const { audit, answer } = recordedPipeline('read', {
      execute: async () => {
        await turn()
        await turn()
        return { text: '{}' }
      },
    })
    audit.failOn('tool_call.request')
    const orphans: unknown[] = []
    const listen = (reason: unknown) => void orphans.push(reason)
    process.on('unhandledRejection', listen)
    assert.equal(codeOf(await answer()), 'audit_unavailable')
    await turn()
    process.off('unhandledRejection', listen)
    assert.deepEqual(orphans, [])
  })

  test('an executor that throws at once leaves no record without a reader', async () => {
    const audit = fakeAudit()
    audit.failOn('tool_call.request')
    const orphans: unknown[] = []
    const listen = (reason: unknown) => void orphans.push(reason)
    process.on('unhandledRejection', listen)
    const execute = () => {
      throw new Denial('busy', 'no worker')
    }
    await pipeline(aControl({ execute, audit: audit.sink }))(aRequest())
    await turn()
    process.off('unhandledRejection', listen)
    assert.deepEqual(orphans, [])
  })
})
