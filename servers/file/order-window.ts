// The entries of one directory by size or by time, a page at a time: every entry is looked at, few are held.
import { type Dirent, lstatSync, type Stats } from 'node:fs'
import { Denial } from '@hardened-mcp/security-core/worker'
import { errorCode, inside } from './descriptors.ts'
import { eachEntry, type NamedEntry } from './directory.ts'
import { kindOf, shapeRule } from './entry-rules.ts'
import { isSecret, type Listing } from './listing.ts'
import type { Entry } from './walk.ts'

const MAX_LOOKED_AT = 200_000 // about a second

/** `cursor` is where the page behind this entry begins; `shown` is what its row says beyond the usual. */
type OrderedEntry = NamedEntry & Readonly<{ cursor: string; shown: Readonly<{ modified?: string }> }>
export type OrderWindow = Readonly<{ names: readonly OrderedEntry[]; more: boolean; unspeakable: number }>

type Ranked = Readonly<{ name: string; kind: NamedEntry['kind']; rank: number }>

/** Largest or newest first; names decide between equals. What the caller is not shown does not decide: it comes last. */
export function orderWindow(
  listing: Listing,
  { fd, segments }: Pick<Entry, 'fd' | 'segments'>,
  options: Readonly<{
    by: 'size' | 'modified'
    cursor: string | undefined
    most: number
    stopAt: number
    now: () => number
  }>,
): OrderWindow {
  const { by, most } = options
  const after = readCursor(options.cursor)
  let kept: Ranked[] = []
  let found = 0
  let looked = 0
  const unspeakable = eachEntry(fd, (named) => {
    if (++looked > MAX_LOOKED_AT || (looked % 1_024 === 0 && options.now() > options.stopAt)) throw tooMany()
    const { name } = named
    const stats = look(fd, named)
    const isShown = stats !== undefined && isOpen(listing, stats) && !isSecret(listing, [...segments, name])
    const kind = kindOf(stats ?? named)
    const entry = { name, kind, rank: isShown ? rankOf(by, kind, stats) : HIDDEN }
    if (after !== undefined && inOrder(entry, after) <= 0) return
    found += 1
    kept.push(entry)
    if (kept.length >= 2 * most) kept = kept.sort(inOrder).slice(0, most)
  })
  const names = kept
    .sort(inOrder)
    .slice(0, most)
    .map(({ name, kind, rank }) => ({
      name,
      kind,
      cursor: `${rank}:${name}`,
      shown: by === 'modified' && rank !== HIDDEN ? { modified: new Date(rank).toISOString() } : {},
    }))
  return { names, more: found > most, unspeakable }
}

const isOpen = ({ root }: Listing, stats: Stats) => shapeRule(root, stats) === undefined

// Gone, or not to be looked at: the listing itself says which.
function look(dirFd: number, { name }: Dirent): Stats | undefined {
  try {
    return lstatSync(inside(dirFd, name), { throwIfNoEntry: false })
  } catch (thrown) {
    if (errorCode(thrown) === undefined) throw thrown
    return undefined
  }
}

const HIDDEN = -1e15 // before any time a file can bear in a Date that has a text, and as a whole number exact

function rankOf(by: 'size' | 'modified', kind: NamedEntry['kind'], stats: { size: number; mtimeMs: number }): number {
  if (by === 'modified') return Math.min(Math.max(Math.trunc(stats.mtimeMs), 1 - 8.64e14), 8.64e14)
  return kind === 'file' ? stats.size : HIDDEN
}

const inOrder = (a: Pick<Ranked, 'name' | 'rank'>, b: Pick<Ranked, 'name' | 'rank'>) =>
  b.rank - a.rank || (a.name < b.name ? -1 : Number(a.name !== b.name))

function readCursor(cursor: string | undefined): Pick<Ranked, 'name' | 'rank'> | undefined {
  if (cursor === undefined) return undefined
  const [, rank, name] = /^(-?\d{1,16}):(.+)$/s.exec(cursor) ?? []
  if (rank === undefined || name === undefined)
    throw new Denial('invalid_input', 'The cursor is not one of this order', {
      says: 'The cursor must be the truncated.next of an earlier answer in the same order, unchanged',
    })
  return { rank: Number(rank), name }
}

const tooMany = () =>
  new Denial('too_large', 'The directory has too many entries to be ordered', {
    says: 'This directory has too many entries to be ordered; list it by name',
  })
