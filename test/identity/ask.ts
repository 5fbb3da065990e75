// One JSON-RPC request with exactly the credential fields of a case: to our own server, or to any other that speaks MCP over HTTP.
import { type OutgoingHttpHeaders, request as plainRequest } from 'node:http'
import { request as tlsRequest, type RequestOptions } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'

export type Asked = Readonly<{
  status: number
  challenge: string
  headers: NodeJS.Dict<string | string[]>
  body: string
}>
/** `host`: what stands in the Host header where the way there is not the server's own address. */
export type Target = Readonly<{
  url: string
  ca?: string
  host?: string
  /** What the client shows of itself, and the connections it keeps. */
  own?: Pick<RequestOptions, 'cert' | 'key' | 'agent'>
}>
export type CredentialFields = Readonly<{
  authorization?: string | readonly string[]
  dpop?: string | readonly string[]
}>

const MAX_WAITS = 5
const INITIALIZE = {
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'matrix', version: '1.0.0' } },
}

/** Waits as a 429 says, since a matrix of forgeries looks like an attack. */
export async function ask(target: Target, fields: CredentialFields, message: unknown = INITIALIZE): Promise<Asked> {
  for (let waits = 0; ; waits++) {
    const asked = await send(target, fields, message)
    if (asked.status !== 429 || waits >= MAX_WAITS) return asked
    await delay(1_000 * Number(asked.headers['retry-after'] ?? 1))
  }
}

/** A GET without any credential. */
export const look = (target: Target): Promise<Asked> => send(target, {}, undefined)

function send({ url, ca, host, own }: Target, fields: CredentialFields, message: unknown): Promise<Asked> {
  const headers: OutgoingHttpHeaders = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(host === undefined ? {} : { host }),
  }
  for (const [name, value] of Object.entries(fields)) headers[name] = [value].flat()
  const options = {
    method: message === undefined ? 'GET' : 'POST',
    headers,
    ...own,
    ...(ca === undefined ? {} : { ca }),
  }
  return new Promise((resolve, fail) => {
    const sent = (url.startsWith('https:') ? tlsRequest : plainRequest)(url, options, (answer) => {
      let body = ''
      answer.on('data', (chunk) => (body += String(chunk)))
      answer.on('end', () => {
        const challenge = answer.headersDistinct['www-authenticate']?.join(', ') ?? ''
        resolve({ status: answer.statusCode ?? 0, challenge, headers: answer.headers, body })
      })
    })
    sent.on('error', fail).end(message === undefined ? undefined : JSON.stringify(message))
  })
}
