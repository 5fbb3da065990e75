// The private corner of a writable root: files on their way in, files on their way out, and what a crash left of both.
import { fstatSync, lstatSync, mkdirSync, openSync, constants, readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { again, closing, errorCode, inside, openDirectory } from './descriptors.ts'
import { mustBeOnMount } from './entry-rules.ts'
import { readMoveNote } from './move-note.ts'
import { withParent } from './parent.ts'
import { type RootLock, rootLock } from './root-lock.ts'
import type { OpenRoot } from './roots.ts'

/** On the list of secret names: no tool opens, lists or changes what is in it. */
export const STAGING = '.hardened-mcp'

export type Staging = Readonly<{ tmpFd: number; trashFd: number; lock: RootLock }>

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants

/** Makes or opens it and takes away what a killed worker left. Throws `RangeError` when the root cannot be written. */
export function openStaging(root: OpenRoot): Staging {
  try {
    const fd = privateDirectory(root, root.fd, STAGING)
    const tmpFd = privateDirectory(root, fd, 'tmp')
    const trashFd = privateDirectory(root, fd, 'trash')
    closing(openSync(inside(fd, 'lock'), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600), mustBeEmptyFile)
    const lock = rootLock(fd)
    lock.holding(() => clean(root, tmpFd))
    return { tmpFd, trashFd, lock }
  } catch (thrown) {
    const why = errorCode(thrown) ?? (thrown instanceof Error ? thrown.message : 'unknown error')
    throw new RangeError(`Root ${root.grant.name} is declared writable and cannot be written: ${why}`)
  }
}

function privateDirectory(root: OpenRoot, dirFd: number, name: string): number {
  try {
    mkdirSync(inside(dirFd, name), 0o700)
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') throw thrown
  }
  const fd = openDirectory(dirFd, name) // a link in its place ends the start
  mustBeOnMount(root, fd, fstatSync(fd))
  return fd
}

function mustBeEmptyFile(fd: number): void {
  const stats = fstatSync(fd)
  if (!stats.isFile() || stats.nlink !== 1 || stats.size !== 0)
    throw new RangeError(`${STAGING}/lock is not an empty file`)
}

// The lock is held, so nobody is at work: every name in here belongs to a change that did not come to its end.
function clean(root: OpenRoot, tmpFd: number): void {
  for (const name of readdirSync(again(tmpFd))) {
    const path = inside(tmpFd, name)
    if (name.startsWith('move-')) finishMove(root, path)
    if (lstatSync(path).isDirectory()) rmdirSync(path)
    else unlinkSync(path)
  }
}

// A move of a file links its new name before it takes the old one away. Between the two the file has both.
function finishMove(root: OpenRoot, notePath: string): void {
  const note = readMoveNote(notePath)
  if (note === undefined) return
  const inodeOf = (segments: readonly string[]) =>
    tolerant(() =>
      withParent(root, segments, ({ dirFd, name }) => lstatSync(inside(dirFd, name), { bigint: true }).ino),
    )
  if (inodeOf(note.from) === BigInt(note.inode) && inodeOf(note.to) === BigInt(note.inode))
    tolerant(() => withParent(root, note.from, ({ dirFd, name }) => unlinkSync(inside(dirFd, name))))
}

function tolerant<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined // a name that is gone or closed by now is left to its owner
  }
}
