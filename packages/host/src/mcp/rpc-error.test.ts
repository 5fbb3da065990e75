// Which protocol errors may leave, and in what words.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { publicForm, RpcError, withPublicErrors } from './rpc-error.ts'

const failed = (error: unknown) => ({ jsonrpc: '2.0', id: 1, error })
const SECRET = 'ENOENT: no such file, open /srv/inside'

suite('publicForm()', () => {
  const CASES: readonly [name: string, error: unknown, expected: unknown][] = [
    ['a parse error', { code: -32700, message: SECRET }, { code: -32700, message: 'Parse error' }],
    ['an invalid request', { code: -32600, message: SECRET }, { code: -32600, message: 'Invalid request' }],
    ['an unknown method', { code: -32601, message: SECRET }, { code: -32601, message: 'Method not found' }],
    [
      'params of a wrong shape',
      { code: -32602, message: SECRET, data: {} },
      { code: -32602, message: 'Invalid params' },
    ],
    ['an unknown tool', { code: -32602, message: 'Unknown tool' }, { code: -32602, message: 'Unknown tool' }],
    ['a fault', { code: -32603, message: SECRET, data: SECRET }, { code: -32603, message: 'Internal error' }],
    ['an errno that became a code', { code: -2, message: SECRET }, { code: -32603, message: 'Internal error' }],
    ['a DOMException', { code: 20, message: SECRET }, { code: -32603, message: 'Internal error' }],
    ['a code that is text', { code: '-32602', message: SECRET }, { code: -32603, message: 'Internal error' }],
    ['no code', { message: SECRET }, { code: -32603, message: 'Internal error' }],
  ]
  for (const [name, error, expected] of CASES)
    test(name, () => assert.deepEqual(publicForm(failed(error)), failed(expected)))

  test('keeps what a client acts upon: the versions that are supported', () => {
    const refused = failed({ code: -32022, message: 'Unsupported', data: { supported: ['2026-07-28'] } })
    assert.equal(publicForm(refused), refused)
  })

  test('leaves results and requests as they are', () => {
    for (const message of [
      { jsonrpc: '2.0', id: 1, result: { error: SECRET } },
      { jsonrpc: '2.0', method: 'ping' },
    ])
      assert.equal(publicForm(message), message)
  })
})

test('withPublicErrors() speaks for a transport, with its options and its own `this`', async () => {
  const sent: unknown[] = []
  class Transport {
    #sent = sent
    async send(message: unknown, options?: unknown): Promise<void> {
      this.#sent.push([message, options])
    }
  }
  const transport = withPublicErrors(new Transport())
  await transport.send(failed(new RpcError({ code: 1, message: SECRET })), { relatedRequestId: 1 })
  assert.deepEqual(sent, [[failed({ code: -32603, message: 'Internal error' }), { relatedRequestId: 1 }]])
})
