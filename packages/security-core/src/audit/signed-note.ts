// Question: who vouches for this text?
// Threat:   a checkpoint that somebody without the key made up, or carried over from another log; a text with two readings.
// Rule:     C2SP signed note: the text, an empty line, and a line with key name, key id and Ed25519 signature of the text.
// Limits:   proves that the holder of the key signed it, not when, nor that they signed nothing else. One algorithm, no others.
// Proof:    signed-note.test.ts
import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'

/** Who signs: the name is part of the key's identity. */
export type NoteSigner = Readonly<{ name: string; privateKey: KeyObject }>

const ED25519 = 0x01 // signature type of C2SP signed-note
const NAME = /^[!-*,-~]{1,128}$/ // printable ASCII without space and plus
const TEXT = /^(?:[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])*\n$/
const SIGNATURE = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/
const MAX_SIGNATURES = 16 // witnesses may add theirs

/** Returns the whole note. Throws `RangeError` on a name or a text that a note cannot hold. */
export function signNote(text: string, signer: NoteSigner): string {
  mustBeName(signer.name)
  if (!TEXT.test(text)) throw new RangeError('The text of a note must be lines without control characters')
  const id = keyId(signer.name, rawKey(createPublicKey(signer.privateKey)))
  const signature = sign(null, Buffer.from(text, 'utf8'), signer.privateKey)
  return `${text}\n— ${signer.name} ${Buffer.concat([id, signature]).toString('base64')}\n`
}

/** The public half in its written form: `name+id+key`. */
export function verifierKey(name: string, publicKey: KeyObject): string {
  mustBeName(name)
  const raw = rawKey(publicKey)
  return `${name}+${keyId(name, raw).toString('hex')}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`
}

/** Returns the text when the note carries a good signature of that key, and otherwise `undefined`. Other keys' lines do not count. */
export function openNote(note: string, key: string): string | undefined {
  const { name, id, publicKey } = readVerifierKey(key)
  const end = note.lastIndexOf('\n\n')
  const text = note.slice(0, end + 1)
  if (end < 0 || !note.endsWith('\n') || !TEXT.test(text)) return undefined
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return undefined
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

function readVerifierKey(key: string): { name: string; id: Buffer; publicKey: KeyObject } {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(key) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  const raw = bytes.subarray(1)
  if (!NAME.test(name) || bytes[0] !== ED25519 || keyId(name, raw).toString('hex') !== id)
    throw new RangeError('A verifier key must have the form name+id+key, and its id must fit')
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  })
  return { name, id: Buffer.from(id, 'hex'), publicKey }
}

function rawKey(publicKey: KeyObject): Buffer {
  const { crv, x } = publicKey.export({ format: 'jwk' })
  if (crv !== 'Ed25519' || x === undefined) throw new RangeError('The key of a note must be an Ed25519 key')
  return Buffer.from(x, 'base64url')
}

const keyId = (name: string, raw: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), raw]), 'buffer').subarray(0, 4)

function mustBeName(name: string): void {
  if (!NAME.test(name)) throw new RangeError('The name of a note key must be printable ASCII without space and plus')
}
