// `audit query` and `audit hash`: the records that fit, as they stand in the trail; and whether a value was used, without keeping it.
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { type AuditRecord, argumentHash, verifyDirectory } from '@hardened-mcp/host/admin'
import { UsageError } from '../command.ts'
import { directoryOf, print, recordOf, say, timeOf } from './records.ts'

const FIELDS = ['type', 'tool', 'caller', 'tenant', 'rule', 'call_id', 'decision', 'args'] as const
const DEFAULT_LIMIT = 1_000

export async function query(args: readonly string[]): Promise<number> {
  const one = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      type: one,
      tool: one,
      caller: one,
      tenant: one,
      rule: one,
      call_id: one,
      decision: one,
      args: one,
      since: one,
      until: one,
      limit: one,
    },
    allowPositionals: true,
  })
  const dir = directoryOf(positionals, 'query')
  const since = values.since === undefined ? Number.NEGATIVE_INFINITY : timeOf(values.since, 'since')
  const until = values.until === undefined ? Number.POSITIVE_INFINITY : timeOf(values.until, 'until')
  const limit = values.limit === undefined ? DEFAULT_LIMIT : Number(values.limit)
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit needs a count of at least 1')
  const fits = (record: AuditRecord) => {
    const at = Date.parse(record.ts)
    return (
      at >= since &&
      at < until &&
      FIELDS.every((field) => values[field] === undefined || values[field] === record[field])
    )
  }
  let found = 0
  const { exitCode } = await verifyDirectory(dir, {
    onLine(line) {
      if (found > limit || !fits(recordOf(line))) return
      found += 1
      if (found <= limit) process.stdout.write(`${line}\n`)
    },
  })
  if (found > limit) say(`There are more than ${limit}; give --limit, --since or --until`)
  if (exitCode !== 0) say(`The trail does not verify (exit code ${exitCode}): see audit verify`)
  return exitCode
}

export async function hash(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { tenant: { type: 'string', default: 'default' }, file: { type: 'string' } },
    allowPositionals: true,
  })
  const dir = directoryOf(positionals, 'hash')
  const given = values.file === undefined ? await text(process.stdin) : readFileSync(values.file, 'utf8')
  const args_ = await argumentHash(dir, values.tenant, parsed(given))
  let records = 0
  await verifyDirectory(dir, { onLine: (line) => void (recordOf(line).args === args_ && (records += 1)) })
  print({ args: args_, records })
  return 0
}

function parsed(given: string): unknown {
  try {
    return JSON.parse(given)
  } catch {
    throw new UsageError('audit hash needs the arguments of the call as JSON on standard input')
  }
}
