// Anchors out of what operators keep: the log lines of a server, or checkpoints as signed notes. Anything else in the text is passed over.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openNote, readCheckpoint, readVerifierKey, type VerifierKey } from '@hardened-mcp/security-core/verify'
import type { SlotAnchor } from './verify-directory.ts'

const NOTE = /^[!-~][ -~]*\/slot-\d{1,2}\n\d+\n[A-Za-z0-9+/]{43}=\nepoch \d+\nnext [0-9a-f]{64}\n\n(?:— .*\n)+/gm

/** Throws `RangeError` when no anchor is in the text, or a note in it was not signed by the log: an anchor has to be believed. */
export function readAnchors(text: string, dir: string, verifierKey?: string): SlotAnchor[] {
  const key = readVerifierKey(verifierKey ?? readFileSync(join(dir, 'log.pub'), 'latin1').trimEnd())
  const anchors = [
    ...text.split('\n').flatMap((line) => fromLog(line)),
    ...[...text.matchAll(NOTE)].map(([note]) => fromNote(note, key)),
  ]
  if (anchors.length === 0) throw new RangeError('The anchors file holds no audit_head and no signed note')
  return anchors
}

function fromLog(line: string): SlotAnchor[] {
  if (!line.includes('"audit_head"')) return []
  const found = /"slot":(\d{1,2}),"seq":(\d{1,15}),"hash":"([0-9a-f]{64})"/.exec(line)
  const [, slot, seq, hash] = found ?? []
  return slot === undefined || seq === undefined || hash === undefined
    ? []
    : [{ slot: Number(slot), seq: Number(seq), hash }]
}

function fromNote(note: string, { name, raw }: VerifierKey): SlotAnchor {
  const [origin = ''] = note.split('\n')
  const slot = origin.startsWith(`${name}/slot-`) ? Number(origin.slice(name.length + 6)) : Number.NaN
  const checkpoint = readCheckpoint(openNote(note, { name: origin, raw }) ?? '')
  if (checkpoint === undefined || !Number.isInteger(slot))
    throw new RangeError('A note in the anchors file was not signed by this log')
  return { slot, size: checkpoint.size, root: checkpoint.root }
}
