// Lays a private wire with public addresses inside a fresh network namespace, with a trap on every address that nobody may reach.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'

export const SITE_V4 = '93.184.216.34'
export const SITE_V6 = '2606:2800:220:1::34'
export const NAMES_V4 = '93.184.216.53'
export const OWN_V4 = '93.184.216.2' // the worker's own address is a public one: it must refuse itself
export const OWN_V6 = '2606:2800:220:1::2'
const INSIDE = ['10.0.0.5', '169.254.169.254', '192.168.1.1', '100.100.100.200', '168.63.129.16'] as const
const PORT = 443
/** As root no user namespace is needed; else one is tried. */
export const FLAGS = process.getuid?.() === 0 ? '-n' : '-rn'

export const haveNamespaces =
  process.platform === 'linux' &&
  spawnSync('unshare', [FLAGS, 'sh', '-c', 'ip link set lo up && command -v nsenter && unshare -n true']).status === 0

/** Runs a script inside a fresh network namespace, as root of it, and parses the one line of JSON that it prints. */
export function insideNamespace(script: string): unknown {
  const ran = spawnSync('unshare', [FLAGS, process.execPath, script], { timeout: 150_000, maxBuffer: 1e8 })
  if (ran.status !== 0) throw new Error(`${script} ended with ${ran.status}: ${ran.stderr.toString()}`)
  return JSON.parse(ran.stdout.toString())
}

/** What has touched a trap or crossed loopback so far. */
export type Counted = Readonly<{ canaries: number; loopbackPackets: number }>

export type Wire = Readonly<{
  folder: string
  /** PEM of the authority that signs the far site. */
  caFile: string
  counted(): Counted
  /** One connection of our own to loopback: what the instruments say of it. */
  control(): Promise<Counted>
  close(): void
}>

/** The far end is `namespace-site.ts`, in a namespace of its own; it is up when this resolves. */
export async function layWire(hosts: readonly string[]): Promise<Wire> {
  const folder = mkdtempSync(join(tmpdir(), 'fetch-namespace-'))
  const far = spawn('unshare', ['-n', 'sleep', '180'], { stdio: 'ignore' })
  await new Promise((done) => setTimeout(done, 300))
  lay(String(far.pid))
  const authority = await certificateAuthority()
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.ca)
  writeFileSync(join(folder, 'identity.json'), JSON.stringify(await authority.issue([...hosts, SITE_V4])))
  const there = [process.execPath, join(import.meta.dirname, 'namespace-site.ts'), join(folder, 'identity.json')]
  const site = spawn('nsenter', ['-t', String(far.pid), '-n', ...there], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((done) => site.stdout.once('data', done))
  let canaries = 0
  const sprung = () => {
    canaries += 1
  }
  const traps = await Promise.all(['127.0.0.1', '::1', OWN_V4, ...INSIDE].map((address) => trap(address, sprung)))
  const counted = () => ({ canaries, loopbackPackets: loopbackPackets() })
  return {
    folder,
    caFile,
    counted,
    async control() {
      const before = counted()
      await new Promise((done) => connect(PORT, '127.0.0.1').on('error', done).on('close', done))
      return since(before, counted())
    },
    close() {
      for (const server of traps) server.close()
      site.kill('SIGKILL')
      far.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    },
  }
}

export const since = (before: Counted, now: Counted): Counted => ({
  canaries: now.canaries - before.canaries,
  loopbackPackets: now.loopbackPackets - before.loopbackPackets,
})

// Near end here, far end with the site and the name server. Addresses inside are on loopback, with a listener each.
function lay(far: string): void {
  const here = (...args: string[]) => execFileSync('ip', args)
  here('link', 'set', 'lo', 'up')
  for (const address of INSIDE) here('addr', 'add', `${address}/32`, 'dev', 'lo')
  here('link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', far)
  here('addr', 'add', `${OWN_V4}/24`, 'dev', 'near')
  here('addr', 'add', `${OWN_V6}/64`, 'dev', 'near', 'nodad')
  here('link', 'set', 'near', 'up')
  const there = (...args: string[]) => execFileSync('nsenter', ['-t', far, '-n', 'ip', ...args])
  there('link', 'set', 'lo', 'up')
  there('addr', 'add', `${SITE_V4}/24`, 'dev', 'far')
  there('addr', 'add', `${NAMES_V4}/24`, 'dev', 'far')
  there('addr', 'add', `${SITE_V6}/64`, 'dev', 'far', 'nodad')
  there('link', 'set', 'far', 'up')
}

const trap = (address: string, sprung: () => void) =>
  new Promise<ReturnType<typeof createServer>>((done) => {
    const server = createServer((socket) => {
      sprung()
      socket.destroy()
    })
    server.listen(PORT, address, () => done(server))
  })

function loopbackPackets(): number {
  const line = /^\s*lo:\s*(.*)$/m.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1] ?? ''
  return Number(line.trim().split(/\s+/)[1])
}
