// Question: did the operator say yes to this very call, and has nobody used it yet?
// Threat:   two servers that use one yes at the same time; a file that is half written, swapped or of another caller; a flood of requests
//           in which one yes is overlooked; a server that was taken over and writes itself a yes.
// Rule:     every file is made once (O_EXCL) and never changed: a request in one of the caller's few places, a verdict in a folder that
//           servers only read, a mark of use that exactly one process can make. A verdict names id and digest of its request.
// Limits:   user and root of the machine can write anything here. Clocks of servers that share it must agree within a minute.
// Proof:    directory-approvals.test.ts
import { hash, randomBytes } from 'node:crypto'
import { closeSync, constants, existsSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ApprovalRequest, ApprovalStore, Carrier, RequestFacts, Strength } from '@hardened-mcp/security-core'
import { mustBeOurs } from '../own-directory.ts'
import {
  FOLDERS,
  MOST_SHOWN,
  readRequest,
  readVerdict,
  refusedPath,
  type RequestFile,
  requestPath,
  spentPath,
  verdictPath,
} from './approval-files.ts'

const GRACE_MS = 60_000 // what clocks may differ, and what a process may stand still between looking and marking
const KEEP_MS = 2 * 86_400_000 // longer than the longest request and its grant

/** Throws `RangeError` with one line on folders that others could write to. */
export function directoryApprovals(options: {
  dir: string
  lifeMs: Readonly<Record<Strength, number>>
  grantMs: number
  perCaller: number
  now: () => number
}): ApprovalStore {
  const { dir, lifeMs, grantMs, perCaller, now } = options
  const requests = join(dir, FOLDERS.requests)
  const verdicts = join(dir, FOLDERS.verdicts)
  const own = process.geteuid?.() ?? 0
  mustBeOurs('Directory of requests', requests)
  mustBeOurs('Directory of verdicts', verdicts, [own, 0])

  return {
    async find(who, digest) {
      for (const folder of [requests, verdicts]) statSync(folder) // no answer and no folder are not the same
      const standing = placesOf(who).flatMap((file) => {
        const request = wholeOf(file)
        const isOurs = request?.digest === digest && request.tenant === who.tenant && request.caller === who.id
        return isOurs && !existsSync(spentPath(dir, request.id)) ? standingOf(request, file) : []
      })
      return standing.find(({ verdict }) => verdict === 'approved') ?? standing[0]
    },
    async open(facts) {
      sweep()
      const request = fileOf(facts)
      const text = JSON.stringify(request)
      for (const file of placesOf(facts.who)) {
        if (isOver(file)) rmSync(file, { force: true })
        if (writeOnce(file, text)) return { id: request.id, at: request.at, file }
      }
      return undefined
    },
    async spend({ id, file }) {
      if (!writeOnce(spentPath(dir, id), '-')) return false
      if (file !== undefined) rmSync(file, { force: true }) // its place is free for the next request
      return true
    },
    async refuse({ id }) {
      writeOnce(refusedPath(dir, id), '-')
    },
  }

  function placesOf({ tenant, id }: Carrier): readonly string[] {
    const owner = hash('sha256', JSON.stringify([tenant, id])).slice(0, 32)
    return Array.from({ length: perCaller }, (_, slot) => requestPath(dir, owner, slot))
  }

  function fileOf({ who, operation, ...facts }: RequestFacts): RequestFile {
    const at = now()
    return {
      ...{ v: 1, id: `a_${randomBytes(8).toString('hex')}`, at, until: at + lifeMs[facts.strength] },
      grant_ms: facts.strength === 'operator' ? grantMs : 0,
      ...{ tenant: who.tenant, caller: who.id },
      ...facts,
      ...{ operation: operation.slice(0, MOST_SHOWN), operation_chars: operation.length },
    }
  }

  function standingOf(request: RequestFile, file: string): ApprovalRequest[] {
    const { id, at, until } = request
    const isDenied = existsSync(verdictPath(dir, id, 'denied')) || existsSync(refusedPath(dir, id))
    if (isDenied) return now() < until ? [{ id, at, file, verdict: 'denied' }] : []
    const approved = readVerdict(verdictPath(dir, id, 'approved'))
    if (approved === undefined) return now() < until ? [{ id, at, file }] : []
    if (approved.id !== id || approved.digest !== request.digest)
      throw new RangeError(`The verdict on ${id} is about another request`)
    const inTime = approved.at >= at - GRACE_MS && approved.at < until && approved.at <= now() + GRACE_MS
    return inTime && now() < approved.at + request.grant_ms ? [{ id, at, file, verdict: 'approved' }] : []
  }

  // Two servers that clear one place at once: the later request stands, and who asked first asks again.
  function isOver(file: string): boolean {
    const stats = statSync(file, { throwIfNoEntry: false })
    if (stats === undefined) return false
    const request = wholeOf(file)
    return now() > (request === undefined ? stats.mtimeMs + KEEP_MS : request.until + request.grant_ms + GRACE_MS)
  }

  function sweep(): void {
    for (const name of readdirSync(requests)) {
      const stats = statSync(join(requests, name), { throwIfNoEntry: false })
      if (stats !== undefined && now() > stats.mtimeMs + KEEP_MS) rmSync(join(requests, name), { force: true })
    }
  }
}

// A request that is being written, or was left by a crash, approves nothing.
function wholeOf(file: string): RequestFile | undefined {
  try {
    return readRequest(file)
  } catch {
    return undefined
  }
}

// O_SYNC: the permission model of Node leaves no other way to make a file durable.
const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW, O_SYNC } = constants

/** True when this process made the file; false when it was there. */
export function writeOnce(path: string, text: string, mode = 0o600): boolean {
  let fd: number
  try {
    fd = openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_SYNC, mode)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw thrown
  }
  try {
    writeSync(fd, text)
  } finally {
    closeSync(fd)
  }
  return true
}
