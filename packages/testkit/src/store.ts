// A Redis of its own on loopback, kept in memory: what replicas share their limits through.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

export type Store = Readonly<{ address: string; start(): Promise<void>; stop(): Promise<void> }>

/** Starts it; it can be stopped and started again under the same address. */
export async function store(): Promise<Store> {
  const port = await freePort()
  let running: ReturnType<typeof spawn> | undefined
  const started: Store = {
    address: `127.0.0.1:${port}`,
    async start() {
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp']
      const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
      running = child
      await new Promise<void>((resolve, fail) => {
        child.on('error', fail)
        child.on('exit', (code) => fail(new Error(`redis-server ended with ${code}`)))
        child.stdout.on('data', (chunk) => String(chunk).includes('Ready to accept') && resolve())
      })
    },
    async stop() {
      const child = running
      if (child === undefined || child.exitCode !== null) return
      running = undefined
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('close', resolve))
    },
  }
  await started.start()
  return started
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
