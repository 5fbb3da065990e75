// The worker's authority: one directory descriptor for each root, opened once and checked before the first call.
import { opendirSync, readlinkSync, statfsSync, statSync } from 'node:fs'
import { again, closing, mountOf, openRootDirectory, openSameDirectory } from './descriptors.ts'
import type { Resources, RootGrant } from './resources.ts'

export type OpenRoot = Readonly<{
  grant: RootGrant
  fd: number
  /** As the kernel names it: what an absolute link inside the root must begin with. */
  realNames: readonly string[]
  mount: string | undefined
  device: number
}>

const PROC_MAGIC = 0x9fa0 // statfs(2): PROC_SUPER_MAGIC
const UNFIT = new Map([
  [PROC_MAGIC, '/proc'], // holds this process's own descriptors
  [0x62656572, '/sys'],
  [0x1cd1, '/dev/pts'],
])

/**
 * Opens every root. The operator's own path may lead through links: it is resolved here, once, and never again.
 * Throws `RangeError` where confinement cannot work: then no call is served.
 */
export function openRoots(granted: Resources, platform = process.platform): ReadonlyMap<string, OpenRoot> {
  if (platform !== 'linux')
    throw new RangeError(
      `The file server confines paths by Linux directory descriptors, got ${platform}; run it in a container`,
    )
  return new Map(granted.roots.map((grant) => [grant.name, openRoot(grant)]))
}

function openRoot(grant: RootGrant): OpenRoot {
  const fd = openOrExplain(grant)
  const refuse = (why: string) => new RangeError(`Root ${grant.name} cannot be served: ${why}`)
  // A /proc that is missing, or another file system under its name, would turn the walk into ordinary path look-up.
  if (statfsOf(`/proc/self/fdinfo/${fd}`) !== PROC_MAGIC) throw refuse('/proc must be mounted')
  const unfit = UNFIT.get(statfsOf(`${again(fd)}/.`) ?? 0)
  if (unfit !== undefined) throw refuse(`it lies in ${unfit}`)
  const own = statSync(`${again(fd)}/.`)
  const same = closing(openSameDirectory(fd), (probe) => statSync(again(probe)))
  if (own.ino !== same.ino || own.dev !== same.dev) throw refuse('its descriptor does not lead back to it')
  try {
    opendirSync(again(fd)).closeSync()
  } catch {
    throw refuse('this process may not read the directory')
  }
  const realNames = readlinkSync(again(fd))
    .split('/')
    .filter((name) => name !== '')
  return Object.freeze({ grant, fd, realNames, mount: mountOf(fd), device: own.dev })
}

function openOrExplain(grant: RootGrant): number {
  try {
    return openRootDirectory(grant.path)
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error'
    throw new RangeError(`Root ${grant.name} must be a directory that can be opened, got ${code} for ${grant.path}`)
  }
}

function statfsOf(path: string): number | undefined {
  try {
    return statfsSync(path).type
  } catch {
    return undefined
  }
}
