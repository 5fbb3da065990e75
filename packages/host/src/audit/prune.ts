// Takes old segments of a trail away, so that what is left still verifies: at a checkpoint, and with a record that says so.
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { leafHash, type MerkleTree, merkleTree } from '@hardened-mcp/security-core'
import { faultOfLine } from '@hardened-mcp/security-core/verify'
import { openAuditSink } from './file-sink.ts'
import { replaceFile, syncDirectory } from './private-files.ts'
import { eachLine } from './replay.ts'
import { firstSeqs, segmentsIn } from './segments.ts'
import { boundaryOf } from './verify/trail-files.ts'

/** What goes, slot by slot: records before number `size` in these files, and the root over them. */
export type PrunePlan = Readonly<{
  slot: number
  size: number
  root: string
  files: readonly string[]
  boundary: string
}>

/**
 * Plans to prune whole segments whose records are all older than `beforeMs`. The file that is being written stays, and so does a
 * segment that does not end in a checkpoint. Says nothing about whether the trail verifies: ask that first.
 */
export async function planPruning(dir: string, beforeMs: number): Promise<readonly PrunePlan[]> {
  const plans: PrunePlan[] = []
  for (const slot of (await segmentsIn(dir)).keys()) {
    const plan = await planSlot(dir, slot, beforeMs)
    if (plan !== undefined) plans.push(plan)
  }
  return plans
}

/** The records of pruning are durable and sealed before anything is taken away. `by` is who asked for it. */
export async function prune(dir: string, plans: readonly PrunePlan[], by: string, now: () => number): Promise<void> {
  const trail = await openAuditSink({ dir, server: 'admin', now })
  try {
    for (const { slot, size, root } of await everyBoundary(dir, plans))
      await trail.sink({ type: 'audit.pruned', caller: by, rule: `slot-${slot}`, size, root })
  } finally {
    await trail.close()
  }
  for (const { slot, files, boundary } of plans) {
    await replaceFile(dir, `slot-${slot}.boundary`, boundary)
    for (const name of files) await unlink(join(dir, name))
  }
  await syncDirectory(dir)
}

// The record of an earlier pruning may itself go this time: all of them are said again.
async function everyBoundary(
  dir: string,
  plans: readonly PrunePlan[],
): Promise<readonly Pick<PrunePlan, 'slot' | 'size' | 'root'>[]> {
  const others: Pick<PrunePlan, 'slot' | 'size' | 'root'>[] = []
  for (const slot of (await segmentsIn(dir)).keys()) {
    if (plans.some((plan) => plan.slot === slot)) continue
    const start = await startOf(dir, slot)
    if (start !== undefined) others.push({ slot, ...start.tree.head() })
  }
  return [...plans, ...others]
}

async function planSlot(dir: string, slot: number, beforeMs: number): Promise<PrunePlan | undefined> {
  const start = await startOf(dir, slot)
  const tree = start?.tree ?? merkleTree()
  const from = tree.head().size
  const segments = await firstSeqs(dir, slot)
  const files: string[] = []
  let plan: PrunePlan | undefined
  for (const { name, first } of segments.slice(0, -1)) {
    files.push(name)
    if (first < from) continue // left over from a pruning that a crash cut short
    let last = ''
    let peaks: readonly string[] = []
    let young = false
    await eachLine(join(dir, name), 0, (line) => {
      const { claims } = faultOfLine(line)
      if (!(Date.parse(claims.ts) < beforeMs)) young = true
      if (claims.type === 'checkpoint') peaks = tree.peaks()
      tree.append(leafHash(line))
      last = line
    })
    if (young) break
    if (faultOfLine(last).claims.type !== 'checkpoint') continue
    plan = { slot, ...tree.head(), files: [...files], boundary: [last, ...peaks, ''].join('\n') }
  }
  return plan
}

/** Where a trail begins that was pruned before. */
async function startOf(dir: string, slot: number): Promise<{ tree: MerkleTree } | undefined> {
  const known = await boundaryOf(dir, slot)
  if (known === undefined) return undefined
  const tree = merkleTree({ size: faultOfLine(known.line).claims.seq, peaks: known.peaks })
  tree.append(leafHash(known.line))
  return { tree }
}
