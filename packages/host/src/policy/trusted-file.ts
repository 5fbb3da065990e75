// Question: who can have written what this policy grants?
// Threat:   another user of the machine, or a program of his, that widens the policy of a server which is not his.
// Rule:     the file belongs to this user or to root, and neither group nor others can write to it or replace it in its directory (as sshd's StrictModes).
// Limits:   looks at one directory, not at those above, and at mode bits, not at access control lists. What this user's own programs write is his.
// Proof:    trusted-file.test.ts
import { accessSync, constants, readFileSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS_WRITE = 0o022
const STICKY = 0o1000 // as /tmp: a name there is its owner's alone
/** What the kernel shows for an owner that this user namespace has no number for: nobody in here can have written it. */
const UNMAPPED = 65_534

type Facts = Pick<Stats, 'mode' | 'uid'>

/** Throws `RangeError` with one line that says what to do. `uid` is who runs the server. */
export function mustBeTrusted(file: string, uid = process.getuid?.()): void {
  const [facts, above] = [factsOf(file), factsOf(dirname(file))]
  for (const [path, { uid: owner }] of [[file, facts], [dirname(file), above]] as const) // biome-ignore format: one list
    if (uid !== undefined && owner !== uid && owner !== 0 && !(owner === UNMAPPED && isMapped()))
      throw new RangeError(`${path} decides what is allowed: it must belong to user ${uid} or root, not ${owner}`)
  if (isOpen(facts)) throw new RangeError(openTo(file))
  if (isOpen(above) && (above.mode & STICKY) === 0 && !isReadOnly(dirname(file)))
    throw new RangeError(openTo(dirname(file)))
}

export const isOpen = ({ mode }: Pick<Facts, 'mode'>): boolean => (mode & OTHERS_WRITE) !== 0

export const openTo = (path: string): string =>
  `${path} decides what is allowed, and others can write to it: chmod go-w ${path}`

// A volume of Kubernetes has mode 0777 and is mounted read-only.
function isReadOnly(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK)
    return false
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EROFS'
  }
}

function factsOf(path: string): Facts {
  const facts = statSync(path, { throwIfNoEntry: false })
  if (facts === undefined) throw new RangeError(`Policy file ${path} cannot be read`)
  return facts
}

// A user namespace that numbers some users only; where all are numbered, 65534 is a user like any other.
function isMapped(): boolean {
  try {
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))
  } catch {
    return false
  }
}
