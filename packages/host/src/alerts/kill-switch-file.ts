// What is switched off, in a file that the operator's command writes and every running server follows.
import { statSync } from 'node:fs'
import { type SwitchedOff, type SwitchState, whatOf } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { type OperatorFile, ownUid, readOperatorFileSync, replaceOperatorFile, stampOf } from '../operator-file.ts'
import { parseStrictly } from '../parse-strictly.ts'

const POLL_MS = 500 // in force within 3 s, also when the event loop is held up
const FILE: OperatorFile = { name: 'Kill switch file', holds: 'the kill switch', maxBytes: 1024 * 1024 }

const name = z.string().regex(/^[\x21-\x7e]{1,256}$/, 'Must be 1 to 256 printable characters without spaces')
const entry = z
  .strictObject({
    tenant: name.exactOptional(),
    principal: name.exactOptional(),
    tool: name.exactOptional(),
    reason: z
      .string()
      .regex(/^[^\p{Cc}\p{Cf}]{1,256}$/u, 'Must be 1 to 256 plain characters')
      .exactOptional(),
    since: z.iso.datetime(),
  })
  .readonly()
export type SwitchEntry = z.output<typeof entry>
const switchFile = z.strictObject({ version: z.literal(1), off: z.array(entry).max(1_000).readonly() })

/** No file: nothing is switched off. Throws `RangeError` with one line on one that may not be used. */
export function readKillSwitch(path: string, uid = ownUid()): readonly SwitchEntry[] {
  const reading = readOperatorFileSync(path, FILE, uid)
  return reading === undefined ? [] : parsed(reading.text)
}

/** Replaces the entries by what `change` makes of them. Throws `RangeError` with one line; the file then stands as it was. */
export const updateKillSwitch = (
  path: string,
  change: (off: readonly SwitchEntry[]) => readonly SwitchEntry[],
): Promise<void> =>
  replaceOperatorFile(path, FILE, (file) => {
    const off = change(readKillSwitch(file))
    return `${JSON.stringify(parseStrictly(switchFile, { version: 1, off }, FILE.name), null, 2)}\n`
  })

function parsed(text: string): readonly SwitchEntry[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new RangeError('Kill switch file must be JSON')
  }
  return parseStrictly(switchFile, value, FILE.name).off
}

export type SwitchEvent = 'kill_switch_on' | 'kill_switch_off' | 'kill_switch_broken'

export type KillSwitchFile = Readonly<{
  current(): SwitchState
  onChange(listener: () => void): () => void
  close(): void
}>

/** Reads the file before it returns, and then twice a second. Never throws: a file that cannot be used switches everything off. */
export function followKillSwitch(from: {
  path: string
  /** Each entry that was switched on or off, and a file that cannot be used, in words for the operator. */
  onEvent: (event: SwitchEvent, says: string) => void
}): KillSwitchFile {
  let state: SwitchState = []
  let stamp: string | undefined = ''
  const listeners = new Set<() => void>()

  const take = (next: SwitchState, why = '') => {
    const before = state
    state = next
    for (const listener of listeners) listener()
    tell(before, next, why, from.onEvent)
  }
  const look = () => {
    let now: string | undefined
    try {
      now = stampNow(from.path)
      if (now === stamp) return
      take(readKillSwitch(from.path))
      stamp = now
    } catch (thrown) {
      // Looked at again each time: the fault may pass without a change of the file.
      stamp = ''
      if (state !== 'broken') take('broken', thrown instanceof Error ? thrown.message : 'It cannot be read')
    }
  }
  look()
  // Without the thread pool: a disk that stalls must not hold up the switch.
  const timer = setInterval(look, POLL_MS).unref()
  return Object.freeze({
    current: () => state,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => clearInterval(timer),
  })
}

function stampNow(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? undefined : stampOf(stats)
}

function tell(
  before: SwitchState,
  next: SwitchState,
  why: string,
  onEvent: (event: SwitchEvent, says: string) => void,
) {
  if (next === 'broken') return onEvent('kill_switch_broken', `${why}; everything is switched off`)
  const known = new Set(before === 'broken' ? [] : before.map(sayEntry))
  const now = new Set(next.map(sayEntry))
  if (before === 'broken') onEvent('kill_switch_off', 'The kill switch can be read again')
  for (const each of now) if (!known.has(each)) onEvent('kill_switch_on', `Switched off: ${each}`)
  for (const each of known) if (!now.has(each)) onEvent('kill_switch_off', `No longer switched off: ${each}`)
}

const sayEntry = (each: SwitchedOff) => `${whatOf(each)}${each.reason === undefined ? '' : `; ${each.reason}`}`
