// Seals a trail while it grows: keeps its tree and the key of the open epoch, and says what the next checkpoint is.
import { type AuditEvent, type MerkleTree, sealCheckpoint, type TrailSigner } from '@hardened-mcp/security-core'
import { type EpochState, writeState } from './epoch-state.ts'
import type { Replayed } from './replay.ts'

export type Sealer = Readonly<{
  /** Takes the hashes of records that are about to be written; returns the checkpoint to write behind them, if one is due or `wanted`. */
  propose(leaves: readonly string[], wanted: boolean): AuditEvent | undefined
  /** What was proposed last is durable. `leaf` is the hash of the checkpoint's line, when there was one. */
  settle(leaf?: string): void
  /** Records after the last checkpoint. */
  sinceSeal(): number
  /** The last durable checkpoint, as a signed note. */
  note(): string | undefined
  /** Makes durable what the next process needs. */
  close(): Promise<void>
}>

const EVERY_RECORDS = 1_000
const STATE_EVERY_MS = 1_000 // at full speed there are ten checkpoints a second, and each state costs three waits for the disk

export function sealer(options: { dir: string; slot: number; start: Replayed; signer: TrailSigner }): Sealer {
  const { dir, slot, start, signer } = options
  let { tree, key, prev, unsealed, sinceSeal } = start
  let proposed: { tree: MerkleTree; last: string; count: number; next?: Replayed['key']; note?: string } | undefined
  let note: string | undefined
  let saved = start.storedEpoch
  let saving: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  function propose(leaves: readonly string[], wanted: boolean): AuditEvent | undefined {
    const grown = tree.copy()
    for (const leaf of leaves) grown.append(leaf)
    proposed = { tree: grown, last: leaves.at(-1) ?? prev, count: leaves.length }
    if (!wanted && sinceSeal + leaves.length < EVERY_RECORDS) return undefined
    const next = unsealed ? key : key.next()
    const sealed = sealCheckpoint(grown.head(), {
      signer,
      next: next.publicKey,
      ...(unsealed ? {} : { key }),
    })
    proposed = { ...proposed, next, note: sealed.note }
    return sealed.event
  }

  function settle(leaf?: string): void {
    if (proposed === undefined) return
    tree = proposed.tree
    prev = proposed.last
    sinceSeal += proposed.count
    if (leaf !== undefined && proposed.next !== undefined) {
      tree.append(leaf)
      prev = leaf
      sinceSeal = 0
      note = proposed.note
      if (proposed.next !== key) key.forget() // its one checkpoint is durable: nobody may seal this epoch again
      key = proposed.next
      unsealed = false
      later()
    }
    proposed = undefined
  }

  function later(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      void save().catch(() => undefined) // the checkpoint after this one asks again, and the key that is kept can still find its way
    }, STATE_EVERY_MS).unref()
  }

  async function save(): Promise<void> {
    await saving
    if (saved === key.epoch) return
    const { epoch } = key
    const state: EpochState = {
      v: 1,
      epoch,
      seed: key.seed().toString('hex'),
      size: tree.head().size,
      prev,
      peaks: [...tree.peaks()],
    }
    saving = writeState(dir, slot, state)
    try {
      await saving
      saved = epoch
    } finally {
      saving = undefined
    }
  }

  return {
    propose,
    settle,
    sinceSeal: () => sinceSeal,
    note: () => note,
    async close() {
      clearTimeout(timer)
      await save()
      key.forget()
    },
  }
}
