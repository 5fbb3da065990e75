// Writes C2SP signed notes: who vouches for a text, in a form that other tools read. `verify/open-note.ts` reads them.
import { hash } from 'node:crypto'

const ED25519 = 0x01 // signature type of C2SP signed-note

/** One line of signature: `publicKey` is the 32 raw bytes, `signature` 128 hexadecimal digits. */
export function signatureLine(name: string, publicKey: Buffer, signature: string): string {
  const bytes = Buffer.concat([keyId(name, publicKey), Buffer.from(signature, 'hex')])
  return `— ${name} ${bytes.toString('base64')}\n`
}

/** The public half of a key in its written form: `name+id+key`. */
export function verifierKey(name: string, publicKey: Buffer): string {
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64')
  return `${name}+${keyId(name, publicKey).toString('hex')}+${key}`
}

const keyId = (name: string, publicKey: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey]), 'buffer').subarray(0, 4)
