// What the operator does with requests: sees what waits, and says yes or no, recorded before it counts.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openAuditSink } from '../audit/file-sink.ts'
import { mustBeOurs } from '../own-directory.ts'
import {
  carrierOf,
  FOLDERS,
  readRequest,
  readVerdict,
  REQUEST_NAME,
  refusedPath,
  type RequestFile,
  spentPath,
  verdictPath,
} from './approval-files.ts'
import { writeOnce } from './directory-approvals.ts'

export type Waiting = RequestFile & Readonly<{ state: 'waiting' | 'approved' | 'denied' | 'used' | 'over' }>

/** Every request there is, the oldest first. One that is not whole is left out: nothing can be approved by it. */
export function requestsIn(dir: string, now: number): readonly Waiting[] {
  const folder = join(dir, FOLDERS.requests)
  const found = readdirSync(folder).filter((name) => REQUEST_NAME.test(name))
  return found
    .flatMap((name) => {
      try {
        return readRequest(join(folder, name)) ?? []
      } catch {
        return []
      }
    })
    .map((request) => ({ ...request, state: stateOf(dir, request, now) }))
    .toSorted((a, b) => a.at - b.at)
}

/**
 * Records the verdict in the trail `audit` of the directory and writes it. A yes can be taken back by a no; a no stays.
 * Throws `RangeError` on a request that is not there, is over, used, or decided so already.
 */
export async function decide(
  dir: string,
  id: string,
  verdict: Readonly<{ word: 'approved' | 'denied'; by: string; now: () => number }>,
): Promise<Waiting> {
  const { word, by, now } = verdict
  mustBeOurs('Directory of verdicts', join(dir, FOLDERS.verdicts))
  const request = requestsIn(dir, now()).find((each) => each.id === id)
  if (request === undefined) throw new RangeError(`There is no request ${id}`)
  const { state } = request
  if (state !== 'waiting' && !(state === 'approved' && word === 'denied'))
    throw new RangeError(`Request ${id} is ${state}`)
  if (request.strength !== 'operator')
    throw new RangeError(`Request ${id} waits for ${request.strength}, not for the operator`)
  const at = now()
  const { tenant, id: caller } = carrierOf(request)
  const trail = await openAuditSink({ dir: join(dir, 'audit'), server: 'admin', now })
  try {
    await trail.sink({
      type: word === 'approved' ? 'approval.granted' : 'approval.refused',
      ...{ server: request.server, tool: request.tool, tenant, caller },
      ...{ policy: request.policy, taint: request.labels, approval: id, err: `by ${by}` },
    })
  } finally {
    await trail.close()
  }
  const file = { v: 1, id, digest: request.digest, by, at }
  // Others may read it: a verdict holds no secret, and servers may run as another user than the operator.
  if (!writeOnce(verdictPath(dir, id, word), JSON.stringify(file), 0o644))
    throw new RangeError(`Request ${id} is ${word}`)
  return { ...request, state: word }
}

function stateOf(dir: string, { id, until, grant_ms }: RequestFile, now: number): Waiting['state'] {
  if (existsSync(spentPath(dir, id))) return 'used'
  if (existsSync(verdictPath(dir, id, 'denied')) || existsSync(refusedPath(dir, id))) return 'denied'
  try {
    const approved = readVerdict(verdictPath(dir, id, 'approved'))
    if (approved !== undefined) return now < approved.at + grant_ms ? 'approved' : 'over'
  } catch {
    return 'denied' // the servers go by no verdict that is not whole
  }
  return now < until ? 'waiting' : 'over'
}
