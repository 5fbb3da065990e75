// search_content: lines that match below a directory or in one file, bounded by matches, bytes read, answer bytes and time.
import { closeSync, fstatSync } from 'node:fs'
import { Denial, type Result } from '@hardened-mcp/security-core/worker'
import { payloadBytes } from './answer-budget.ts'
import { compileContent } from './content-pattern.ts'
import { type ContentTally, contentTally, type Stop } from './content-tally.ts'
import { errorCode, openAny } from './descriptors.ts'
import { mustBeFile } from './entry-rules.ts'
import { exclusion } from './exclusion.ts'
import { compileGlob } from './glob.ts'
import { eachLine } from './line-matches.ts'
import { isSecret, type Listing } from './listing.ts'
import type { Task } from './operations.ts'
import { virtualPath } from './path-syntax.ts'
import { cursorNames } from './search.ts'
import { textStart } from './text-file.ts'
import { tree } from './tree.ts'
import { type Entry, withEntry } from './walk.ts'

export function searchContent(listing: Listing, start: Entry, { asked, spend, now }: Task<'search_content'>): Result {
  const find = compileContent(asked.pattern, asked.ignore_case)
  const cursor = readCursor(asked.cursor)
  const tally = contentTally({
    bytes: payloadBytes(spend.outputBytes),
    most: asked.max,
    deadlineMs: spend.deadlineMs,
    now,
  })

  function searchFile(file: Pick<Entry, 'fd' | 'stats'>, segments: readonly string[], from: number): Stop | undefined {
    mustBeFile(listing.root, file)
    const part = textStart(file.fd)
    if (part === undefined) {
      tally.count('binary')
      return undefined
    }
    tally.read(part.bytes)
    const path = virtualPath({ root: listing.root.grant, segments })
    let stop: Stop | undefined
    const { longLines } = eachLine(part.text, { find, from, context: asked.context }, (line, match) => {
      stop = tally.lineStop(match === undefined ? undefined : { path, ...match })
      if (stop !== undefined) stop = { ...stop, line }
      return stop === undefined
    })
    if (part.partial || longLines > 0) tally.count('partial')
    return stop
  }

  if (!start.stats.isDirectory()) return tally.answer(searchFile(start, start.segments, cursor.line), () => '')
  return searchBelow({ listing, start, asked, cursor, tally, searchFile })
}

function searchBelow(
  work: Readonly<{
    listing: Listing
    start: Entry
    asked: Task<'search_content'>['asked']
    cursor: Cursor
    tally: ContentTally
    searchFile(file: Pick<Entry, 'fd' | 'stats'>, segments: readonly string[], from: number): Stop | undefined
  }>,
): Result {
  const { listing, start, asked, cursor, tally, searchFile } = work
  const wanted = asked.glob === undefined ? () => true : compileGlob(asked.glob)
  const isExcluded = exclusion(listing, start, asked)
  const whole = (segments: readonly string[]) => [...start.segments, ...segments]
  const isClosed = (segments: readonly string[]) =>
    segments.some((_, i) => {
      const names = segments.slice(0, i + 1)
      return isExcluded(names, names.length < segments.length) || isSecret(listing, whole(names))
    })

  // The file in which the last page ended is walked to as any path is: its name comes from the caller.
  function goOn(): Stop | undefined {
    if (cursor.line === 0 || cursor.names.length === 0 || isClosed(cursor.names) || !wanted(cursor.names))
      return undefined
    const path = whole(cursor.names)
    return tolerant(tally, () =>
      withEntry(listing.root, path, (entry) =>
        entry.segments.join('/') === path.join('/') ? searchFile(entry, path, cursor.line) : undefined,
      ),
    )
  }

  let last: readonly string[] = cursor.names
  let stop = goOn()
  if (stop !== undefined) return tally.answer(stop, () => last.join('/'))
  const walk = tree({
    root: listing.root,
    startFd: start.fd,
    after: cursor.names,
    mayEnter: (segments) => !isExcluded(segments, true) && !isSecret(listing, whole(segments)),
  })
  try {
    for (let visited = walk.next(); visited !== undefined && stop === undefined; visited = walk.next()) {
      const { dirFd, entry, segments } = visited
      stop = tally.entryStop()
      if (stop !== undefined) break
      last = segments
      if (entry.kind === 'directory' || !wanted(segments) || isExcluded(segments, false)) continue
      if (entry.kind !== 'file' || isSecret(listing, whole(segments))) tally.count('skipped')
      else stop = tolerant(tally, () => opened(dirFd, entry.name, (file) => searchFile(file, whole(segments), 1)))
    }
    return tally.answer(stop, () => last.join('/'), walk)
  } finally {
    walk.close()
  }
}

// One file that is refused, unreadable or gone hides no others; it is counted, and its reason stays inside.
function tolerant(tally: ContentTally, run: () => Stop | undefined): Stop | undefined {
  try {
    return run()
  } catch (thrown) {
    const isRefusal = thrown instanceof Denial && ['path_denied', 'not_found', 'invalid_input'].includes(thrown.code)
    if (!isRefusal && errorCode(thrown) === undefined) throw thrown
    if (errorCode(thrown) !== 'ENOENT') tally.count('skipped')
    return undefined
  }
}

function opened<T>(dirFd: number, name: string, use: (file: Pick<Entry, 'fd' | 'stats'>) => T): T {
  const fd = openAny(dirFd, name)
  try {
    return use({ fd, stats: fstatSync(fd) })
  } finally {
    closeSync(fd)
  }
}

/** `line` 0: all of `names` has been searched, or nothing has been yet. */
type Cursor = Readonly<{ line: number; names: readonly string[] }>

function readCursor(cursor: string | undefined): Cursor {
  if (cursor === undefined) return { line: 0, names: [] }
  const colon = cursor.indexOf(':')
  const path = cursor.slice(colon + 1)
  return { line: Number(cursor.slice(0, colon)), names: cursorNames(path === '' ? undefined : path) }
}
