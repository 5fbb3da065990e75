// The machine of the container tests: runs Docker and the deployment's own scripts, in a state folder of its own.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

export const ROOT = join(import.meta.dirname, '../..')
export const HOME = process.env['SANDBOX_HOME'] ?? '/var/lib/hardened-mcp-test'
export const STATE = join(HOME, 'state')
export const PORT = 18_443
export const RUNTIMES = ['runc', 'runsc'] as const
export type Runtime = (typeof RUNTIMES)[number]

export type Ran = Readonly<{ code: number; stdout: string; stderr: string }>
type RunOptions = Readonly<{ env?: Readonly<Record<string, string>>; limitMs?: number; cwd?: string }>

const LIMIT_MS = 300_000 // a cold build on a busy machine

/** Where Docker is, the bases and the state folder, as ./setup left them. */
export const environment = (): Record<string, string> => {
  const base = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', SANDBOX_HOME: HOME }
  const file = join(HOME, 'env')
  const words = existsSync(file) ? readFileSync(file, 'utf8').matchAll(/([A-Z_]+)=(\S+)/g) : []
  return {
    ...base,
    ...Object.fromEntries([...words].map(([, name, value]) => [name, value])),
    MCP_STATE: STATE,
    MCP_PORT: String(PORT),
  }
}

/** Runs one program to its end, however it ends. */
export function run(file: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      file,
      [...args],
      {
        cwd: options.cwd ?? ROOT,
        env: { ...environment(), ...options.env },
        timeout: options.limitMs ?? LIMIT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: 16 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255
        resolve({ code, stdout, stderr })
      },
    )
  })
}

/** Runs one program and returns its output; rejects when it fails. */
export async function must(file: string, args: readonly string[] = [], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, options)
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${(stderr || stdout).slice(-2000)}`)
  return stdout.trim()
}

export const docker = (...args: readonly string[]) => must('/usr/bin/docker', args)
export const deploy = (script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  must(join(ROOT, 'deploy', script), args, { env })

const READY = 'SANDBOX_READY' // where test/sandbox/prepare.ts did it once for every file of a run

/** Installs what is missing, starts the daemon, builds the images. Seconds when nothing is to be done. */
export async function prepare(): Promise<void> {
  if (process.env[READY] === ROOT) return
  await must(join(ROOT, 'test/sandbox/setup'), [], { limitMs: 600_000 })
  await deploy('build')
  process.env[READY] = ROOT
}

/** A fresh state folder: no keys, no certificates, no trail of an earlier run, and nothing that still runs on those. */
export async function freshState(): Promise<void> {
  await deploy('down')
  rmSync(STATE, { recursive: true, force: true })
  mkdirSync(STATE, { recursive: true, mode: 0o711 })
}

/** This process's clients take the certificate of the gateway that runs now. */
export const trustGateway = (): void =>
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(join(STATE, 'tls/ca.pem'), 'utf8')])

export const container = (service: string) => `hardened-mcp_${service}_1`

export async function inspect<Value>(service: string, template: string): Promise<Value> {
  return JSON.parse(await docker('inspect', '-f', `{{json ${template}}}`, container(service))) as Value
}

/** Looks every 200 ms until `look` returns true; rejects after `limitMs`. */
export async function until(what: string, limitMs: number, look: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + limitMs; Date.now() < end; await delay(200)) if (await look()) return
  throw new Error(`${what}: not within ${limitMs} ms`)
}

/** Does the server answer for itself, through the gateway? */
export async function isHealthy(server: string): Promise<boolean> {
  const url = `https://localhost:${PORT}/healthz/${server}`
  return (await run('curl', ['-s', '-f', '-m', '5', '--cacert', join(STATE, 'tls/ca.pem'), url])).code === 0
}

/** Date of the gVisor release under test, as 20240729: what a defect is judged by. */
export async function gvisorRelease(): Promise<number> {
  const release = /(\d{8})/.exec(await must(join(HOME, 'bin/runsc-shim'), ['--version']))?.[1]
  if (release === undefined) throw new Error('runsc does not say which release it is')
  return Number(release)
}
