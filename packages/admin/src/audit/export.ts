// `audit export`: records in the words of other systems, one line of JSON each: OCSF 1.3 API Activity, ECS 8, OpenTelemetry logs.
import { parseArgs } from 'node:util'
import { type AuditRecord, verifyDirectory } from '@hardened-mcp/host/admin'
import { UsageError } from '../command.ts'
import { asciiOnly, directoryOf, recordOf, say, timeOf } from './records.ts'

const FORMATS: Readonly<Record<string, (record: AuditRecord) => object>> = { ocsf, ecs, otel }

export async function exportTrail(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { format: { type: 'string' }, since: { type: 'string' } },
    allowPositionals: true,
  })
  const dir = directoryOf(positionals, 'export')
  const format =
    values.format !== undefined && Object.hasOwn(FORMATS, values.format) ? FORMATS[values.format] : undefined
  if (format === undefined) throw new UsageError(`--format needs one of ${Object.keys(FORMATS).join(', ')}`)
  const since = values.since === undefined ? 0 : timeOf(values.since, 'since')
  const { exitCode } = await verifyDirectory(dir, {
    onLine(line) {
      const record = recordOf(line)
      if (Date.parse(record.ts) >= since) process.stdout.write(`${asciiOnly(JSON.stringify(format(record)))}\n`)
    },
  })
  if (exitCode !== 0) say(`The trail does not verify (exit code ${exitCode}): see audit verify`)
  return exitCode
}

const isRefusal = ({ decision, type }: AuditRecord) => decision === 'deny' || type === 'auth.failure'

// API Activity (6003), Authentication (3002), Detection Finding (2004) of category 6, 3 and 2; type_uid is class * 100 + activity.
function ocsf(record: AuditRecord): object {
  const [category, klass] = record.type.startsWith('auth.')
    ? [3, 3002]
    : record.type === 'alert.raised'
      ? [2, 2004]
      : [6, 6003]
  const activity = klass === 6003 ? 99 : 1
  return {
    metadata: {
      version: '1.3.0',
      product: { name: 'hardened-mcp', vendor_name: 'hardened-mcp' },
      uid: record.call_id,
      sequence: record.seq,
    },
    category_uid: category,
    class_uid: klass,
    activity_id: activity,
    type_uid: klass * 100 + activity,
    activity_name: record.type,
    time: Date.parse(record.ts),
    severity_id: record.type === 'alert.raised' ? 4 : isRefusal(record) ? 2 : 1,
    status_id: isRefusal(record) ? 2 : 1,
    status_code: record.rule,
    status_detail: record.err,
    duration: record.dur_ms,
    actor: { user: { uid: record.caller, org: { uid: record.tenant } }, app_name: record.client },
    api: { operation: record.tool ?? record.type, service: { name: record.server }, request: { uid: record.call_id } },
    unmapped: {
      args: record.args,
      marks: record.marks,
      bytes: record.bytes,
      rows: record.rows,
      prev: record.prev,
      policy: record.policy,
    },
  }
}

function ecs(record: AuditRecord): object {
  return {
    '@timestamp': record.ts,
    ecs: { version: '8.11.0' },
    event: {
      action: record.type,
      category: [record.type.startsWith('auth.') ? 'authentication' : 'api'],
      kind: record.type === 'alert.raised' ? 'alert' : 'event',
      type: [isRefusal(record) ? 'denied' : 'allowed'],
      outcome: isRefusal(record) ? 'failure' : 'success',
      code: record.rule,
      reason: record.err,
      duration: record.dur_ms === undefined ? undefined : record.dur_ms * 1_000_000, // nanoseconds
      id: record.call_id,
      sequence: record.seq,
      hash: record.prev,
    },
    service: { name: record.server },
    user: { id: record.caller },
    organization: { id: record.tenant },
    user_agent: record.client === undefined ? undefined : { original: record.client },
    labels: { tool: record.tool, args: record.args, marks: record.marks, policy: record.policy },
  }
}

function otel(record: AuditRecord): object {
  const [, trace, span] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(record.trace ?? '') ?? []
  const attributes: Record<string, string | number | undefined> = {
    'event.name': record.type,
    'gen_ai.tool.name': record.tool,
    'enduser.id': record.caller,
    'error.type': record.rule,
    'hardened_mcp.seq': record.seq,
    'hardened_mcp.call_id': record.call_id,
    'hardened_mcp.tenant': record.tenant,
    'hardened_mcp.args': record.args,
    'hardened_mcp.prev': record.prev,
  }
  return {
    timeUnixNano: `${Date.parse(record.ts)}000000`,
    severityNumber: record.type === 'alert.raised' ? 17 : isRefusal(record) ? 13 : 9,
    body: { stringValue: record.err ?? record.type },
    traceId: trace,
    spanId: span,
    attributes: Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined
        ? []
        : [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }],
    ),
    resource: { attributes: [{ key: 'service.name', value: { stringValue: record.server ?? 'hardened-mcp' } }] },
  }
}
