// create_directory, move_file and delete_file: names that come, change and go, one directory entry at a time.
import { closeSync, fstatSync, mkdirSync, type Stats, unlinkSync } from 'node:fs'
import { errorCode, inside, openAny, openDirectory, openSameDirectory } from './descriptors.ts'
import { kindOf, mustBeDirectory, mustBeFile } from './entry-rules.ts'
import { writeMoveNote } from './move-note.ts'
import { look, type Parent, withParent } from './parent.ts'
import { pathDenial } from './path-rules.ts'
import { virtualPath } from './path-syntax.ts'
import { changed, freshName, identityAt, placeDirectory, placeLink, remove, take } from './placing.ts'
import { namesAbove } from './policy.ts'
import { tooLarge } from './quota.ts'
import { tree } from './tree.ts'
import { hashOf, readWhole } from './whole-file.ts'
import { fileWriteRule, placeWriteRule } from './write-rules.ts'
import type { Work } from './writer.ts'

const MAX_BELOW = 10_000 // entries of a directory that is moved or deleted whole

/** Makes the directory and those above it that are missing. */
export function createDirectory(work: Work, path: readonly string[]): object {
  const { root } = work
  mayBeAt(placeWriteRule(root.grant, path))
  let fd = openSameDirectory(root.fd)
  let created = 0
  try {
    for (const name of path) {
      try {
        mkdirSync(inside(fd, name))
        created += 1
        work.touch(fd)
      } catch (thrown) {
        if (errorCode(thrown) !== 'EEXIST') throw thrown
      }
      const next = openAny(fd, name)
      closeSync(fd)
      fd = next
      mustBeDirectory(root, { fd, stats: fstatSync(fd) })
    }
    return { path: virtualPath({ root: root.grant, segments: path }), created: created > 0 }
  } finally {
    closeSync(fd)
  }
}

/** Never replaces anything: a name that is taken stays as it is. */
export function moveEntry(work: Work, path: readonly string[], to: readonly string[]): object {
  const { root, staging } = work
  if (to.length >= path.length && path.every((name, i) => name === to[i]))
    throw pathDenial('into_itself', 'a move into itself')
  return withParent(root, path, (from) =>
    withParent(root, to, (target) => {
      const judged = judge(work, from)
      mayBeAt(judged.isDirectory ? placeWriteRule(root.grant, to) : fileWriteRule(root.grant, to))
      if (judged.isDirectory) placeDirectory(from, target)
      else {
        const note = { dirFd: staging.tmpFd, name: freshName('move') }
        writeMoveNote(inside(note.dirFd, note.name), { from: [...path], to: [...to], inode: String(judged.ino) })
        try {
          giveNewName(from, target, staging.tmpFd, judged)
        } finally {
          unlinkSync(inside(note.dirFd, note.name))
        }
      }
      work.touch(target.dirFd)
      work.touch(from.dirFd)
      return { path: virtualPath({ root: root.grant, segments: to }), type: judged.isDirectory ? 'directory' : 'file' }
    }),
  )
}

// The new name first: a crash in between leaves two names and the note, never none.
function giveNewName(from: Parent, target: Parent, tmpFd: number, judged: Judged): void {
  const copy = { dirFd: tmpFd, name: freshName('gone') }
  if (!placeLink(from, target)) return
  const placed = identityAt(target)
  if (placed.ino !== judged.ino || placed.dev !== judged.dev) {
    unlinkSync(inside(target.dirFd, target.name)) // another came under the old name meanwhile, and keeps it
    throw changed()
  }
  take(from, copy, judged)
  remove(copy)
}

/** To the trash of the root, or for good where the policy keeps none. */
export function deleteEntry(work: Work, path: readonly string[], ifHash: string | undefined): object {
  const { root, staging } = work
  return withParent(root, path, (from) => {
    const judged = judge(work, from, ifHash)
    const keeps = root.grant.trash
    if (judged.isDirectory && !keeps && judged.entries > 0)
      throw pathDenial('not_empty', 'a directory that holds something')
    const to = keeps
      ? { dirFd: staging.trashFd, name: trashName(path) }
      : { dirFd: staging.tmpFd, name: freshName('gone') }
    take(from, to, judged)
    if (!keeps) remove(to)
    work.touch(from.dirFd)
    if (keeps) work.touch(staging.trashFd)
    return { path: virtualPath({ root: root.grant, segments: path }), trash: keeps }
  })
}

// When, and the end of the path it had: an operator finds it again, and no two deletions meet.
const trashName = (path: readonly string[]) =>
  `${new Date().toISOString().replaceAll(':', '-')} ${freshName('x').slice(2, 10)} ${Buffer.from(path.join('\\')).subarray(-180).toString('utf8').replaceAll('\ufffd', '')}`

type Judged = Readonly<{ ino: bigint; dev: bigint; isDirectory: boolean; entries: number }>

function judge(work: Work, parent: Parent, ifHash?: string): Judged {
  const { root } = work
  const judged = look(parent, (found) => {
    const { ino, dev } = identityAt(parent)
    if (ino !== BigInt(found.stats.ino)) throw changed()
    const isDirectory = isDirectoryOrFile(work, found)
    mayBeAt(isDirectory ? placeWriteRule(root.grant, parent.segments) : fileWriteRule(root.grant, parent.segments))
    if (!isDirectory && ifHash !== undefined && hashOf(readWhole(root, found.fd)) !== ifHash) throw changed()
    return { ino, dev, isDirectory, entries: isDirectory ? entriesBelow(work, parent) : 0 }
  })
  if (judged === undefined) throw pathDenial('missing', 'nothing bears the name')
  return judged
}

function isDirectoryOrFile({ root }: Work, found: Readonly<{ fd: number; stats: Stats }>): boolean {
  const isDirectory = kindOf(found.stats) === 'directory'
  if (isDirectory) mustBeDirectory(root, found)
  else mustBeFile(root, found)
  return isDirectory
}

// A directory takes along what is in it: nothing may be there that could not be moved or deleted by its own name.
function entriesBelow({ root, secrets }: Work, parent: Parent): number {
  const startFd = openDirectory(parent.dirFd, parent.name)
  const walk = tree({ root, startFd, after: [], mayEnter: () => true })
  try {
    let entries = 0
    for (let visited = walk.next(); visited !== undefined; visited = walk.next()) {
      const segments = [...parent.segments, ...visited.segments]
      if (secrets.atEnd(segments, namesAbove(root.grant))) throw pathDenial('secret', 'the directory holds one')
      const { kind } = visited.entry
      mayBeAt(kind === 'file' ? fileWriteRule(root.grant, segments) : placeWriteRule(root.grant, segments))
      if (++entries > MAX_BELOW) throw tooLarge('The directory holds too many entries')
    }
    const { depth, closed } = walk.skipped()
    if (depth + closed > 0) throw pathDenial('mount', 'a part of the directory cannot be looked at')
    return entries + walk.omitted()
  } finally {
    walk.close()
    closeSync(startFd)
  }
}

function mayBeAt(rule: ReturnType<typeof placeWriteRule>): void {
  if (rule !== undefined) throw pathDenial(rule, 'judged at the entry')
}
