// Question: whose key has the TLS connection of this client shown?
// Threat:   a stolen token that works from any machine (RFC 8705 §1); a network that anybody with a good credential may speak in.
// Rule:     with a client CA, a connection without a certificate of it is not made; else a certificate is asked for where a token can be
//           bound to one, and none is believed for its names: it counts by the digest of all its bytes alone.
// Limits:   behind a proxy that ends TLS there is none to see, and a bound token is refused. Revocation is that of the token.
// Proof:    test/identity/mtls.test.ts
import { hash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket, TlsOptions } from 'node:tls'
import type { Certificate } from './certificate-files.ts'

/** `asked`: tokens can be bound to certificates, also to ones that no authority has signed (RFC 8705 §2.2). */
export const clientCertificates = ({ ca }: Certificate, asked: boolean): TlsOptions => ({
  requestCert: asked || ca !== undefined,
  rejectUnauthorized: ca !== undefined,
})

/** `x5t#S256` of RFC 8705 §3.1, or nothing where no certificate was shown. */
export function certificateThumbprint(socket: Socket & Partial<Pick<TLSSocket, 'getPeerX509Certificate'>>) {
  const shown = socket.getPeerX509Certificate?.()
  return shown === undefined ? undefined : hash('sha256', shown.raw, 'base64url')
}
