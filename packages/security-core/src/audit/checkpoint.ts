// What a checkpoint says (C2SP tlog-checkpoint): which trail, how many records, and the root over them.
import type { TreeHead } from './merkle-tree.ts'

/** `origin` names the trail, for ever and everywhere: a checkpoint of one cannot stand for another. */
export type Checkpoint = TreeHead & Readonly<{ origin: string }>

const LINES = /^([!-~](?:[ -~]{0,198}[!-~])?)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/

/** Returns the text to sign. Throws `RangeError` on a value that does not read back the same. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${Buffer.from(root, 'hex').toString('base64')}\n`
  const read = readCheckpoint(text)
  if (read?.origin !== origin || read.size !== size || read.root !== root)
    throw new RangeError(
      'A checkpoint must have an origin of one ASCII line, a count, and a root of 64 hexadecimal digits',
    )
  return text
}

/** Returns `undefined` for a text that is not exactly a checkpoint. Extension lines are not known here, and refused. */
export function readCheckpoint(text: string): Checkpoint | undefined {
  const [, origin, size, encoded] = LINES.exec(text) ?? []
  if (origin === undefined || encoded === undefined || !Number.isSafeInteger(Number(size))) return undefined
  const root = Buffer.from(encoded, 'base64')
  if (root.toString('base64') !== encoded) return undefined // one root, one spelling
  return { origin, size: Number(size), root: root.toString('hex') }
}
