// A throw-away certificate authority for tests and the demo: real X.509, made in memory, valid for a day.
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** PEM text of a certificate and its private key. */
export type Certificate = Readonly<{ cert: string; key: string }>

export type Authority = Readonly<{
  /** PEM of the CA certificate: what a client has to trust. */
  ca: string
  /** Issues a certificate, a server's when not said otherwise, for DNS names and IP addresses. */
  issue(names: readonly string[], options?: { validDays?: number; of?: 'server' | 'client' }): Promise<Certificate>
}>

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000
const { keyCertSign, digitalSignature } = x509.KeyUsageFlags

/** Makes a CA of its own name; two authorities never trust each other's certificates. */
export async function certificateAuthority(name = 'hardened-mcp test CA'): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(1),
    name: `CN=${name}`,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(keyCertSign, true)],
  })
  return {
    ca: ca.toString('pem'),
    async issue(names, { validDays = 1, of = 'server' } = {}) {
      const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
      const certificate = await x509.X509CertificateGenerator.create({
        ...validity(validDays),
        subject: `CN=${names[0]}`,
        issuer: ca.subject,
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[`${of}Auth`]]),
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
          ),
        ],
      })
      const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey))
      const base64 = der.toString('base64').replace(/.{64}/g, '$&\n')
      return {
        cert: `${certificate.toString('pem')}\n`,
        key: `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`,
      }
    },
  }
}

// An hour of slack before now, for machines whose clocks disagree. A negative span makes a certificate that has expired.
const validity = (days: number) => ({
  serialNumber: randomBytes(16).toString('hex'),
  notBefore: new Date(Date.now() - 3_600_000 + Math.min(0, days) * DAY_MS),
  notAfter: new Date(Date.now() + days * DAY_MS),
  signingAlgorithm: ALGORITHM,
})
