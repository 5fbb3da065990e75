// Records the system calls of the egress proxy: start, tunnels with bytes in them, refusals, look-ups that fail, shutdown.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readUrl } from '@hardened-mcp/security-core'
import { outbound } from '../packages/host/src/outbound/outbound.ts'
import { readBounded } from '../packages/host/src/outbound/read-bounded.ts'
import { SITE, sampleSite } from './scenes.ts'
import { EXIT_MS, START_MS, STRACE, until } from './trace-log.ts'

const ADDRESS = '127.0.0.1'
const PORT = 3128 // the namespace is the recorder's own

/** Resolves with the file that strace wrote. */
export async function proxyLog(dir: string): Promise<string> {
  const { here, port, ca, close } = await sampleSite(dir)
  const policy = join(dir, 'policy.json')
  const internal = [{ host: SITE, cidr: ADDRESS, port }]
  const fetch = { allowed_tools: [], permissions: [], resources: { allow: ['*'], internal } }
  writeFileSync(policy, JSON.stringify({ version: 1, servers: { fetch } }))
  const log = join(dir, 'proxy.strace')
  const root = join(import.meta.dirname, '..')
  const fence = ['--disable-sigusr1', '--permission', `--allow-fs-read=${root}/`, `--allow-fs-read=${dir}/`]
  const told = ['--policy', policy, '--listen', `${ADDRESS}:${PORT}`, '--client', ADDRESS]
  const node = [process.execPath, ...fence, join(root, 'deploy/egress-proxy/main.ts'), ...told]
  const child = spawn('strace', [...STRACE, '-o', log, ...node], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += String(chunk)
  })
  await until(
    START_MS,
    () => said.includes('egress.serving') || undefined,
    () => said,
  )
  for (const url of [here, here, 'https://no-such-host.example.com/', 'https://93.184.215.14/', 'https://10.0.0.1/'])
    await visit(url, { port, ca: readFileSync(ca, 'utf8') })
  const [proxy] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim().split(' ')
  process.kill(Number(proxy), 'SIGTERM')
  await Promise.race([ended, delay(EXIT_MS)])
  close()
  return log
}

async function visit(text: string, site: { port: number; ca: string }): Promise<void> {
  const reading = readUrl(text)
  if (!reading.ok) throw new RangeError(`${text} must be a URL`)
  const internal = [{ host: SITE, port: site.port, network: ADDRESS, prefix: 32, ca: site.ca }]
  const stop = AbortSignal.timeout(EXIT_MS)
  const session = outbound({ internal, proxy: { address: ADDRESS, port: PORT } })(stop)
  try {
    await readBounded(await session.send({ url: reading.url }), 1_000_000, stop)
  } catch (thrown) {
    process.stdout.write(`egress-proxy: ${text} ${(thrown as Error).message}\n`)
  } finally {
    session.close()
  }
}
