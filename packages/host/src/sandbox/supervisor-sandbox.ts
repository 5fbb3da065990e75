// Which walls the processes of a server get: bubblewrap where it works, else what the operator accepted, said aloud.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { type Weakening, weaken } from '@hardened-mcp/security-core/unsafe'
import { bubblewrapArgs, type Fence, FILTER_FD } from './bubblewrap.ts'
import { type Profile, type Role, seccompFilter } from './seccomp-filter.ts'
import type { Machine } from './system-calls.ts'

export const SANDBOX_MODES = ['auto', 'bwrap', 'permission', 'none'] as const

/** What the operator asked for. `none` needs a reason and the last day on which it is accepted (ISO date, UTC). */
export type SandboxRequest = Readonly<{ mode: (typeof SANDBOX_MODES)[number]; because?: string; until?: string }>

/** How one process is started. `filter` is written to descriptor 4 of bubblewrap. */
export type Started = Readonly<{ file: string; args: readonly string[]; filter?: Buffer }>

export type Sandbox = Readonly<{
  mode: 'bwrap' | 'permission' | 'none'
  /** One line that the operator has to see; `undefined` when every wall stands. */
  says?: string
  /** `args` of Node, its permission flags among them. */
  start(args: readonly string[], fence: Fence, role: Role): Started
}>

// Not PATH: whoever can put a bwrap there would be the sandbox.
const PLACES = ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/run/current-system/sw/bin/bwrap']
const PROFILES = join(import.meta.dirname, '../../../../seccomp')
const PROBE_MS = 20_000
const PERMISSION_FLAG = /^--(?:permission$|allow-)/

/** Throws `RangeError` with one line when what was asked for cannot be had. */
export async function chooseSandbox(request: SandboxRequest, nowMs: number): Promise<Sandbox> {
  if (request.mode === 'none') return unfenced(weaken('sandbox', reasonOf(request), nowMs))
  if (request.mode === 'permission') return plain()
  const found = await findBubblewrap()
  if (typeof found !== 'string') return found
  if (request.mode === 'bwrap') throw new RangeError(`--sandbox bwrap: ${found}`)
  return plain(
    `sandbox: bubblewrap is not used (${found}); Node's permission model only, with no hold on native code or the network`,
  )
}

async function findBubblewrap(): Promise<Sandbox | string> {
  if (process.platform !== 'linux') return `bubblewrap is for Linux, this is ${process.platform}`
  if (process.arch !== 'x64' && process.arch !== 'arm64') return `no filter is known for ${process.arch}`
  const bwrap = PLACES.find((path) => existsSync(path))
  if (bwrap === undefined) return 'bubblewrap is not installed'
  if (!existsSync(join(PROFILES, 'file.json'))) return 'the folder seccomp/ is not there'
  const sandbox = walled(bwrap, runtimeFiles(), process.arch)
  const probe = sandbox.start(['--version'], { reads: [], writes: [], network: false }, { kind: 'worker', local: true })
  const fault = await faultOf(probe)
  return fault === undefined ? sandbox : `bubblewrap does not work here: ${fault}`
}

// Runs Node in there once: the kernel may have no user namespaces, the loader may look for libraries elsewhere.
function faultOf({ file, args, filter }: Started): Promise<string | undefined> {
  const child = spawn(file, [...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ignore', 'pipe'],
    env: {},
    timeout: PROBE_MS,
  })
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += String(chunk)
  })
  ;(child.stdio[FILTER_FD] as Socket).on('error', () => undefined).end(filter ?? '')
  return new Promise((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code) => resolve(code === 0 ? undefined : said.split('\n')[0] || `it ended with ${code}`))
  })
}

function walled(bwrap: string, runtime: readonly string[], machine: Machine): Sandbox {
  const profiles = new Map<string, Profile>()
  const profileOf = (name: string) => {
    const known = profiles.get(name) ?? (JSON.parse(readFileSync(join(PROFILES, name), 'utf8')) as Profile)
    profiles.set(name, known)
    return known
  }
  // No proxy stands in front here: fetch asks the resolver itself, which its own profile leaves to the egress proxy.
  const dialling = (): Profile => ({
    syscalls: [...profileOf('fetch.json').syscalls, ...profileOf('egress-proxy.json').syscalls],
  })
  return {
    mode: 'bwrap',
    start(args, fence, role) {
      const filter = seccompFilter(role.local ? profileOf('file.json') : dialling(), role, machine)
      return { file: bwrap, args: [...bubblewrapArgs(fence, runtime), process.execPath, ...args], filter }
    },
  }
}

const plain = (says?: string): Sandbox => ({
  mode: 'permission',
  ...(says === undefined ? {} : { says }),
  start: (args) => ({ file: process.execPath, args }),
})

function unfenced({ because, until }: Weakening): Sandbox {
  return {
    mode: 'none',
    says: `sandbox: NONE until ${until}, because ${JSON.stringify(because)}: every process may do what this user may`,
    start: (args) => ({ file: process.execPath, args: args.filter((arg) => !PERMISSION_FLAG.test(arg)) }),
  }
}

function reasonOf({ because, until }: SandboxRequest): { because: string; until: string } {
  if (because === undefined || until === undefined)
    throw new RangeError('--sandbox none needs --because TEXT and --until YYYY-MM-DD')
  return { because, until }
}

// Node and what it is linked to, under the names by which the loader looks for them.
function runtimeFiles(): readonly string[] {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork: boolean }
  report.excludeNetwork = true // it would ask the resolver for names
  const { sharedObjects } = report.getReport() as { sharedObjects: readonly string[] }
  return [process.execPath, '/etc/ld.so.cache', ...sharedObjects.filter((path) => path.startsWith('/'))]
}
