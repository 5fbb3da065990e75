// `audit report`: what happened in a trail, per tool, caller and tenant, with the verdict on the trail itself.
import { parseArgs } from 'node:util'
import { verifyDirectory } from '@hardened-mcp/host/admin'
import { UsageError } from '../command.ts'
import { directoryOf, print, PROOF_OPTIONS, proofOf, recordOf, say, timeOf } from './records.ts'
import { aggregate } from './report/aggregate.ts'
import { keptRecords } from './report/kept-records.ts'
import { asJson, asText } from './report/text.ts'
import { timeline } from './report/timeline.ts'
import { writePage } from './report/write-page.ts'

const ONE = { type: 'string' } as const

export async function report(args: readonly string[]): Promise<number> {
  const options = { ...PROOF_OPTIONS, since: ONE, until: ONE, json: { type: 'boolean' }, html: ONE } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const dir = directoryOf(positionals, 'report')
  const fromMs = values.since === undefined ? 0 : timeOf(values.since, 'since')
  const toMs = values.until === undefined ? Number.POSITIVE_INFINITY : timeOf(values.until, 'until')
  const file = values.html
  if (file !== undefined && values.json === true) throw new UsageError('Give one of --html and --json')
  if (file !== undefined && !/[^/]\.html$/.test(file))
    throw new UsageError('--html needs a file whose name ends in .html')
  const over = timeline()
  const sums = aggregate({ fromMs, toMs, ...(file === undefined ? {} : { over }) })
  const kept = keptRecords()
  const onLine = (line: string, slot: number) => {
    const record = recordOf(line)
    const at = Date.parse(record.ts)
    if (sums.add(record, at) && file !== undefined) kept.add(record, { at, slot, seq: record.seq, line })
  }
  const proof = proofOf(values, dir)
  const verdict = await verifyDirectory(dir, { ...proof, onLine })
  const told = sums.result()
  if (values.json === true) print(asJson(told, verdict))
  else if (file === undefined) process.stdout.write(`${asText(told, verdict)}\n`)
  else {
    const { page } = await import('./report/page/page.ts')
    const anchored = proof.anchors !== undefined
    const text = page({ dir, verdict, anchored, told, over, kept, madeAt: new Date().toISOString() })
    await writePage(file, text)
    say(`Wrote ${file}, ${Buffer.byteLength(text)} bytes; verification: exit code ${verdict.exitCode}`)
  }
  return verdict.exitCode
}
