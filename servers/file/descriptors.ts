// Opening by descriptor: the few system calls that confinement is made of, with their errors turned into rules.
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { Denial } from '@hardened-mcp/security-core/worker'
import { type PathRule, pathDenial } from './path-rules.ts'

const { O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants
const O_PATH = 0o10000000 // <fcntl.h> on Linux; node:fs does not name it. Opens nothing: no device wakes, no pipe waits

/** A directory descriptor's own way to name what lies in it. Never a symbolic link, and never another directory. */
export const inside = (dirFd: number, name: string) => `/proc/self/fd/${dirFd}/${name}`

/** Where a descriptor can be opened again, whatever has become of its name. */
export const again = (fd: number) => `/proc/self/fd/${fd}`

export const openRootDirectory = (path: string) => openSync(path, O_PATH | O_DIRECTORY)

export const openSameDirectory = (dirFd: number) => openSync(inside(dirFd, '.'), O_PATH | O_DIRECTORY | O_NOFOLLOW)

/** Fails with ENOTDIR on a link to a directory as on everything else that is no directory. */
export const openDirectory = (dirFd: number, name: string) =>
  openSync(inside(dirFd, name), O_PATH | O_DIRECTORY | O_NOFOLLOW)

/** Opens whatever bears the name: a link is opened itself, a pipe or device is not woken. */
export const openAny = (dirFd: number, name: string) => openSync(inside(dirFd, name), O_PATH | O_NOFOLLOW)

/** For a descriptor already known to be a regular file. */
export const openForReading = (fd: number) => openSync(again(fd), O_RDONLY | O_NONBLOCK | O_NOCTTY)

/** Runs `use` and closes the descriptor whatever happens. */
export function closing<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

const fdinfo = Buffer.alloc(1_024) // four short lines; used by one synchronous call at a time

/** The mount a descriptor lies on. Kernels without the field (gVisor) answer undefined; the device number is compared there. */
export const mountOf = (fd: number) =>
  closing(openSync(`/proc/self/fdinfo/${fd}`, O_RDONLY), (info) => {
    const text = fdinfo.toString('latin1', 0, readSync(info, fdinfo, 0, fdinfo.length, 0))
    return /^mnt_id:\s*(\d+)$/m.exec(text)?.[1]
  })

const RULE_OF_ERROR: Readonly<Record<string, PathRule>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  ENAMETOOLONG: 'missing',
  EINVAL: 'missing', // a name this file system cannot hold
  EILSEQ: 'missing',
  ESTALE: 'missing', // removed on the server of a network mount
  EEXIST: 'exists',
  EISDIR: 'not_file',
  ENOTEMPTY: 'not_empty',
  EXDEV: 'mount',
  EBUSY: 'mount',
  EROFS: 'permission',
  EACCES: 'permission',
  EPERM: 'permission',
  ELOOP: 'symlink',
  ENXIO: 'special',
  ENODEV: 'special',
}

const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG']

export const errorCode = (thrown: unknown) =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined

/** Runs system calls. The engine's message names descriptors and paths, so only its code is kept. */
export function systemCalls<T>(run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    const code = errorCode(thrown)
    if (thrown instanceof Denial || code === undefined) throw thrown
    const rule = Object.hasOwn(RULE_OF_ERROR, code) ? RULE_OF_ERROR[code] : undefined
    if (rule !== undefined) throw pathDenial(rule, code)
    if (FULL.includes(code)) throw new Denial('too_large', code, { says: 'The disk is full; nothing was changed' })
    if (code === 'EAGAIN' || code === 'EMFILE' || code === 'ENFILE') throw new Denial('busy', code)
    throw new Denial('internal', `A file could not be read: ${code}`)
  }
}
