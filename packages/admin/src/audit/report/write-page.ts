// Puts a page in its place whole, for its owner alone: a report holds what callers did.
import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'

/** Replaces what bears the name, a symbolic link included. Throws `RangeError` when the folder cannot be written. */
export async function writePage(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(text)
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (thrown) {
    await rm(draft, { force: true })
    const code = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
    throw new RangeError(`The page ${path} cannot be written: ${code}`, { cause: thrown })
  }
}
