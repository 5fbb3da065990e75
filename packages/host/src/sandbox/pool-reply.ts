// Reads what a worker answered: frames within their limits, and in them a result, or a denial with its code, sentence and wait.
import type { Socket } from 'node:net'
import { Denial, isDenialCode, type Result } from '@hardened-mcp/security-core'
import { type Frame, frameReader } from './frame.ts'

const MAX_SAYS = 300
const MAX_HEAD_BYTES = 128 * 1024 // figures, or a reason that quotes the longest statement; twice as much of hostile JSON takes 50 ms to parse

/** Hands each frame of a worker to `deliver`; calls `broken` for one over its limits or without sense, and reads no further. */
export function hearFrames(
  socket: Socket,
  { maxBodyBytes, deliver, broken }: { maxBodyBytes: number; deliver: (frame: Frame) => void; broken: () => void },
): void {
  const read = frameReader({ maxBodyBytes, maxHeadBytes: MAX_HEAD_BYTES, deliver })
  const hear = (chunk: Buffer) => {
    try {
      read(chunk)
    } catch {
      socket.off('data', hear)
      broken()
    }
  }
  socket.on('error', () => undefined).on('data', hear)
}

type Settle = Readonly<{ resolve: (result: Result) => void; reject: (denial: Denial) => void }>

type Reply = {
  ok?: { rows?: unknown; truncated?: unknown }
  denied?: { code?: unknown; reason?: unknown; says?: unknown; retryAfterMs?: unknown }
}

/** Ends a call as the frame of its worker says. Untrusted: every field is looked at before it counts. */
export function settleBy({ resolve, reject }: Settle, { head, body }: Frame): void {
  const { ok, denied } = head as Reply
  if (ok !== undefined) {
    const rows = Number.isSafeInteger(ok.rows) ? { rows: ok.rows as number } : {}
    return resolve({ text: body, ...rows, truncated: ok.truncated === true })
  }
  const code = isDenialCode(denied?.code) ? denied.code : 'internal'
  const says = code === 'internal' || typeof denied?.says !== 'string' ? {} : { says: denied.says.slice(0, MAX_SAYS) }
  const wait = Number.isSafeInteger(denied?.retryAfterMs) ? { retryAfterMs: denied?.retryAfterMs as number } : {}
  reject(new Denial(code, textOf(denied?.reason, 'The worker gave no reason'), { ...says, ...wait }))
}

export const textOf = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise)
