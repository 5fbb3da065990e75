// The arguments of the manifests are real: the very servers start with them, and answer the very probes, with secrets mounted as kubelet does.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { type Container, ofKind, readDocuments, workloads } from '../../deploy/kubernetes/check/documents.ts'
import { rendered, ROOT } from './rendered.ts'

const set = readDocuments(rendered('production'))
const dir = mkdtempSync(join(tmpdir(), 'kubernetes-'))
const children: ChildProcess[] = []
after(async () => {
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  await Promise.all(running.map((child) => (child.kill('SIGTERM'), once(child, 'exit'))))
  rmSync(dir, { recursive: true })
})

const here = (text: string) =>
  text
    .replaceAll('/etc/hardened-mcp/', `${dir}/etc/`)
    .replaceAll('/data/', `${dir}/data/`)
    .replaceAll('/files', `${dir}/files`)

/** A mounted volume: the name leads by a link to `..data`, and that by a link to the folder of this version. */
function mounted(volume: string, name: string, content: string): void {
  const folder = join(dir, 'etc', volume)
  mkdirSync(join(folder, '..version'), { recursive: true })
  writeFileSync(join(folder, '..version', name), content, { mode: 0o600 })
  try {
    symlinkSync('..version', join(folder, '..data'))
  } catch {} // the second file of this volume
  symlinkSync(`..data/${name}`, join(folder, name))
}

const { cert, key } = await (await certificateAuthority()).issue(['localhost'])
const policy =
  ofKind(set, 'ConfigMap').find(({ data }) => data?.['policy.yaml'] !== undefined)?.data?.['policy.yaml'] ?? ''
mkdirSync(join(dir, 'data'))
mkdirSync(join(dir, 'files'))
const database = new DatabaseSync(join(dir, 'data/shop.sqlite'))
database.exec('CREATE TABLE products (id INTEGER PRIMARY KEY)')
database.close()
mounted('policy', 'policy.yaml', here(policy))
mounted('keys', 'keys.json', '{"version":1,"keys":[]}')
mounted('tls', 'tls.crt', cert)
mounted('tls', 'tls.key', key)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

function start(app: string, args: readonly string[]): { child: ChildProcess; said: () => string } {
  const entry = app === 'egress-proxy' ? 'deploy/egress-proxy/main.ts' : 'packages/admin/bin/hardened-mcp.js'
  const child = spawn(process.execPath, [join(ROOT, entry), ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  children.push(child)
  let said = ''
  child.stderr.on('data', (chunk) => (said += String(chunk)))
  return { child, said: () => said }
}

const argsOf = (app: string, { args = [] }: Container, port: number) =>
  args.map((arg) =>
    here(arg)
      .replace('/audit/', `${dir}/audit-${app}/`)
      .replace(/0\.0\.0\.0:\d+/, `127.0.0.1:${port}`),
  )

const statusOf = (port: number, path: string, host: string) =>
  new Promise<number>((resolve) => {
    const options = { host: '127.0.0.1', port, path, headers: { host }, rejectUnauthorized: false } // as kubelet asks
    request(options, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', () => resolve(0))
      .end()
  })
const connects = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy().destroyed)).on('error', () =>
      resolve(false),
    )
  })

async function until(child: ChildProcess, said: () => string, holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    assert.equal(child.exitCode, null, said())
    await delay(100)
  }
}

suite('the arguments of the manifests', { timeout: 120_000 }, () => {
  for (const { labels, pod } of workloads(set)) {
    const app = labels['app'] ?? ''
    const [container] = pod.containers as [Container]
    test(`${app} starts with them and its probe is answered`, async () => {
      const port = await freePort()
      mkdirSync(join(dir, `audit-${app}`))
      const { child, said } = start(app, argsOf(app, container, port))
      const asked = container.livenessProbe?.httpGet
      if (asked === undefined) return until(child, said, () => connects(port))
      const host = asked.httpHeaders?.[0]?.value ?? ''
      await until(child, said, async () => (await statusOf(port, asked.path ?? '', host)) === 200)
      assert.equal(await statusOf(port, asked.path ?? '', `10.0.0.1:${port}`), 421) // what kubelet sends by itself
    })
  }

  test('a flag that does not exist ends the start', async () => {
    const { child } = start('file', ['serve', 'file', `--policy=${dirname(dir)}/none`, '--no-such-flag'])
    const [code] = (await once(child, 'exit')) as [number]
    assert.notEqual(code, 0)
  })
})
