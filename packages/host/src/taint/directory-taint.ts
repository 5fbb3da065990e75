// Labels in a directory that several servers share: one small file for each caller and label, and its age is the label's.
import { hash } from 'node:crypto'
import {
  closeSync,
  constants,
  lutimesSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Carrier, joinLabels, type Label, type TaintStore } from '@hardened-mcp/security-core'
import { mustBeOurs } from '../own-directory.ts'

const FLAGS = { private: 'secrecy', untrusted: 'integrity' } as const
type Flag = keyof typeof FLAGS

const WHAT = 'Directory of labels'
const NAME = /^[0-9a-f]{64}\.(?<flag>private|untrusted)$/
const FRESH_PARTS = 64 // a flag is touched again when a 64th of its window has passed: a label lasts at least 63/64 of it

/**
 * Every server that opens `dir` sees what the others joined, from the next system call on. A flag that cannot be read
 * or written rejects. Throws `RangeError` with one line on a directory that others could write to.
 */
export function directoryTaint(options: { dir: string; windowMs: number; now: () => number }): TaintStore {
  const { dir, windowMs, now } = options
  mustBeOurs(WHAT, dir) // whoever can remove a flag can send what he has read
  const flagsOf = (who: Carrier) => {
    const name = nameOf(who)
    const flags = (['private', 'untrusted'] as const).map((flag) => {
      const file = join(dir, `${name}.${flag}`)
      const found = statSync(file, { throwIfNoEntry: false })
      // A time to come is that of a clock that was set back since: the label stands.
      return { flag, file, ageMs: found === undefined ? Number.POSITIVE_INFINITY : now() - found.mtimeMs }
    })
    // No flag and no directory are not the same: who carries nothing may send, and a lost directory must stop the call.
    if (flags.every(({ ageMs }) => ageMs === Number.POSITIVE_INFINITY)) statSync(dir)
    return flags
  }
  const carried = (flags: readonly { flag: Flag; ageMs: number }[]): Label => {
    const standing = new Set(flags.filter(({ ageMs }) => ageMs <= windowMs).map(({ flag }) => flag))
    return {
      integrity: standing.has('untrusted') ? 'untrusted' : 'trusted',
      secrecy: standing.has('private') ? 'private' : 'public',
    }
  }
  return {
    read: async (who) => carried(flagsOf(who)),
    async join(who, label) {
      const flags = flagsOf(who)
      const given = flags.filter(({ flag }) => label[FLAGS[flag]] === flag)
      for (const { file, ageMs } of given) if (ageMs > windowMs / FRESH_PARTS) raise(file, who, now())
      return joinLabels(label, carried(flags))
    },
  }
}

/** What `hardened-mcp taint` shows: who carries what since when. Files that are none of ours are passed over. */
export function carriersIn(dir: string): readonly (Carrier & Readonly<{ flag: Flag; at: number }>)[] {
  mustBeOurs(WHAT, dir)
  return readdirSync(dir).flatMap((name) => {
    const flag = NAME.exec(name)?.groups?.['flag'] as Flag | undefined
    if (flag === undefined) return []
    const { tenant, id } = JSON.parse(readFileSync(join(dir, name), 'utf8')) as Carrier
    return [{ tenant, id, flag, at: statSync(join(dir, name)).mtimeMs }]
  })
}

/** Takes both labels off one caller: the operator says that its next conversation begins anew. */
export function clearCarrier(dir: string, who: Carrier): void {
  for (const flag of Object.keys(FLAGS)) rmSync(join(dir, `${nameOf(who)}.${flag}`), { force: true })
}

// The names of callers and tenants are anything; a hash of both is a file name that no two of them share.
const nameOf = ({ tenant, id }: Carrier) => hash('sha256', JSON.stringify([tenant, id]))

// O_SYNC: the permission model of Node leaves no other way to make a file durable.
const { O_CREAT, O_WRONLY, O_NOFOLLOW, O_SYNC } = constants
const DURABLE = O_CREAT | O_WRONLY | O_NOFOLLOW | O_SYNC

function raise(file: string, { tenant, id }: Carrier, at: number): void {
  const fd = openSync(file, DURABLE, 0o600)
  try {
    writeSync(fd, JSON.stringify({ tenant, id }), 0)
  } finally {
    closeSync(fd)
  }
  lutimesSync(file, at / 1000, at / 1000)
}
