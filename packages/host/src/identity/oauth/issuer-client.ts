// What the front asks an authorization server for, through the one guarded way out: its key set, and what an opaque token means.
import { readUrl, type WebUrl } from '@hardened-mcp/security-core'
import { listedFile } from '../../listed-file.ts'
import { strictJson } from '../../mcp/strict-json.ts'
import { insideHost, outbound, type OutboundOptions, readBounded } from '../../outbound/index.ts'
import type { IssuerConfig } from './config.ts'

const WHAT = 'an issuer'
const TIMEOUT_MS = 3_000
const KEY_SET_BYTES = 256 * 1024
const ANSWER_BYTES = 64 * 1024

export type IssuerClient = Readonly<{
  /** Rejects unless the key set came whole, in time, as status 200 of the configured address. */
  keySet(): Promise<unknown>
  /** RFC 7662 §2: the claims of an opaque token. */
  introspect(token: string): Promise<Readonly<Record<string, unknown>>>
}>

/** Throws `RangeError` when a file that the section names cannot be read. */
export function issuerClient(
  issuer: IssuerConfig,
  dial: Pick<OutboundOptions, 'dnsServers' | 'onDial'> = {},
): IssuerClient {
  const { jwks_uri, introspection } = issuer
  const internal = [jwks_uri, introspection?.endpoint].flatMap((url) =>
    url === undefined ? [] : insideHost(issuer.inside, urlOf(url), WHAT),
  )
  const session = outbound({ ...dial, internal })
  const ask = async (url: string, maxBytes: number, form?: Readonly<{ authorization: string; body: string }>) => {
    const stop = AbortSignal.timeout(TIMEOUT_MS)
    const open = session(stop)
    try {
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await open.send({
        url: urlOf(url),
        method: form === undefined ? 'GET' : 'POST',
        headers: { accept: 'application/json', ...(form && { ...type, authorization: form.authorization }) },
        ...(form && { body: form.body }),
      })
      if (answer.status !== 200) throw new RangeError(`The issuer answered with status ${answer.status}`) // no redirect either
      return strictJson(await readBounded(answer, maxBytes, stop))
    } finally {
      open.close()
    }
  }
  const credential =
    introspection === undefined ? '' : basic(introspection.client_id, secretOf(introspection.secret_file))
  return {
    keySet: () =>
      jwks_uri === undefined ? Promise.reject(new RangeError('No jwks_uri')) : ask(jwks_uri, KEY_SET_BYTES),
    introspect: (token) =>
      introspection === undefined
        ? Promise.reject(new RangeError('No introspection'))
        : ask(introspection.endpoint, ANSWER_BYTES, {
            authorization: credential,
            body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
          }),
  }
}

function urlOf(text: string): WebUrl {
  const reading = readUrl(text)
  if (!reading.ok) throw new RangeError(`URL of an issuer: ${reading.reason}`)
  return reading.url
}

const secretOf = (file: string) => listedFile(file, WHAT).trim()
// RFC 6749 §2.3.1: each half is form-encoded before the two are joined.
const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`
