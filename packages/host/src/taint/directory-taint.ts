// Labels in a directory that several servers share: one small file for each caller and label, which holds when it was last given.
import { hash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
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
      const at = givenAt(file)
      // A time to come is that of a clock that was set back since: the label stands.
      return { flag, file, ageMs: at === undefined ? Number.POSITIVE_INFINITY : now() - at }
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
    const { tenant, id, at } = JSON.parse(readFileSync(join(dir, name), 'utf8')) as Carrier & { at: number }
    return [{ tenant, id, flag, at }]
  })
}

/** Takes both labels off one caller: the operator says that its next conversation begins anew. */
export function clearCarrier(dir: string, who: Carrier): void {
  for (const flag of Object.keys(FLAGS)) rmSync(join(dir, `${nameOf(who)}.${flag}`), { force: true })
}

// The names of callers and tenants are anything; a hash of both is a file name that no two of them share.
const nameOf = ({ tenant, id }: Carrier) => hash('sha256', JSON.stringify([tenant, id]))

// O_SYNC: the permission model of Node leaves no other way to make a file durable.
const { O_CREAT, O_RDONLY, O_WRONLY, O_NOFOLLOW, O_SYNC } = constants
const DURABLE = O_CREAT | O_WRONLY | O_NOFOLLOW | O_SYNC

const GIVEN = /^\{"at":(\d{1,16}),/
const GIVEN_BYTES = 24 // all of it that counts, in one read

// The file says it itself: the seccomp profiles leave no call that sets the times of a file. One that another server is just
// writing says nothing yet, and has the time at which it was made.
function givenAt(file: string): number | undefined {
  let fd: number
  try {
    fd = openSync(file, O_RDONLY | O_NOFOLLOW)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw thrown
  }
  try {
    const start = Buffer.alloc(GIVEN_BYTES)
    const given = GIVEN.exec(start.toString('latin1', 0, readSync(fd, start)))?.[1]
    return given === undefined ? fstatSync(fd).mtimeMs : Number(given)
  } finally {
    closeSync(fd)
  }
}

function raise(file: string, { tenant, id }: Carrier, at: number): void {
  const fd = openSync(file, DURABLE, 0o600)
  try {
    writeSync(fd, JSON.stringify({ at, tenant, id }), 0)
  } finally {
    closeSync(fd)
  }
}
