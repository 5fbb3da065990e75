// Real processes over real pipes: the four openings, the official clients, and what a hostile client may try.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CLIENT_KINDS, connect } from '@hardened-mcp/testkit/clients'
import { assertServesNotes } from './fixture/client-checks.ts'
import { legacyMessage, MODERN, modernMessage } from './fixture/http.ts'

const FIXTURE = fileURLToPath(new URL('fixture/stdio.ts', import.meta.url))
const PATIENCE = { timeout: 60_000 }

type Answer = { id: unknown; result?: Record<string, unknown>; error?: { code: number; message: string } }

const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill('SIGKILL') // of a test that failed half way
  children.clear()
})

function start() {
  const child = spawn(process.execPath, [FIXTURE], { stdio: ['pipe', 'pipe', 'pipe'] })
  children.add(child)
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  child.stdin.on('error', () => undefined) // the other side may be gone
  return {
    child,
    say: (message: unknown) =>
      child.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`),
    async hear(): Promise<Answer> {
      const { value, done } = await answers.next()
      assert.notEqual(done, true, 'the server said no more')
      return JSON.parse(value as string) as Answer
    },
    async end(): Promise<number | null> {
      child.stdin.end()
      return ended(child)
    },
  }
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

const INITIALIZE = legacyMessage('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
})
const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' }
const names = ({ result }: Answer) => (result?.['tools'] as { name: string }[] | undefined)?.map(({ name }) => name)

suite('serveOnStdio(): the four openings', PATIENCE, () => {
  test('initialize first', async () => {
    const server = start()
    server.say(INITIALIZE)
    const { result } = await server.hear()
    assert.equal(result?.['protocolVersion'], '2025-11-25')
    assert.deepEqual(result['serverInfo'], { name: 'notes', title: 'Notes', version: '1.2.3' })
    assert.deepEqual(result['capabilities'], { tools: { listChanged: false } })
    server.say(INITIALIZED)
    server.say(legacyMessage('tools/list'))
    assert.deepEqual(names(await server.hear()), ['read_note'])
    server.say(legacyMessage('ping'))
    assert.deepEqual((await server.hear()).result, {})
    assert.equal(await server.end(), 0)
  })

  test('discover first, then initialize', async () => {
    const server = start()
    server.say(modernMessage('server/discover'))
    const { result } = await server.hear()
    assert.deepEqual(result?.['supportedVersions'], [MODERN])
    server.say(INITIALIZE)
    assert.equal((await server.hear()).result?.['protocolVersion'], '2025-11-25')
    assert.equal(await server.end(), 0)
  })

  test('modern from the first line', async () => {
    const server = start()
    server.say(modernMessage('tools/list'))
    const listed = await server.hear()
    assert.deepEqual(names(listed), ['read_note'])
    assert.equal(listed.result?.['cacheScope'], 'private')
    server.say(modernMessage('tools/call', { name: 'read_note', arguments: { name: 'milk' } }))
    assert.deepEqual((await server.hear()).result?.['structuredContent'], { note: 'milk' })
    assert.equal(await server.end(), 0)
  })

  test('a bare tools/list', async () => {
    const server = start()
    server.say(legacyMessage('tools/list'))
    assert.deepEqual(names(await server.hear()), ['read_note'])
    assert.equal(await server.end(), 0)
  })
})

for (const kind of CLIENT_KINDS)
  suite(`serveOnStdio() with the ${kind} client`, PATIENCE, () => {
    test('lists, calls, refuses bad input, an unknown and a hidden tool alike, and stops what was cancelled', async () => {
      const client = await connect(kind, { node: [FIXTURE] })
      try {
        await assertServesNotes(client)
        const cancel = new AbortController()
        const waiting = client.call('read_note', { name: 'wait' }, cancel.signal)
        setTimeout(() => cancel.abort(), 200)
        await assert.rejects(waiting)
        for (let counts = ''; counts !== '{"started":1,"stopped":1}'; )
          counts = String((await client.call('read_note', { name: 'counts' })).structuredContent['note'])
      } finally {
        await client.close()
      }
    })
  })

suite('serveOnStdio(): hostile or careless clients', PATIENCE, () => {
  test('ends when stdin ends, also in the middle of a call and of a line', async () => {
    const server = start()
    server.say(legacyMessage('tools/call', { name: 'read_note', arguments: { name: 'wait' } }))
    server.say(legacyMessage('ping'))
    await server.hear()
    server.child.stdin.write('{"jsonrpc":')
    assert.equal(await server.end(), 0)
  })

  test('ends without a crash when nobody reads stdout any more', async () => {
    const server = start()
    server.say(legacyMessage('ping'))
    await server.hear()
    server.child.stdout.destroy()
    const pinging = setInterval(() => server.say(legacyMessage('ping')), 20)
    assert.equal(await ended(server.child), 0)
    clearInterval(pinging)
  })

  test('answers what is not strict JSON and goes on', async () => {
    const server = start()
    server.say('{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}')
    assert.equal((await server.hear()).error?.code, -32700)
    server.say(`{"a":"${'x'.repeat(2 * 1024 * 1024)}"}`)
    assert.match((await server.hear()).error?.message ?? '', /longer than/)
    server.say(legacyMessage('ping'))
    assert.deepEqual((await server.hear()).result, {})
    assert.equal(await server.end(), 0)
  })

  for (const [era, dress] of [['legacy', legacyMessage] as const, ['modern', modernMessage] as const])
    test(`says nothing of the inside (${era})`, async () => {
      const server = start()
      server.say(dress('tools/call', { name: 'read_note', arguments: { name: 'boom' } }))
      const { result } = await server.hear()
      assert.equal((result?.['structuredContent'] as { error?: { code: string } } | undefined)?.error?.code, 'internal')
      server.say(dress('tools/call', { name: 7 }))
      assert.deepEqual((await server.hear()).error, { code: -32602, message: 'Invalid params' })
      server.say(dress('resources/list'))
      assert.deepEqual((await server.hear()).error, { code: -32601, message: 'Method not found' })
      assert.equal(await server.end(), 0)
    })
})
