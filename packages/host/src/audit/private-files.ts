// Question: can anybody but the server's own user read or write the trail and its key?
// Threat:   a directory that other users may enter, a file put there beforehand, a symbolic link that leads elsewhere.
// Rule:     directory 0700 and files 0600 of the effective user; anything else stops the start. Links are not followed.
// Limits:   root, and whoever is the same user, can do everything: only an anchor kept elsewhere answers that.
// Proof:    private-files.test.ts
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, realpath, rename } from 'node:fs/promises'
import { join } from 'node:path'

const OTHERS = 0o077

/** Makes the directory if it is missing and returns its real path. Throws `RangeError` when it is not private. */
export async function privateDirectory(dir: string): Promise<string> {
  if ((await lstat(dir).catch(() => undefined)) === undefined) await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = await realpath(dir)
  directoryMustBePrivate(dir, await lstat(path))
  return path
}

/** Throws `RangeError` with one line unless user `own`, by default the user of this process, alone can enter the directory. */
export function directoryMustBePrivate(
  dir: string,
  { mode, uid }: Readonly<{ mode: number; uid: number }>,
  own = process.geteuid?.(),
): void {
  if ((mode & constants.S_IFMT) !== constants.S_IFDIR)
    throw new RangeError(`Audit directory ${dir} must be a directory`)
  mustBePrivate(`Audit directory ${dir}`, { mode, uid }, '0700', own)
}

/** Opens a regular file, or makes it with mode 0600 when `flags` hold O_CREAT. Throws `RangeError` when it is not private. */
export async function openPrivate(path: string, flags: number): Promise<FileHandle> {
  // O_NONBLOCK: a FIFO in this place must not hold up the start.
  const file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ELOOP') throw new RangeError(`${path} must not be a symbolic link`)
    throw thrown
  })
  try {
    const facts = await file.stat()
    if (!facts.isFile()) throw new RangeError(`${path} must be a regular file`)
    mustBePrivate(path, facts, '0600')
    return file
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

/** The first `maxBytes` of a private file as Latin-1; `undefined` when there is none. */
export async function readPrivate(path: string, maxBytes: number): Promise<string | undefined> {
  const file = await openPrivate(path, constants.O_RDONLY).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  })
  if (file === undefined) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Writes the text whole and durably under a name of its own beside `path`, and returns that name. */
export async function writeDraft(path: string, text: string): Promise<string> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.tmp`
  const file = await openPrivate(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
  try {
    await file.writeFile(text, 'latin1')
    await file.datasync()
  } finally {
    await file.close()
  }
  return draft
}

/** Writes the file whole under another name and puts it in its place: durable when it resolves. */
export async function replaceFile(dir: string, name: string, text: string): Promise<void> {
  const path = join(dir, name)
  await rename(await writeDraft(path, text), path)
  await syncDirectory(dir)
}

/** A name in a directory is durable only after this. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const codeOf = (thrown: unknown): unknown => (thrown as { code?: unknown } | null | undefined)?.code

function mustBePrivate(
  what: string,
  facts: { mode: number; uid: number },
  expected: string,
  own = process.geteuid?.(),
): void {
  if (facts.uid !== own) throw new RangeError(`${what} must belong to the user that runs the server`)
  if ((facts.mode & OTHERS) !== 0)
    throw new RangeError(`${what} must have mode ${expected}, got ${(facts.mode & 0o777).toString(8).padStart(4, '0')}`)
}
