// A network namespace that plays the world outside of the deployment, with the sample site in it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { SITE } from '../demo/site.ts'
import { must, ROOT, run, STATE } from './machine.ts'

const SPACE = 'mcp-test-suites'
const LINK = 'mcp-test-site'
export const SITE_ADDRESS = '10.78.0.5'
const HERE = '10.78.0.1'

export type Outside = Readonly<{ ca: string; close(): Promise<void> }>

/** Starts the site on SITE_ADDRESS:443. What an earlier run left behind goes first. */
export async function openOutside(): Promise<Outside> {
  await remove()
  const script = `set -e
    ip netns add ${SPACE}
    ip link add ${LINK} type veth peer name eth0 netns ${SPACE}
    ip addr add ${HERE}/24 dev ${LINK}
    ip link set ${LINK} up
    ip netns exec ${SPACE} ip link set lo up
    ip netns exec ${SPACE} ip link set eth0 up
    ip netns exec ${SPACE} ip addr add ${SITE_ADDRESS}/24 dev eth0
    ip netns exec ${SPACE} ip route add default via ${HERE}`
  await must('sh', ['-c', script])
  const authority = await certificateAuthority('sample site CA')
  const { cert, key } = await authority.issue([SITE])
  const [certFile, keyFile] = [join(STATE, 'site.crt'), join(STATE, 'site.key')]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key, { mode: 0o600 })
  const program = join(ROOT, 'test/sandbox/fixture/sample-site.ts')
  const site = spawn('ip', ['netns', 'exec', SPACE, process.execPath, program, certFile, keyFile, SITE_ADDRESS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(site.stdout as NodeJS.ReadableStream, 'data')
  return {
    ca: authority.ca,
    async close() {
      await ended(site)
      await remove()
    },
  }
}

async function remove(): Promise<void> {
  await run('ip', ['netns', 'delete', SPACE])
  await run('ip', ['link', 'delete', LINK])
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
