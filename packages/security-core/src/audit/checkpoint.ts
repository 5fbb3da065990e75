// What a checkpoint says (C2SP tlog-checkpoint): which trail, how many records, the root over them, and whose seal comes next.
import { ed25519Key, type EpochKey, rawPublicKey } from './epoch-keys.ts'
import type { AuditEvent } from './event.ts'
import type { TreeHead } from './merkle-tree.ts'
import { signatureLine } from './signed-note.ts'
import { hash, type KeyObject, sign } from 'node:crypto'

/** Who signs for a trail: `origin` names the trail, for ever and everywhere, and is the name of its keys. */
export type TrailSigner = Readonly<{ origin: string; privateKey: KeyObject; publicKey: Buffer }>

/** The fields of a checkpoint record, and the same as a signed note to keep elsewhere. */
export type SealedCheckpoint = Readonly<{ event: AuditEvent; note: string }>

/** The name of a log, from its public key alone. */
export const logName = (publicKey: Buffer): string => `hardened-mcp/${hash('sha256', publicKey, 'hex').slice(0, 16)}`

export const slotOrigin = (log: string, slot: number): string => `${log}/slot-${slot}`

export function trailSigner(seed: Buffer, slot: number): TrailSigner {
  const privateKey = ed25519Key(seed)
  const publicKey = rawPublicKey(privateKey)
  return { origin: slotOrigin(logName(publicKey), slot), privateKey, publicKey }
}

/**
 * Seals everything up to `head` with the key of the epoch, which is the last thing that key does. Without a key it is the first
 * checkpoint of a trail: epoch 0, which the log key alone vouches for. `next` is the public key of the epoch after it.
 */
export function sealCheckpoint(
  head: TreeHead,
  keys: Readonly<{ signer: TrailSigner; key?: EpochKey; next: string }>,
): SealedCheckpoint {
  const { signer, key, next } = keys
  const epoch = key?.epoch ?? 0
  const text = checkpointText({ ...head, origin: signer.origin, epoch, next })
  const sig = sign(null, Buffer.from(text, 'utf8'), signer.privateKey).toString('hex')
  const seal = key?.sign(text)
  const { size, root } = head
  return {
    event: { type: 'checkpoint', size, root, epoch, next, sig, ...(seal === undefined ? {} : { seal }) },
    note: `${text}\n${signatureLine(signer.origin, signer.publicKey, sig)}`,
  }
}

/** The text that is signed: the three lines of a checkpoint and two extension lines. */
export const checkpointText = (said: TreeHead & Readonly<{ origin: string; epoch: number; next: string }>): string =>
  `${said.origin}\n${said.size}\n${Buffer.from(said.root, 'hex').toString('base64')}\nepoch ${said.epoch}\nnext ${said.next}\n`
