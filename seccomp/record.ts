// Records which system calls the servers make: start, steady state, a killed and a crashed worker, shutdown; HTTP and stdio.
// Needs strace and root (a network namespace of its own, so that nothing leaves the machine). Writes observed/<server>.json.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CAPABILITIES } from '@hardened-mcp/security-core'
import { command, COMMAND } from '@hardened-mcp/testkit/command'
import { connect, type TestClient } from '@hardened-mcp/testkit/clients'
import { proxyLog } from './record-proxy.ts'
import { type Call, SCENES, type Scene } from './scenes.ts'
import { EXIT_MS, START_MS, STRACE, summary, until } from './trace-log.ts'

const INSIDE = 'HARDENED_MCP_RECORDING'

if (process.env[INSIDE] === undefined) {
  const script = 'ip link set lo up && exec "$0" "$1"'
  const { status } = spawnSync('unshare', ['--net', 'sh', '-c', script, process.execPath, import.meta.filename], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  })
  process.exit(status ?? 1)
}

const dir = mkdtempSync(join(tmpdir(), 'seccomp-record-'))
try {
  for (const scene of SCENES) await record(scene)
  keep('egress-proxy', await proxyLog(join(dir, 'egress-proxy')))
} finally {
  rmSync(dir, { recursive: true, force: true })
}
process.exit(0)

async function record(scene: Scene): Promise<void> {
  const place = join(dir, scene.server)
  const { args, calls, close } = await scene.prepare(place)
  const logs = [await overHttp(scene, place, args, calls), await overStdio(scene, place, args)]
  close()
  keep(scene.server, ...logs)
}

// A call that ends in another way than it should is not the work that was to be recorded.
async function put(client: TestClient, [name, input, refused]: Call): Promise<void> {
  const { isError, structuredContent } = await client.call(name, input)
  if ((isError === true) !== (refused === 'refused'))
    throw new Error(`${name} ${JSON.stringify(input)}: ${JSON.stringify(structuredContent).slice(0, 500)}`)
}

function keep(name: string, ...logs: readonly string[]): void {
  const observed = summary(logs.map((log) => readFileSync(log, 'utf8')).join('\n'))
  writeFileSync(join(import.meta.dirname, 'observed', `${name}.json`), `${JSON.stringify(observed, null, 2)}\n`)
  process.stdout.write(`${name}: ${observed.calls.length} distinct calls\n`)
}

async function overHttp({ server }: Scene, place: string, args: readonly string[], calls: readonly Call[]) {
  const keys = join(place, 'keys.json')
  const can = CAPABILITIES.flatMap((capability) => ['--can', capability])
  const { stdout, stderr } = await command(['keys', 'mint', '--name', 'recorder', '--keys', keys, ...can])
  const key = /mcp_[A-Za-z0-9_-]{40,}/.exec(stdout + stderr)?.[0] ?? ''
  const log = join(place, 'http.strace')
  const audit = ['--audit', join(place, 'audit'), '--http', '127.0.0.1:0', '--keys', keys]
  const child = spawn(
    'strace',
    [...STRACE, '-o', log, process.execPath, '--disable-sigusr1', COMMAND, 'serve', server, ...args, ...audit],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = new Promise((resolve) => child.on('exit', resolve))
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += String(chunk)
  })
  const url = await until(
    START_MS,
    () => / serves (https?:\S+)/.exec(said)?.[1],
    () => said,
  )
  for (const kind of ['v1', 'v2-2026-07-28'] as const) {
    const client = await connect(kind, { url, key })
    await client.tools()
    for (const call of calls) await put(client, call)
    await client.close()
  }
  const supervisor = childrenOf(child.pid)[0]
  const [worker] = childrenOf(supervisor).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('worker.ts'),
  )
  if (supervisor === undefined || worker === undefined) throw new Error('The server has no worker')
  process.kill(worker, 'SIGSEGV') // a crash: the supervisor puts another in its place
  await delay(3_000)
  const client = await connect('v1', { url, key })
  for (const call of calls.slice(0, 1)) await put(client, call)
  await client.close()
  process.kill(supervisor, 'SIGTERM')
  await Promise.race([ended, delay(EXIT_MS)])
  return log
}

async function overStdio({ server }: Scene, place: string, args: readonly string[]): Promise<string> {
  const log = join(place, 'stdio.strace')
  const child = spawn(
    'strace',
    [...STRACE, '-o', log, process.execPath, COMMAND, 'serve', server, ...args, '--audit', join(place, 'audit-stdio')],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  )
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += String(chunk)
  })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'recorder', version: '1' } }
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: hello })}\n`)
  await until(
    START_MS,
    () => said.includes('"id":1') || undefined,
    () => said,
  )
  child.stdin.write(
    '{"jsonrpc":"2.0","method":"notifications/initialized"}\n{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n',
  )
  await until(
    START_MS,
    () => said.includes('"id":2') || undefined,
    () => said,
  )
  child.stdin.end() // the client goes: so does the server
  await Promise.race([ended, delay(EXIT_MS)])
  return log
}

function childrenOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number)
}
