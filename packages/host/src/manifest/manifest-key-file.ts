// Files of the keys that sign manifests: a seed of 32 bytes, made once and never replaced, and its public half for everybody.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { openPrivate, readPrivate } from '../audit/private-files.ts'

const SEED_BYTES = 32
const MAX_FILE_BYTES = 512

/** Makes the file with mode 0600 and returns the seed. Throws `RangeError` when something is there already. */
export async function createManifestKey(path: string): Promise<Buffer> {
  const seed = randomBytes(SEED_BYTES)
  const file = await openPrivate(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL).catch(
    (thrown: unknown) => {
      throw thrown instanceof RangeError
        ? thrown
        : new RangeError(`${path} must be a new file in a directory that is there`)
    },
  )
  try {
    await file.writeFile(`${seed.toString('hex')}\n`, 'latin1')
    await file.sync()
  } finally {
    await file.close()
  }
  return seed
}

/** Throws `RangeError` unless it is a private file of 64 hexadecimal digits and a line feed. */
export async function readManifestKey(path: string): Promise<Buffer> {
  const text = await readPrivate(path, MAX_FILE_BYTES)
  if (text === undefined || !/^[0-9a-f]{64}\n$/.test(text))
    throw new RangeError(`${path} must hold 64 hexadecimal digits and a line feed`)
  return Buffer.from(text.slice(0, SEED_BYTES * 2), 'hex')
}
