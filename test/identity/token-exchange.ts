// A small token exchange (RFC 8693) beside the authorization server of the tests: one audience, never more scope, and a chain of actors.
import { randomUUID, verify } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { SigningKey } from './authorization-server.ts'
import { compact, type Json, seconds } from './forge.ts'

/** Everything that was sent to the exchange, as it came. */
export const exchanged: string[] = []

export async function exchange(
  request: IncomingMessage,
  key: SigningKey,
  secret: string,
): Promise<Readonly<{ status: number; body: string }>> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  exchanged.push(text)
  const refuse = (error: string, status = 400) => ({ status, body: JSON.stringify({ error }) })
  const [client = '', given] = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64')
    .toString()
    .split(':')
  if (given !== secret) return refuse('invalid_client', 401)
  const form = new URLSearchParams(text)
  const subject = claimsOf(form.get('subject_token') ?? '', key)
  if (subject === undefined) return refuse('invalid_grant')
  const held = String(subject['scope']).split(' ')
  const asked = (form.get('scope') ?? '').split(' ')
  if (!asked.every((each) => held.includes(each))) return refuse('invalid_scope')
  const { iss, sub, tenant, act } = subject
  const claims = {
    ...{ iss, sub, tenant, aud: form.get('resource'), client_id: client, scope: asked.join(' ') },
    ...{ jti: randomUUID(), iat: seconds(), exp: seconds(300) },
    act: { sub: client, ...(act === undefined ? {} : { act }) },
  }
  const token = compact({ alg: key.alg, typ: 'at+jwt', kid: key.kid }, claims, key)
  return {
    status: 200,
    body: JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 300, scope: asked.join(' ') }),
  }
}

function claimsOf(token: string, { key }: SigningKey): Json | undefined {
  const [head = '', body = '', signature = ''] = token.split('.')
  const isOurs = verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))
  return isOurs ? (JSON.parse(Buffer.from(body, 'base64url').toString()) as Json) : undefined
}
