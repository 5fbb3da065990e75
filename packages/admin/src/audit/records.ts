// What the verbs of `hardened-mcp audit` share: records as they stand in a trail, anchors, and what an operator may ask for.
import { readFileSync } from 'node:fs'
import { type AuditRecord, readAnchors, type SlotAnchor, type VerifyOptions } from '@hardened-mcp/host/admin'
import { UsageError } from '../command.ts'

export const PROOF_OPTIONS = {
  anchor: { type: 'string', multiple: true },
  anchors: { type: 'string' },
  key: { type: 'string' },
} as const

export type ProofFlags = Readonly<{ anchor?: string[]; anchors?: string; key?: string }>

/** What was kept elsewhere, as the flags name it. */
export function proofOf(flags: ProofFlags, dir: string): VerifyOptions {
  const listed = flags.anchor?.map(anchorOf)
  const noted = flags.anchors === undefined ? undefined : readAnchors(readText(flags.anchors), dir, flags.key)
  const anchors = listed === undefined && noted === undefined ? undefined : [...(listed ?? []), ...(noted ?? [])]
  return { ...(anchors === undefined ? {} : { anchors }), ...(flags.key === undefined ? {} : { key: flags.key }) }
}

function anchorOf(text: string): SlotAnchor {
  const [, slot, seq, hash] = /^(\d{1,2}):(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (hash === undefined) throw new UsageError(`--anchor needs SLOT:SEQ:HASH with a hash of 64 hex digits, got ${text}`)
  return { slot: Number(slot), seq: Number(seq), hash }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new RangeError(`Anchors file ${path} cannot be read`)
  }
}

/** The one positional of a verb. */
export function directoryOf(positionals: readonly string[], verb: string): string {
  const [dir, ...extra] = positionals
  if (dir === undefined || extra.length > 0) throw new UsageError(`Usage: hardened-mcp audit ${verb} DIR`)
  return dir
}

/** Milliseconds since the epoch of a date such as 2026-05-01 or 2026-05-01T12:00:00Z. */
export function timeOf(text: string, flag: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{3})?)?Z)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new UsageError(`--${flag} needs a date such as 2026-05-01 or 2026-05-01T12:00:00Z`)
  return ms
}

export const recordOf = (line: string): AuditRecord => JSON.parse(line) as AuditRecord
export const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
export const say = (line: string) => process.stderr.write(`hardened-mcp: ${line}\n`)

/** Everything beyond printable ASCII as \uXXXX: nothing that a caller chose moves the cursor of a terminal. */
export const asciiOnly = (text: string) =>
  text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
