// Follows the files of certificate and key: a renewed pair is shown to the next connection, and half a pair, or none, to nobody.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

export type Certificate = Readonly<{ cert: string; key: string }>
type Files = Readonly<{ certFile: string; keyFile: string }>

const POLL_MS = 5_000

/** Throws `RangeError` with one line when there is no pair to start with. */
export function certificateFiles(files: Files): Certificate {
  try {
    return paired({ cert: readFileSync(files.certFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8') })
  } catch (thrown) {
    const reason = thrown instanceof RangeError ? thrown.message : 'cannot be read'
    throw new RangeError(`Certificate ${files.certFile} and key ${files.keyFile}: ${reason}`)
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
  let { cert: last } = from.shown
  let said = ''
  let closed = false
  const look = async () => {
    try {
      const { certFile, keyFile } = from.files
      const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
      if (cert !== last && !closed) {
        from.take(paired({ cert, key }))
        last = cert
        from.log('certificate_loaded', new X509Certificate(cert).validTo)
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

function paired(pair: Certificate): Certificate {
  let fits = false
  try {
    fits = new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))
  } catch {
    throw new RangeError('they must be PEM')
  }
  if (!fits) throw new RangeError('the key must be that of the certificate')
  return pair
}
