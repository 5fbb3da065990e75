// Labels in a directory that several servers share: one small file for each caller and label, and its age is the label's.
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  lutimesSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Carrier, Label, TaintStore } from '@hardened-mcp/security-core'

const FLAGS = { private: 'secrecy', untrusted: 'integrity' } as const
type Flag = keyof typeof FLAGS

const NAME = /^[0-9a-f]{64}\.(?<flag>private|untrusted)$/
const FRESH_PARTS = 64 // a flag is touched again when a 64th of its window has passed: a label lasts at least 63/64 of it

/**
 * Every server that opens `dir` sees what the others joined, from the next system call on. A flag that cannot be read
 * or written rejects. Throws `RangeError` with one line on a directory that others could write to.
 */
export function directoryTaint(options: { dir: string; windowMs: number; now: () => number }): TaintStore {
  const { dir, windowMs, now } = options
  mustBeOurs(dir, process.geteuid?.() ?? 0)
  const ageMs = (who: Carrier, flag: Flag) => {
    const found = statSync(fileOf(dir, who, flag), { throwIfNoEntry: false })
    return found === undefined ? Number.POSITIVE_INFINITY : now() - found.mtimeMs // a time to come is a clock set back: live
  }
  const labelOf = (who: Carrier): Label => ({
    integrity: ageMs(who, 'untrusted') <= windowMs ? 'untrusted' : 'trusted',
    secrecy: ageMs(who, 'private') <= windowMs ? 'private' : 'public',
  })
  return {
    read: async (who) => labelOf(who),
    async join(who, label) {
      for (const flag of ['private', 'untrusted'] as const)
        if (label[FLAGS[flag]] === flag && ageMs(who, flag) > windowMs / FRESH_PARTS) raise(dir, who, flag, now())
      return labelOf(who)
    },
  }
}

/** What `hardened-mcp taint` shows: who carries what since when. Files that are none of ours are passed over. */
export function carriersIn(dir: string): readonly (Carrier & Readonly<{ flag: Flag; at: number }>)[] {
  mustBeOurs(dir, process.geteuid?.() ?? 0)
  return readdirSync(dir).flatMap((name) => {
    const flag = NAME.exec(name)?.groups?.['flag'] as Flag | undefined
    if (flag === undefined) return []
    const { tenant, id } = JSON.parse(readFileSync(join(dir, name), 'utf8')) as Carrier
    return [{ tenant, id, flag, at: statSync(join(dir, name)).mtimeMs }]
  })
}

/** Takes both labels off one caller: the operator says that its next conversation begins anew. */
export function clearCarrier(dir: string, who: Carrier): void {
  for (const flag of ['private', 'untrusted'] as const) rmSync(fileOf(dir, who, flag), { force: true })
}

// The names of callers and tenants are anything; a hash of both is a file name that no two of them share.
const fileOf = (dir: string, { tenant, id }: Carrier, flag: Flag) =>
  join(
    dir,
    `${createHash('sha256')
      .update(JSON.stringify([tenant, id]))
      .digest('hex')}.${flag}`,
  )

// O_SYNC: the permission model of Node leaves no other way to make a file durable.
const { O_CREAT, O_WRONLY, O_NOFOLLOW, O_SYNC } = constants
const DURABLE = O_CREAT | O_WRONLY | O_NOFOLLOW | O_SYNC

function raise(dir: string, { tenant, id }: Carrier, flag: Flag, at: number): void {
  const file = fileOf(dir, { tenant, id }, flag)
  const fd = openSync(file, DURABLE, 0o600)
  try {
    writeSync(fd, JSON.stringify({ tenant, id }), 0)
  } finally {
    closeSync(fd)
  }
  lutimesSync(file, at / 1000, at / 1000)
}

// Whoever can remove a flag can send what he has read.
function mustBeOurs(dir: string, uid: number): void {
  const stats: Stats | undefined = statSync(dir, { throwIfNoEntry: false })
  if (stats?.isDirectory() !== true) throw new RangeError(`Directory of labels ${dir} must be a directory`)
  if (stats.uid !== uid || (stats.mode & 0o022) !== 0)
    throw new RangeError(`Directory of labels ${dir} must belong to user ${uid} and be closed to others: chmod 700`)
}
