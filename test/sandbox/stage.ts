// The sample data of test/demo served by the shipped deployment: what the whole-system suites and the soak run against.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { policyText, sampleData } from '../demo/sample.ts'
import { SITE } from '../demo/site.ts'
import type { Deployed } from '../target.ts'
import { deploy, environment, freshState, PORT, ROOT, type Runtime, STATE } from './machine.ts'
import { openOutside, SITE_ADDRESS } from './outside.ts'

export const SERVERS = ['db-query', 'file', 'fetch'] as const
export type Server = (typeof SERVERS)[number]

const DATABASE = join(STATE, 'data/db/shop.sqlite')
const DOCUMENTS = join(STATE, 'data/files')
const POLICY = join(STATE, 'policy.yaml')
const SERVER_UID = 65_532

export type Stage = Readonly<{
  deployed: Deployed
  /** `deployed` as a file: the value of MCP_TARGET. */
  file: string
  /** One for each server: what is read from one carries no label to the next, as it would with the same key. */
  keys: Readonly<Record<Server, string>>
  url(server: Server): string
  close(): Promise<void>
}>

/** Deploys into a fresh state folder, with the site outside, and waits for health. `more`: settings of deploy/README.md. */
export async function openStage(
  runtime: Runtime | 'runsc-seccomp',
  more: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  await freshState()
  for (const dir of ['ca', 'data/db', 'data/files']) mkdirSync(join(STATE, dir), { recursive: true, mode: 0o755 })
  sampleData(DATABASE, DOCUMENTS)
  const outside = await openOutside()
  writeFileSync(join(STATE, 'ca/site.pem'), outside.ca, { mode: 0o644 })
  const site = { address: SITE_ADDRESS, port: 443, ca: '/etc/hardened-mcp/ca/site.pem' }
  writeFileSync(POLICY, policyText({ database: '/data/shop.sqlite', documents: '/files', site, proxy: '172.30.5.3:3128' })) // biome-ignore format: one line
  const settings = { MCP_RUNTIME: runtime, MCP_EGRESS_INTERNAL: `${SITE_ADDRESS}:443`, ...more }
  const close = async () => {
    await deploy('down', [], settings)
    await outside.close()
  }
  try {
    await deploy('up', [], settings)
    const minted: [Server, string][] = []
    for (const server of SERVERS)
      minted.push([server, (JSON.parse(await deploy('mint', [server], settings)) as { key: string }).key])
    const keys = Object.fromEntries(minted) as Record<Server, string>
    const each = <Value>(of: (server: Server) => Value) =>
      Object.fromEntries(SERVERS.map((server) => [server, of(server)]))
    const deployed: Deployed = {
      ...{ name: runtime, database: DATABASE, documents: DOCUMENTS, siteUrl: `https://${SITE}` },
      http: each((server) => ({ url: url(server), key: keys[server] })),
      lines: each((server) => stdioLine(server, runtime)),
      ...{ policy: POLICY, uid: SERVER_UID },
    }
    const file = join(STATE, 'target.json')
    writeFileSync(file, JSON.stringify(deployed), { mode: 0o600 })
    return { deployed, file, keys, url, close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

const url = (server: Server) => `https://localhost:${PORT}/${server}/mcp`

/** The line that deploy/README.md gives for this server, under `runtime`; DATA, POLICY and AUDIT are left to the caller. */
export function stdioLine(server: Server, runtime: string): readonly [string, ...string[]] {
  const readme = readFileSync(join(ROOT, 'deploy/README.md'), 'utf8')
  const line = readme.split('\n').find((text) => text.startsWith('docker run -i ') && text.endsWith(`/${server}:local`))
  if (line === undefined) throw new RangeError(`deploy/README.md must have a line that runs ${server} over stdio`)
  const words = line.replace('--runtime runsc ', `--runtime ${runtime} `).replace('SECCOMP', join(ROOT, 'seccomp'))
  // The clients pass no variable of ours on: where the daemon is has to stand in the line
  return ['/usr/bin/docker', '-H', environment()['DOCKER_HOST'] ?? '', ...words.replace('CA:', `${STATE}/ca:`).split(' ').slice(1)] // biome-ignore format: one list
}
