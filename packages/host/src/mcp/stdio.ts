// One client on stdin and stdout, as the process's own user.
import type { Principal } from '@hardened-mcp/security-core'
import { serveBothErasOnStdio } from './modern.ts'
import type { Registry } from './registry.ts'
import { StrictLines } from './strict-lines.ts'

/** `onClose` runs once, when the client has closed its end or can no longer be answered. */
export function serveOnStdio(options: {
  registry: Registry
  caller: Principal
  onClose: () => void
  onerror: (error: Error) => void
}): { close(): Promise<void> } {
  const input = new StrictLines(process.stdout)
  const handle = serveBothErasOnStdio({ ...options, input, output: process.stdout })
  process.stdin.once('error', () => input.destroy()).once('close', () => input.end())
  process.stdin.pipe(input)
  return {
    async close() {
      process.stdin.unpipe(input).pause()
      await handle.close()
    },
  }
}
