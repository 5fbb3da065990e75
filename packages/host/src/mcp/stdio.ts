// One client on stdin and stdout, as the process's own user.
import type { Principal } from '@hardened-mcp/security-core'
import { serveBothErasOnStdio } from './modern.ts'
import type { Registry } from './registry.ts'

/** `onClose` runs once, when the client has closed its end or can no longer be answered. */
export function serveOnStdio(options: {
  registry: Registry
  caller: Principal
  onClose: () => void
  onerror: (error: Error) => void
}): { close(): Promise<void> } {
  const handle = serveBothErasOnStdio(options)
  let closed = false
  const close = () => {
    if (closed) return
    closed = true
    options.onClose()
  }
  process.stdin.once('end', close).once('close', close)
  process.stdout.once('error', close) // EPIPE: the client stopped reading
  return handle
}
