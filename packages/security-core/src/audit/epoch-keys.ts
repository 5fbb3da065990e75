// Question: can somebody who takes over the server now rewrite what it recorded before?
// Threat:   a signing key that lies on the machine for years: whoever steals it once can sign any past.
// Rule:     each epoch has an Ed25519 key of its own that signs its checkpoint and is forgotten; the seed of the next one is derived
//           one way (HKDF, RFC 5869), and the checkpoint names the next public key, so that no other key can seal the next epoch.
// Limits:   who holds the seed of epoch n can seal n and all that follow. Nothing here protects records after the last checkpoint.
// Proof:    epoch-keys.test.ts
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto'

export const SEED_BYTES = 32

export type EpochKey = Readonly<{
  epoch: number
  /** The 32 bytes of the Ed25519 public key, in hexadecimal. */
  publicKey: string
  /** Ed25519 signature of the UTF-8 text, in hexadecimal. */
  sign(text: string): string
  /** What to keep between two processes, and to forget with the key. */
  seed(): Buffer
  /** The key of the next epoch. There is no way back from it to this one. */
  next(): EpochKey
  /** Overwrites the seed: from now on this key signs nothing. */
  forget(): void
}>

/** Takes over `seed`. Throws `RangeError` on another length than 32 bytes, or an epoch that is no count. */
export function epochKey(seed: Buffer, epoch: number): EpochKey {
  if (seed.length !== SEED_BYTES) throw new RangeError(`The seed of an epoch must be ${SEED_BYTES} bytes`)
  if (!Number.isSafeInteger(epoch) || epoch < 1) throw new RangeError('An epoch with a key must be numbered from 1')
  let privateKey: KeyObject | undefined = ed25519Key(seed)
  return {
    epoch,
    publicKey: rawPublicKey(privateKey).toString('hex'),
    sign(text) {
      if (privateKey === undefined) throw new RangeError(`The key of epoch ${epoch} is forgotten`)
      return sign(null, Buffer.from(text, 'utf8'), privateKey).toString('hex')
    },
    seed: () => seed,
    next: () => epochKey(nextSeed(seed, epoch + 1), epoch + 1),
    forget() {
      privateKey = undefined
      seed.fill(0)
    },
  }
}

// The number is part of the derivation: a seed stands for one epoch only.
const nextSeed = (seed: Buffer, epoch: number): Buffer =>
  Buffer.from(hkdfSync('sha256', seed, '', `hardened-mcp audit v1 epoch ${epoch}`, SEED_BYTES))

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex') // RFC 8410 §7: all that stands before the seed

/** RFC 8032 calls these 32 bytes the private key. */
export const ed25519Key = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' })

export const rawPublicKey = (privateKey: KeyObject): Buffer =>
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES)
