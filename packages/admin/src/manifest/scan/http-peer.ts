// A server that is asked over Streamable HTTP: one POST for each message, no redirect followed, every answer bounded.
import { request as askPlain } from 'node:http'
import { request as askSecure } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { strictJson } from '@hardened-mcp/host/admin'
import { type Era, MAX_BYTES, type Message, type Peer, Unreadable } from './peer.ts'

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const SESSION = /^[!-~]{1,256}$/

/** `bearer` goes to this URL and nowhere else. Throws `RangeError` on a URL that is neither https nor loopback. */
export function httpPeer(text: string, bearer: string | undefined, stop: AbortSignal): Peer {
  if (!URL.canParse(text)) throw new RangeError(`${text} is no URL`)
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.test(url.hostname)))
    throw new RangeError('A server is asked over https, or over http on loopback')
  if (url.username !== '' || url.password !== '')
    throw new RangeError('Credentials belong into --bearer FILE, not into the URL')
  let session: string | undefined
  let room = MAX_BYTES

  const post = async (message: Message, era: Era): Promise<IncomingMessage> => {
    const answer = await ask(url, headersOf(message, era), JSON.stringify(message), stop)
    const given = answer.headers['mcp-session-id']
    if (typeof given === 'string' && SESSION.test(given)) session = given
    return answer
  }
  const headersOf = ({ method }: Message, era: Era): Record<string, string> => ({
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(session === undefined ? {} : { 'mcp-session-id': session }),
    ...(method === 'initialize' ? {} : { 'mcp-protocol-version': era }),
    ...(era === '2026-07-28' ? { 'mcp-method': method } : {}),
  })

  return {
    async exchange(message, era) {
      const answer = await post(message, era)
      const { statusCode = 0, headers } = answer
      if (statusCode === 401 || statusCode === 403) throw refused(answer, `It wants another credential (${statusCode})`)
      if (statusCode >= 300 && statusCode < 400)
        throw refused(answer, `It redirects (${statusCode}), which is not followed`)
      const isStream = /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
      const found = isStream ? await eventOf(answer, message.id, spend) : await jsonOf(answer, spend)
      if (found === undefined) throw new Unreadable(`It does not answer ${message.method} (status ${statusCode})`)
      return found
    },
    async notify(message, era) {
      refused(await post(message, era), '')
    },
  }

  function spend(bytes: number): void {
    room -= bytes
    if (room < 0) throw new Unreadable(`More than ${MAX_BYTES} bytes`)
  }
}

function ask(url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? askSecure : askPlain
  return new Promise((resolve, reject) => {
    send(url, { method: 'POST', headers, signal, agent: false, maxHeaderSize: 16_384 }, resolve)
      .on('error', (thrown) => reject(new Unreadable(signal.aborted ? 'It did not answer in time' : thrown.message)))
      .end(body)
  })
}

function refused(answer: IncomingMessage, why: string): Unreadable {
  answer.on('error', () => undefined).destroy()
  return new Unreadable(why)
}

type Spend = (bytes: number) => void

async function jsonOf(answer: IncomingMessage, spend: Spend): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = []
  for await (const chunk of bounded(answer, spend)) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  return bytes[0] === 0x7b ? parsed(bytes) : undefined
}

// The first event that answers the message: a stream may carry notices before it, and stay open behind it.
async function eventOf(
  answer: IncomingMessage,
  id: number | undefined,
  spend: Spend,
): Promise<Record<string, unknown> | undefined> {
  let text = ''
  for await (const chunk of bounded(answer, spend)) {
    text += chunk.toString('latin1') // bytes stay bytes: a character may be cut between two chunks
    const events = text.split(/\r?\n\r?\n/)
    text = events.pop() ?? ''
    for (const event of events) {
      const data = event.split(/\r?\n/).flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
      if (data.length === 0) continue
      const message = parsed(Buffer.from(data.join('\n'), 'latin1'))
      if (message['id'] === id && message['method'] === undefined) {
        answer.destroy()
        return message
      }
    }
  }
  return undefined
}

async function* bounded(answer: IncomingMessage, spend: Spend): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      spend(chunk.length)
      yield chunk
    }
  } catch (thrown) {
    throw thrown instanceof Unreadable ? thrown : new Unreadable('It broke off, or did not answer in time')
  } finally {
    answer.destroy()
  }
}

function parsed(bytes: Buffer): Record<string, unknown> {
  try {
    return strictJson(bytes)
  } catch (thrown) {
    throw new Unreadable((thrown as Error).message)
  }
}
