// Secrets of 32 bytes that are made once per audit directory, and then only read: the key of the argument hashes, the key of the log.
import { randomBytes } from 'node:crypto'
import { link, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, readPrivate, syncDirectory, writeDraft } from './private-files.ts'

const SECRET_BYTES = 32
const MAX_FILE_BYTES = 512

/** The master key of the argument hashes. Throws `RangeError` when its file is there and holds no key. */
export const masterKey = (dir: string): Promise<Buffer> => secretOf(dir, 'hmac.key')

/** The seed of the Ed25519 key that signs every checkpoint of this directory. Throws `RangeError` like `masterKey`. */
export const logKey = (dir: string): Promise<Buffer> => secretOf(dir, 'log.key')

async function secretOf(dir: string, name: string): Promise<Buffer> {
  const text = await onceWritten(dir, name, () => `${randomBytes(SECRET_BYTES).toString('hex')}\n`)
  // A key that is not whole is never replaced: earlier hashes and signatures would lose their meaning without a word.
  if (!/^[0-9a-f]{64}\n$/.test(text))
    throw new RangeError(`${join(dir, name)} must hold 64 hexadecimal digits and a line feed`)
  return Buffer.from(text.slice(0, SECRET_BYTES * 2), 'hex')
}

/** Returns what the file holds, which is what was written the first time, by whichever of many instances. */
export async function onceWritten(dir: string, name: string, make: () => string): Promise<string> {
  const path = join(dir, name)
  const known = await readPrivate(path, MAX_FILE_BYTES)
  if (known !== undefined) return known
  await create(dir, path, make())
  const created = await readPrivate(path, MAX_FILE_BYTES)
  if (created === undefined) throw new RangeError(`${path} vanished while it was created`)
  return created
}

// Written whole under another name, then linked: two instances that start together agree on the first one's file.
async function create(dir: string, path: string, text: string): Promise<void> {
  const draft = await writeDraft(path, text)
  await link(draft, path).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'EEXIST') throw thrown
  })
  await unlink(draft)
  await syncDirectory(dir)
}
