// The official clients of both eras over HTTP, and what one caller's requests may learn of another's.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CLIENT_KINDS, connect } from '@hardened-mcp/testkit/clients'
import { assertServesNotes } from './fixture/client-checks.ts'
import { legacyMessage, modernHeaders, modernMessage, post, type Served, serveNotes } from './fixture/http.ts'
import { aReader, KEY } from './fixture/notes.ts'

let served: Served
before(async () => {
  served = await serveNotes()
})
after(() => served.close())

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

for (const kind of CLIENT_KINDS)
  suite(`serveHttp() with the ${kind} client`, { timeout: 60_000 }, () => {
    test('lists, calls, refuses bad input, an unknown and a hidden tool alike, and stops what was cancelled', async () => {
      const { counts } = served.notes
      const client = await connect(kind, { url: served.url, key: KEY })
      try {
        await assertServesNotes(client)

        if (kind !== 'v1' && kind !== 'v2') {
          // A 2025-11-25 client cancels with another request, which a server without sessions cannot relate to the first.
          const { started, stopped } = { ...counts }
          const cancel = new AbortController()
          const waiting = client.call('read_note', { name: 'wait' }, cancel.signal)
          await until(() => counts.started > started)
          cancel.abort()
          await assert.rejects(waiting)
          await until(() => counts.stopped > stopped)
        }
      } finally {
        await client.close()
      }
    })
  })

suite('serveHttp(): requests and their callers', { timeout: 60_000 }, () => {
  const ERAS = [
    ['legacy', legacyMessage, () => ({})],
    ['modern', modernMessage, modernHeaders],
  ] as const

  for (const [era, message, headers] of ERAS)
    test(`a ${era} client that disconnects stops its call, also after memory was collected`, async () => {
      const { counts } = served.notes
      const { started, stopped } = { ...counts }
      const gone = new AbortController()
      const waiting = fetch(served.url, {
        method: 'POST',
        signal: gone.signal,
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...(headers('tools/call', 'read_note') as Record<string, string>),
        },
        body: JSON.stringify(message('tools/call', { name: 'read_note', arguments: { name: 'wait' } })),
      })
      await until(() => counts.started > started)
      for (let round = 0; round < 10; round++) {
        collectGarbage()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      gone.abort()
      await assert.rejects(waiting)
      await until(() => counts.stopped > stopped)
    })

  test('same request ids of many callers at once: each gets its own answer (CVE-2026-25536)', async () => {
    const own = await serveNotes({
      authenticate: ({ authorization: [value] }) => ({
        ok: true,
        caller: aReader(value?.replace('Bearer ', '') ?? ''),
      }),
    })
    after(() => own.close())
    const ask = async (index: number) => {
      const modern = index % 2 === 0
      const params = { name: 'read_note', arguments: { name: `note ${index}` } }
      const message = modern ? modernMessage('tools/call', params) : legacyMessage('tools/call', params)
      const { body } = await post(own.url, message, {
        authorization: `Bearer k_${index}`,
        ...(modern ? modernHeaders('tools/call', 'read_note') : {}),
      })
      return (JSON.parse(body) as { result: { structuredContent: { note: string } } }).result.structuredContent.note
    }
    const all = Array.from({ length: 200 }, (_, index) => index)
    assert.deepEqual(
      await Promise.all(all.map(ask)),
      all.map((index) => `note ${index}`),
    )
    const callers = own.notes.audit.durable
      .filter(({ type }) => type === 'tool_call.success')
      .map(({ caller }) => caller)
    assert.deepEqual(new Set(callers), new Set(all.map((index) => `k_${index}`)))
  })

  test('records who the client says it is and its trace, when both are well formed', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const ask = async (traceparent: string, name: string) => {
      const message = modernMessage('tools/call', { name: 'read_note', arguments: { name: 'milk' } })
      Object.assign(message.params._meta, { traceparent, baggage: 'user=alice' })
      message.params._meta['io.modelcontextprotocol/clientInfo'].name = name
      await post(served.url, message, modernHeaders('tools/call', 'read_note'))
      return served.notes.audit.durable.at(-1)
    }
    const good = await ask(trace, 'agent')
    assert.deepEqual([good?.trace, good?.client], [trace, 'agent/1.0.0'])
    assert.equal((await ask(`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, 'agent'))?.trace, undefined)
    const bad = await ask(`${trace}\nforged`, `a\u202eb\n${'x'.repeat(200)}`)
    assert.equal(bad?.trace, undefined)
    assert.match(bad?.client ?? '', /^a_b_x{60}$/)
    assert.doesNotMatch(JSON.stringify(served.notes.audit.durable), /alice/)
  })
})
