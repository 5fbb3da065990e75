// Question: was this trail sealed, epoch by epoch, by keys that no longer exist?
// Threat:   a past that is rewritten and signed anew with a stolen log key, or sealed with the key of a later epoch.
// Rule:     checkpoints are numbered without a gap; each covers exactly the lines before it, is signed by the log key for this very
//           slot, and is sealed by the key that the checkpoint before it announced.
// Limits:   the first checkpoint rests on the log key alone, and so does a whole trail that was made anew with it: only an anchor
//           shows that. Without a log key signatures are not judged, and nothing is established.
// Proof:    ../../../../host/src/audit/tamper.test.ts
import { signedBy } from './open-note.ts'

/** What the fields of a checkpoint record say. */
type Said = Readonly<{ size?: number; root?: string; epoch?: number; next?: string; sig?: string; seal?: string }>

/** The key with which the next checkpoint will be sealed, as the machine that writes the trail still holds it. */
export type LiveKey = Readonly<{ epoch: number; publicKey: string }>

export type Seals = Readonly<{
  /** Takes the checkpoints in order: returns what is wrong with one, or nothing. `seq` is its own place, `root` what was computed. */
  take(said: Said, seq: number, root: string): string | undefined
  /** The last checkpoint, or -1. */
  sealedUpTo(): number
  /** The checkpoint that announced the live key, or -1. */
  liveFrom(): number
}>

/** `cutAt` is given where earlier records were pruned: the first checkpoint then is the one at which they were cut off. */
export function seals(options: Readonly<{ origin: string; logKey?: Buffer; live?: LiveKey; cutAt?: true }>): Seals {
  const { origin, logKey, live } = options
  let due: Readonly<{ epoch: number; key: string }> | undefined
  let sealed = -1
  let liveFrom = -1

  function take(said: Said, seq: number, root: string): string | undefined {
    const { size, epoch, next, sig, seal } = said
    if (size === undefined || epoch === undefined || next === undefined || sig === undefined || said.root === undefined)
      return 'A checkpoint that lacks one of its fields'
    if (size !== seq) return `A checkpoint over ${size} records stands at number ${seq}`
    if (said.root !== root) return 'A checkpoint whose root is not that of the records before it'
    const first = due === undefined
    if (epoch !== (due?.epoch ?? (options.cutAt ? epoch : 0)))
      return `The checkpoint of epoch ${due?.epoch ?? 0} is due, not of ${epoch}`
    if ((seal === undefined) !== (epoch === 0))
      return 'A checkpoint with or without a seal where it should be the other way'
    if (logKey !== undefined) {
      const text = `${origin}\n${size}\n${Buffer.from(root, 'hex').toString('base64')}\nepoch ${epoch}\nnext ${next}\n`
      if (!signedBy(logKey, text, sig)) return 'A checkpoint that the log key did not sign for this trail'
      // Of a checkpoint at which records were cut off, the key that sealed it is gone with them.
      if (seal !== undefined && !first && !signedBy(Buffer.from(due?.key ?? '', 'hex'), text, seal))
        return `A checkpoint that the key of epoch ${epoch} did not seal`
      sealed = seq
    }
    if (live?.epoch === epoch + 1) {
      if (next !== live.publicKey)
        return `The key on this machine is not the one that the checkpoint of epoch ${epoch} announced`
      liveFrom = seq
    }
    due = { epoch: epoch + 1, key: next }
    return undefined
  }

  return { take, sealedUpTo: () => sealed, liveFrom: () => liveFrom }
}
