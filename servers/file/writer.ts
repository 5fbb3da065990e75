// From a cleared change to its answer: parsed and judged again, done under the root's lock, durable before it is told.
import { closeSync, constants, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { type Budget, Denial, type Result } from '@hardened-mcp/security-core/worker'
import { payloadBytes, textBytes } from './answer-budget.ts'
import { again, inside, systemCalls } from './descriptors.ts'
import { applyEdits, type Edited } from './edits.ts'
import { createDirectory, deleteEntry, moveEntry } from './entries.ts'
import { mustBeFile } from './entry-rules.ts'
import { type Change, isChange, operation as operationSchema, type OperationOf } from './operations.ts'
import { isWithin } from './narrowing.ts'
import { linkFree, look, type Parent, withParent } from './parent.ts'
import { pathDenial } from './path-rules.ts'
import { virtualPath } from './path-syntax.ts'
import { changed, discard, identityAt, placeNew, placeOver, stage } from './placing.ts'
import { locator, namesAbove } from './policy.ts'
import { quota, tooLarge } from './quota.ts'
import { resources } from './resources.ts'
import { type OpenRoot, openRoots } from './roots.ts'
import { type SecretTest, secretNames } from './secret-names.ts'
import { openStaging, type Staging } from './staging.ts'
import { hashOf, readWhole } from './whole-file.ts'
import { fileWriteRule } from './write-rules.ts'

/** One writable root at work. `touched` collects directories whose names changed, to be made durable before the answer. */
export type Work = Readonly<{ root: OpenRoot; staging: Staging; secrets: SecretTest; touch(dirFd: number): void }>

/** Opens the staging of every writable root and returns the function that changes what is in them. */
export function writer(
  given: unknown,
  roots = openRoots(resources.parse(given)),
): (operation: unknown, spend: Budget) => Promise<Result> {
  const granted = resources.parse(given)
  const secrets = secretNames(granted.secret_names)
  const locate = locator(granted, secrets)
  const stagings = new Map(
    [...roots].filter(([, root]) => root.grant.writable).map(([name, root]) => [name, openStaging(root)]),
  )

  return async function change(given, spend) {
    const asked = operationSchema.parse(given)
    if (!isChange(asked)) throw new Denial('internal', 'Not a change')
    const places = ('to' in asked ? [asked.path, asked.to] : [asked.path]).map((path) => {
      const reading = locate(path, asked)
      if (!reading.ok) throw pathDenial(reading.rule, reading.reason)
      return reading.place
    })
    const [name, other] = places.map((place) => place.root.name)
    const root = roots.get(name ?? '')
    const staging = stagings.get(name ?? '')
    if (root === undefined || staging === undefined) throw pathDenial('read_only', 'the root is not writable')
    if (other !== undefined && other !== name) throw pathDenial('other_root', 'a move from one root to another')
    const touched: number[] = []
    const touch = (dirFd: number) => {
      touched.push(openSync(inside(dirFd, '.'), constants.O_RDONLY | constants.O_DIRECTORY))
    }
    const work: Work = { root, staging, secrets, touch }
    try {
      const answer = systemCalls(() =>
        staging.lock.holding(() => {
          const paths = places.map(({ segments }) => linkFree(root, segments))
          // A followed link may have led to another name than the one that was judged.
          for (const names of paths) {
            if (secrets.onPath(names, namesAbove(root.grant))) throw pathDenial('secret', 'a link leads to it')
            if (!isWithin(asked.within, root.grant, names))
              throw pathDenial('symlink', "a link leads out of the client's roots")
          }
          return run(work, asked, paths as [readonly string[], readonly string[]], spend)
        }),
      )
      for (const fd of touched) await makeDurable(fd)
      return { text: JSON.stringify(answer) }
    } finally {
      for (const fd of touched) closeSync(fd)
    }
  }
}

function run(work: Work, asked: Change, [path, to]: [readonly string[], readonly string[]], spend: Budget): object {
  if (asked.op === 'make_directory') return createDirectory(work, path)
  if (asked.op === 'move') return moveEntry(work, path, to)
  if (asked.op === 'delete') return deleteEntry(work, path, asked.if_hash)
  const rule = fileWriteRule(work.root.grant, path)
  if (rule !== undefined) throw pathDenial(rule, 'judged after links')
  return withParent(work.root, path, (parent) =>
    asked.op === 'write' ? writeFile(work, parent, asked) : editFile(work, parent, asked, spend),
  )
}

function writeFile(work: Work, parent: Parent, { content, if_hash }: OperationOf<'write'>): object {
  const bytes = Buffer.from(content)
  const replaced = look(parent, ({ fd, stats }) => {
    mustBeFile(work.root, { fd, stats })
    if (if_hash === undefined)
      throw new Denial('conflict', 'The file exists and no hash was given', {
        says: 'This file exists; to replace it, give if_hash as get_file_info tells it, or use edit_file',
      })
    return true
  })
  if (replaced === undefined && if_hash !== undefined) throw changed()
  put(work, parent, bytes, if_hash)
  return { path: pathOf(work, parent), size: bytes.length, hash: hashOf(bytes), created: replaced === undefined }
}

function editFile(work: Work, parent: Parent, asked: OperationOf<'edit'>, spend: Budget): object {
  const path = pathOf(work, parent)
  const before = look(parent, ({ fd, stats }) => {
    mustBeFile(work.root, { fd, stats })
    return readWhole(work.root, fd)
  })
  if (before === undefined) throw pathDenial('missing', 'nothing to edit')
  const hash = hashOf(before)
  if (asked.if_hash !== undefined && asked.if_hash !== hash) throw changed()
  const edited: Edited = applyEdits(before, asked.edits, {
    path,
    bytes: payloadBytes(spend.outputBytes) - textBytes(path),
  })
  const { bytes, ...shown } = edited
  if (asked.dry_run) return { path, ...shown, hash }
  put(work, parent, bytes, hash)
  return { path, ...shown, hash: hashOf(bytes) }
}

// The comparison, the staging and the rename are one step for everybody who asks for the root's lock.
function put(work: Work, parent: Parent, bytes: Buffer, ifHash: string | undefined): void {
  const { root, staging } = work
  if (bytes.length > root.grant.max_file_bytes) throw tooLarge(`The file would have ${bytes.length} bytes`)
  const judged = look(parent, ({ fd, stats }) => {
    mustBeFile(root, { fd, stats })
    const identity = identityAt(parent)
    if (identity.ino !== BigInt(stats.ino) || hashOf(readWhole(root, fd)) !== ifHash) throw changed()
    return { identity, mode: stats.mode, size: stats.size }
  })
  quota(root, bytes.length - (judged?.size ?? 0))
  const staged = stage(staging.tmpFd, bytes, judged?.mode)
  try {
    if (judged === undefined) placeNew(staged, parent)
    else placeOver(staged, parent, judged.identity)
  } catch (thrown) {
    discard(staged)
    throw thrown
  }
  work.touch(parent.dirFd)
}

const pathOf = ({ root }: Work, { segments }: Parent) => virtualPath({ root: root.grant, segments })

// A name is durable once its directory is. FileHandle.sync is the one way that Node's permission flags leave open.
async function makeDurable(fd: number): Promise<void> {
  const directory = await open(`${again(fd)}/.`, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
