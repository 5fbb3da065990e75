// `audit review` and `audit prune`: what operators do with a trail that verifies; both leave a sealed record of themselves.
import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { planPruning, prune as takeAway, recordReview, verifyDirectory } from '@hardened-mcp/host/admin'
import { UsageError } from '../command.ts'
import { directoryOf, print, PROOF_OPTIONS, proofOf, say, timeOf } from './records.ts'

export async function review(args: readonly string[]): Promise<number> {
  const options = { ...PROOF_OPTIONS, by: { type: 'string' }, note: { type: 'string' } } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const dir = directoryOf(positionals, 'review')
  const verdict = await verifyDirectory(dir, proofOf(values, dir))
  if (verdict.exitCode === 1 || verdict.exitCode === 2) {
    for (const slot of verdict.slots) print(slot)
    say('Not recorded as reviewed: the trail does not verify')
    return verdict.exitCode
  }
  const by = values.by ?? userInfo().username
  const at = await recordReview(dir, {
    verdict,
    by,
    now: Date.now,
    ...(values.note === undefined ? {} : { note: values.note }),
  })
  print({
    reviewed: at,
    by,
    heads: verdict.slots.map((slot) => ('head' in slot ? { slot: slot.slot, ...slot.head } : slot)),
  })
  return verdict.exitCode
}

export async function prune(args: readonly string[]): Promise<number> {
  const options = {
    ...PROOF_OPTIONS,
    before: { type: 'string' },
    by: { type: 'string' },
    'dry-run': { type: 'boolean' },
  } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const dir = directoryOf(positionals, 'prune')
  if (values.before === undefined) throw new UsageError('audit prune needs --before DATE')
  const before = timeOf(values.before, 'before')
  const verdict = await verifyDirectory(dir, proofOf(values, dir))
  if (verdict.exitCode !== 0) {
    for (const slot of verdict.slots) print(slot)
    say('Nothing was pruned: the trail does not verify')
    return verdict.exitCode
  }
  const plans = await planPruning(dir, before)
  if (values['dry-run'] !== true && plans.length > 0)
    await takeAway(dir, plans, values.by ?? userInfo().username, Date.now)
  for (const { slot, size, root, files } of plans) print({ slot, records_before: size, root, files })
  if (plans.length === 0) say('Nothing to prune: no whole segment is that old')
  return 0
}
