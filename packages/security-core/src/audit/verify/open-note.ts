// Question: who vouches for this text?
// Threat:   a checkpoint that somebody without the key made up, or carried over from another log; a text with two readings.
// Rule:     C2SP signed note: the text, an empty line, and a line with key name, key id and Ed25519 signature of the text.
// Limits:   proves that the holder of the key signed it, not when, nor that they signed nothing else. One algorithm, no others.
// Proof:    open-note.test.ts
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'

/** `id` is the first 4 bytes of SHA-256(name || 0x0A || 0x01 || key), in hexadecimal; `raw` the 32 bytes of the key. */
export type VerifierKey = Readonly<{ name: string; raw: Buffer }>

/** What a checkpoint says, with the two extension lines of this format. */
export type NotedCheckpoint = Readonly<{ origin: string; size: number; root: string; epoch: number; next: string }>

const ED25519 = 0x01 // signature type of C2SP signed-note
const NAME = /^[!-*,-~]{1,128}$/ // printable ASCII without space and plus
const TEXT = /^(?:[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])*\n$/
const SIGNATURE = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/
const MAX_SIGNATURES = 16 // witnesses may add theirs
const COUNT = '(0|[1-9][0-9]{0,15})'
const CHECKPOINT = new RegExp(
  `^([!-~](?:[ -~]{0,198}[!-~])?)\\n${COUNT}\\n([A-Za-z0-9+/]{43}=)\\nepoch ${COUNT}\\nnext ([0-9a-f]{64})\\n$`,
)

/** Returns the text when the note carries a good signature of that key, and otherwise `undefined`. Other keys' lines do not count. */
export function openNote(note: string, { name, raw }: VerifierKey): string | undefined {
  const end = note.lastIndexOf('\n\n')
  const text = note.slice(0, end + 1)
  if (end < 0 || !note.endsWith('\n') || !TEXT.test(text)) return undefined
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return undefined
  const id = keyId(name, raw)
  const publicKey = publicKeyOf(raw)
  let signed = false
  for (const line of lines) {
    const [, signer, encoded = ''] = SIGNATURE.exec(line) ?? []
    const bytes = Buffer.from(encoded, 'base64')
    if (signer === undefined || bytes.length < 5 || bytes.toString('base64') !== encoded) return undefined
    if (signer !== name || !bytes.subarray(0, 4).equals(id)) continue
    // A bad signature under the right name spoils the note, whatever else is there.
    if (!verify(null, Buffer.from(text, 'utf8'), publicKey, bytes.subarray(4))) return undefined
    signed = true
  }
  return signed ? text : undefined
}

/** Reads `name+id+key`. Throws `RangeError` when it has not this form, or the id does not fit. */
export function readVerifierKey(key: string): VerifierKey {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(key) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  const raw = bytes.subarray(1)
  if (!NAME.test(name) || bytes[0] !== ED25519 || keyId(name, raw).toString('hex') !== id)
    throw new RangeError('A verifier key must have the form name+id+key, and its id must fit')
  return { name, raw }
}

/** Returns `undefined` for a text that is not exactly a checkpoint of this format. */
export function readCheckpoint(text: string): NotedCheckpoint | undefined {
  const [, origin = '', size, encoded = '', epoch, next = ''] = CHECKPOINT.exec(text) ?? []
  const root = Buffer.from(encoded, 'base64')
  const counts = [Number(size), Number(epoch)]
  if (root.length !== 32 || root.toString('base64') !== encoded || !counts.every(Number.isSafeInteger)) return undefined
  return { origin, size: Number(size), root: root.toString('hex'), epoch: Number(epoch), next }
}

/** Whether `signature` (hexadecimal) is the Ed25519 signature of the UTF-8 text under the raw public key. */
export const signedBy = (raw: Buffer, text: string, signature: string): boolean =>
  verify(null, Buffer.from(text, 'utf8'), publicKeyOf(raw), Buffer.from(signature, 'hex'))

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex') // RFC 8410 §4: all that stands before the key

const publicKeyOf = (raw: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_ED25519, raw]), format: 'der', type: 'spki' })

const keyId = (name: string, raw: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), raw]), 'buffer').subarray(0, 4)
