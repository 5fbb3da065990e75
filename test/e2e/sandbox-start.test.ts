// A server under bubblewrap that is ended while its processes start leaves none of them behind, not even a shell of bwrap that waits.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { COMMAND } from '@hardened-mcp/testkit/command'
import { commandLine, descendants, survivors } from '@hardened-mcp/testkit/processes'

const ROUNDS = 4 // killed with bwrap alone, about every second one leaves a shell
const root = mkdtempSync(join(tmpdir(), 'sandbox-start-'))
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

// By command line, because what is left behind has lost its parent.
const ofThisTest = () =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && commandLine(pid).includes(root))

for (const victim of ['front', 'supervisor'] as const)
  test(`kill -9 of the ${victim} while bwrap starts leaves no process`, { timeout: 180_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const server = spawn(process.execPath, [COMMAND, 'serve', 'file', '--root', root, '--audit', join(root, 'audit'), '--sandbox', 'bwrap', '--workers', '4'], { stdio: ['pipe', 'ignore', 'ignore'] }) // biome-ignore format: one call
      const ended = once(server, 'exit')
      const front = () => descendants(server.pid as number).find((pid) => /bwrap.*front\.ts/.test(commandLine(pid)))
      while (front() === undefined && server.exitCode === null) await delay(1)
      await delay(round * 3)
      process.kill(victim === 'front' ? (front() as number) : (server.pid as number), 'SIGKILL')
      await ended
    }
    assert.deepEqual((await survivors(ofThisTest())).map(commandLine), [])
  })
