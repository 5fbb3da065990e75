// What a caller hears when a worker could not finish: one place for the codes and their sentences.
import { type Budget, Denial } from '@hardened-mcp/security-core'
import type { WorkerEnd } from './messages.ts'

export const cancelled = () => new Denial('timeout', 'The client cancelled the call or went away')

export const noWorker = (spend: Budget) => new Denial('busy', `No worker was free within ${spend.deadlineMs} ms`)

export const shuttingDown = () =>
  new Denial('busy', 'The server was told to stop', { says: 'The server is shutting down; try again shortly' })

export const overran = (spend: Budget) =>
  new Denial('timeout', `The worker was killed after ${spend.deadlineMs} ms`, {
    says: `The call did not finish within ${spend.deadlineMs} ms and was ended`,
  })

export function lost(end: WorkerEnd): Denial {
  if (end === 'memory')
    return new Denial('too_large', 'The worker went over its memory budget', {
      says: 'The call needed more memory than this server allows',
    })
  return new Denial('internal', 'The worker ended during the call')
}
