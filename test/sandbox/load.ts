// Callers of a deployed server who note which answers they got, and the records that its trail has of them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint } from '@hardened-mcp/security-core'
import { connect, type Outcome } from '@hardened-mcp/testkit/clients'
import { run, STATE } from './machine.ts'
import type { Server, Stage } from './stage.ts'

const CALLERS = 8
const TENANT = 'default' // of a key that deploy/mint made

type AuditRecord = Readonly<{ type: string; call_id?: string; args?: string }>

export const auditFolder = (server: Server) => join(STATE, 'audit', server)

/** Every record of a server's trail, oldest first. Throws when a line is torn. */
export function recordsOf(server: Server): AuditRecord[] {
  const files = readdirSync(auditFolder(server)).filter((name) => name.endsWith('.jsonl')).sort() // biome-ignore format: one chain
  const lines = files.flatMap((name) => readFileSync(join(auditFolder(server), name), 'utf8').split('\n'))
  return lines.filter(Boolean).map((line) => JSON.parse(line) as AuditRecord)
}

/** Calls that were begun and have no record of their end. */
export function openCalls(server: Server): string[] {
  const calls = recordsOf(server).filter(({ type }) => type.startsWith('tool_call.'))
  const ended = new Set(calls.flatMap(({ type, call_id }) => (type === 'tool_call.request' ? [] : [call_id])))
  return calls.flatMap(({ call_id }) => (call_id === undefined || ended.has(call_id) ? [] : [call_id]))
}

/** How a call ended: the code of its refusal, or `answered`. */
export const endOf = ({ isError, structuredContent }: Outcome): string =>
  isError === true ? (structuredContent['error'] as { code: string }).code : 'answered'

/** Exit code of `audit verify` in a container of its own, 0 when every record is as it was written. */
export async function verified(server: Server): Promise<number> {
  const mount = `${auditFolder(server)}:/audit:ro`
  const { code } = await run('/usr/bin/docker', ['run', '--rm', '--network', 'none', '-v', mount, 'hardened-mcp/file:local', 'audit', 'verify', '/audit']) // biome-ignore format: one command
  return code
}

/** One cheap call whose arguments nobody else uses. */
const cheap = (server: Server, mark: string): readonly [string, Record<string, unknown>] =>
  server === 'db-query'
    ? ['query_sql', { sql: 'SELECT ? AS mark', params: [mark] }]
    : ['search_files', { path: '.', glob: mark }]

export type Load = Readonly<{
  answered(): number
  /** Ends the callers, and returns the answered calls that the trail has no success of. */
  stop(): Promise<readonly string[]>
}>

let loads = 0

/** Eight callers over TLS, one call after the other each; a caller whose call fails goes on with the next. */
export function startLoad(stage: Stage, server: 'db-query' | 'file'): Load {
  const load = loads++
  const acknowledged: Record<string, unknown>[] = []
  let over = false
  const caller = async (number: number) => {
    for (let call = 0; !over; ) {
      try {
        const client = await connect('v2-2026-07-28', { url: stage.url(server), key: stage.keys[server] })
        while (!over) {
          const [tool, args] = cheap(server, `mark-${load}-${number}-${call++}`)
          if ((await client.call(tool, args)).isError !== true) acknowledged.push(args)
        }
        await client.close()
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100)) // the server is down; it comes back
      }
    }
  }
  const callers = Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number)))
  return {
    answered: () => acknowledged.length,
    async stop() {
      over = true
      await callers
      const key = Buffer.from(readFileSync(join(auditFolder(server), 'hmac.key'), 'utf8').trim(), 'hex')
      const print = fingerprint(key)
      const successes = new Set(recordsOf(server).flatMap(({ type, args }) => (type === 'tool_call.success' ? [args] : []))) // biome-ignore format: one chain
      return acknowledged.flatMap((args) => (successes.has(print(TENANT, args)) ? [] : [JSON.stringify(args)]))
    },
  }
}
