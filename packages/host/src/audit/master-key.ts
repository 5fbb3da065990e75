// The master key of the argument hashes: made once per audit directory, then only read.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MASTER_KEY_BYTES } from '@hardened-mcp/security-core'
import { codeOf, openPrivate, syncDirectory } from './private-files.ts'

const FILE = 'hmac.key'

/** Returns the key of the directory. Throws `RangeError` when the file is there and holds no key. */
export async function masterKey(dir: string): Promise<Buffer> {
  const path = join(dir, FILE)
  const known = await readKey(path)
  if (known !== undefined) return known
  await createKey(dir, path)
  const created = await readKey(path)
  if (created === undefined) throw new RangeError(`${path} vanished while it was created`)
  return created
}

async function readKey(path: string): Promise<Buffer | undefined> {
  const file = await openPrivate(path, constants.O_RDONLY).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  })
  if (file === undefined) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0)
    const text = buffer.toString('latin1', 0, bytesRead)
    // A key that is not whole is never replaced: earlier hashes would lose their meaning without a word.
    if (!/^[0-9a-f]{64}\n$/.test(text)) throw new RangeError(`${path} must hold 64 hexadecimal digits and a line feed`)
    return Buffer.from(text.slice(0, MASTER_KEY_BYTES * 2), 'hex')
  } finally {
    await file.close()
  }
}

// Written whole under another name, then linked: two instances that start together agree on the first one's key.
async function createKey(dir: string, path: string): Promise<void> {
  const draft = join(dir, `${FILE}.${randomBytes(8).toString('hex')}.tmp`)
  const file = await openPrivate(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
  try {
    await file.writeFile(`${randomBytes(MASTER_KEY_BYTES).toString('hex')}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
  await link(draft, path).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'EEXIST') throw thrown
  })
  await unlink(draft)
  await syncDirectory(dir)
}
