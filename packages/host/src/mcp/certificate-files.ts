// Follows the files of certificate, key and client CA: a renewed pair is shown to the next connection, and half a pair, or none, to nobody.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** PEM texts. `ca`: whose certificates a client has to show. */
export type Certificate = Readonly<{ cert: string; key: string; ca?: string }>
type Files = Readonly<{ certFile: string; keyFile: string; clientCaFile?: string }>

const POLL_MS = 5_000

/** Throws `RangeError` with one line when there is no pair to start with. */
export function certificateFiles(files: Files): Certificate {
  const { certFile, keyFile, clientCaFile } = files
  try {
    return paired([certFile, keyFile, clientCaFile].map((file) => file && readFileSync(file, 'utf8')))
  } catch (thrown) {
    const reason = thrown instanceof RangeError ? thrown.message : 'cannot be read'
    const authority = clientCaFile === undefined ? '' : `, client CA ${clientCaFile}`
    throw new RangeError(`Certificate ${certFile} and key ${keyFile}${authority}: ${reason}`)
  }
}

/** Calls `take` with each new pair; says once when the files are no pair, and keeps the last one. */
export function followCertificate(from: {
  files: Files
  shown: Certificate
  take: (pair: Certificate) => void
  log: (event: 'certificate_loaded' | 'certificate_refused', reason: string) => void
  pollMs?: number
}): () => void {
  let last = from.shown
  let said = ''
  let closed = false
  const look = async () => {
    try {
      const { certFile, keyFile, clientCaFile } = from.files
      const files = [certFile, keyFile, clientCaFile]
      const [cert, key, ca] = await Promise.all(files.map(async (file) => file && readFile(file, 'utf8')))
      if ((cert !== last.cert || ca !== last.ca) && !closed) {
        const pair = paired([cert, key, ca])
        from.take(pair)
        last = pair // not before it was taken: one that cannot be is tried again
        from.log('certificate_loaded', new X509Certificate(pair.cert).validTo)
      }
      said = ''
    } catch (thrown) {
      const reason = thrown instanceof RangeError ? thrown.message : 'The files cannot be read'
      if (said !== reason) from.log('certificate_refused', reason)
      said = reason
    }
    if (!closed) timer = later()
  }
  const later = () => setTimeout(() => void look(), from.pollMs ?? POLL_MS).unref()
  let timer = later()
  return () => {
    closed = true
    clearTimeout(timer)
  }
}

function paired([cert = '', key = '', ca]: readonly (string | undefined)[]): Certificate {
  let fits = false
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
    if (ca !== undefined && !new X509Certificate(ca).ca) throw new RangeError('the client CA must be an authority')
  } catch (thrown) {
    throw thrown instanceof RangeError ? thrown : new RangeError('they must be PEM')
  }
  if (!fits) throw new RangeError('the key must be that of the certificate')
  return { cert, key, ...(ca === undefined ? {} : { ca }) }
}
