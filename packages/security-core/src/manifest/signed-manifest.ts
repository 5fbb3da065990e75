// Question: who vouches for these tools?
// Threat:   a manifest that was exchanged together with the server it describes.
// Rule:     the manifest's one text as a C2SP signed note with an Ed25519 signature of the operator's key, verified before it is read.
// Limits:   an older manifest that was signed for an older server still fits that server: take old notes away. The key is the operator's to keep.
// Proof:    signed-manifest.test.ts
import { hash, sign } from 'node:crypto'
import { ed25519Key, rawPublicKey } from '../audit/epoch-keys.ts'
import { signatureLine, verifierKey } from '../audit/signed-note.ts'
import { openNote, readVerifierKey } from '../audit/verify/index.ts'
import { type Manifest, manifestText, readManifest } from './manifest.ts'

/** The name of a key that signs manifests, from its public half. */
const signerName = (publicKey: Buffer): string => `hardened-mcp-manifest/${hash('sha256', publicKey).slice(0, 16)}`

/** The public half of the key with this seed of 32 bytes, as `name+id+key`. */
export function manifestKey(seed: Buffer): string {
  const publicKey = rawPublicKey(ed25519Key(seed))
  return verifierKey(signerName(publicKey), publicKey)
}

/** Returns the note. Throws `RangeError` on a manifest that its reader would refuse. */
export function signManifest(manifest: Manifest, seed: Buffer): string {
  const text = manifestText(manifest)
  const privateKey = ed25519Key(seed)
  const publicKey = rawPublicKey(privateKey)
  const signature = sign(null, Buffer.from(text, 'utf8'), privateKey).toString('hex')
  return `${text}\n${signatureLine(signerName(publicKey), publicKey, signature)}`
}

/** Returns what the holder of `key` (`name+id+key`) signed. Throws `RangeError` with one line on anything else. */
export function openManifest(note: string, key: string): Manifest {
  const text = openNote(note, readVerifierKey(key))
  if (text === undefined) throw new RangeError('The manifest is not signed by this key')
  return readManifest(text)
}
