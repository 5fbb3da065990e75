// `hardened-mcp keys`: the life of an API key.
import { parseArgs } from 'node:util'
import {
  CHECKSUM,
  KEY_PATTERN,
  type KeyRecord,
  mintKey,
  readKeysFileSync,
  updateKeysFile,
} from '@hardened-mcp/host/admin'
import { CAPABILITIES, type Capability } from '@hardened-mcp/security-core'
import { type Command, UsageError } from './command.ts'
import { defaultKeysFile } from './paths.ts'

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const MAX_TTL_MS = 365 * UNIT_MS.d
const MAX_OVERLAP_MS = 7 * UNIT_MS.d // two good keys for one caller are a state to get out of
const READING: readonly Capability[] = [
  'tool:read_only',
  'tool:network',
  'resource:local',
  'resource:remote',
  'sys:file_read',
]

export const keys: Command = {
  usage: `hardened-mcp keys mint --name NAME [--tenant TENANT] [--role ROLE]... [--can CAPABILITY]... [--task TEXT] [--ttl 30d|12h|90m] [--canary] [--keys FILE]
hardened-mcp keys list [--keys FILE]
hardened-mcp keys rotate ID [--overlap 1h|0] [--ttl 30d] [--keys FILE]
hardened-mcp keys revoke ID [--keys FILE]
hardened-mcp keys pattern`,
  help: `  --name NAME         Who will use the key
  --tenant TENANT     Whose data it reaches (default: default)
  --role ROLE         A role of the policy file that the key carries, repeatable (version 2 policies; default: none)
  --task TEXT         The one piece of work it is for: a key for each run of an agent makes each run's trail its own
  --canary            Bait, to be left where a thief looks: it opens nothing, and whoever presents it raises an alert
  --can CAPABILITY    What it may do at most, repeatable (default: all that reads); the server's policy is the ceiling
                      One of ${CAPABILITIES.join(', ')}
  --ttl TIME          How long it is valid, in days, hours or minutes (default: 30d, at most 365d)
  --overlap TIME      How long the old key of a rotation stays good beside the new one (default: 1h, at most 7d; 0: not at all)
  --keys FILE         The keys file (default: hardened-mcp/keys.json in the user's configuration directory)

mint prints the key once; the file keeps only its SHA-256. A running server notices a change within 3 seconds.
Without a keys file every key is refused; a broken one keeps what it still holds of the last good set. Write it anew, or put a copy back.
pattern prints what a secret scanner looks for.`,
  async run(args) {
    const [verb, ...rest] = args
    const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
    if (run === undefined) throw new UsageError(`keys needs one of ${Object.keys(VERBS).join(', ')}`)
    await run(rest)
    return 0
  },
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => unknown>> = {
  async mint(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        keys: { type: 'string' },
        name: { type: 'string' },
        tenant: { type: 'string', default: 'default' },
        role: { type: 'string', multiple: true },
        task: { type: 'string' },
        can: { type: 'string', multiple: true },
        canary: { type: 'boolean' },
        ttl: { type: 'string', default: '30d' },
      },
    })
    if (values.name === undefined) throw new UsageError('keys mint needs --name')
    const { raw, record } = mintKey({
      name: values.name,
      tenant: values.tenant,
      can: values.can?.map(capabilityOf) ?? READING,
      ...(values.role === undefined ? {} : { roles: values.role }),
      ...(values.task === undefined ? {} : { task: values.task }),
      ttlMs: timeOf('--ttl', values.ttl, MAX_TTL_MS),
      now: Date.now(),
    })
    const kept: KeyRecord = values.canary === true ? { ...record, canary: true } : record
    await updateKeysFile(values.keys ?? defaultKeysFile(), (records) => [...records, kept])
    show(raw, record)
  },

  list(args) {
    const { values } = parseArgs({ args: [...args], options: { keys: { type: 'string' } } })
    const records = readKeysFileSync(values.keys ?? defaultKeysFile())?.keys ?? []
    const now = Date.now()
    print(records.map((record) => ({ ...record, hash: undefined, state: stateOf(record, now) }))) // JSON has no undefined
  },

  async rotate(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        keys: { type: 'string' },
        overlap: { type: 'string', default: '1h' },
        ttl: { type: 'string', default: '30d' },
      },
      allowPositionals: true,
    })
    const id = onlyId('rotate', positionals)
    const overlapMs = values.overlap === '0' ? 0 : timeOf('--overlap', values.overlap, MAX_OVERLAP_MS)
    const ttlMs = timeOf('--ttl', values.ttl, MAX_TTL_MS)
    const now = Date.now()
    let fresh: ReturnType<typeof mintKey> | undefined
    await updateKeysFile(values.keys ?? defaultKeysFile(), (records) => {
      const old = records.find((record) => record.id === id)
      if (old === undefined) throw new RangeError(`No key has the id ${JSON.stringify(id)}`)
      const state = stateOf(old, now)
      if (state !== 'active') throw new RangeError(`Key ${id} is ${state}: mint a new one`)
      if (old.canary === true) throw new RangeError(`Key ${id} is a canary: mint a new one`)
      const { name, tenant, can, roles, task } = old
      fresh = mintKey({ name, tenant, can, ...(roles && { roles }), ...(task !== undefined && { task }), ttlMs, now })
      const expires = new Date(Math.min(Date.parse(old.expires), now + overlapMs)).toISOString() // never later than before
      const ended = { ...old, expires, ...(overlapMs === 0 ? { revoked: expires } : {}) }
      return [...records.map((record) => (record === old ? ended : record)), fresh.record]
    })
    if (fresh === undefined) return
    show(fresh.raw, fresh.record)
    say(`Key ${id} ${overlapMs === 0 ? 'is revoked' : `is good for another ${values.overlap} at most`}`)
  },

  // Six check digits follow 43 characters: what the pattern finds can be told from chance by its CRC-32.
  pattern: () => print({ name: 'hardened-mcp API key', regex: KEY_PATTERN, keywords: ['mcp_'], checksum: CHECKSUM }),

  async revoke(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { keys: { type: 'string' } },
      allowPositionals: true,
    })
    const id = onlyId('revoke', positionals)
    const revoked = new Date().toISOString()
    await updateKeysFile(values.keys ?? defaultKeysFile(), (records) => {
      if (!records.some((record) => record.id === id)) throw new RangeError(`No key has the id ${JSON.stringify(id)}`)
      // Revoked twice keeps the first date: it answers "since when?".
      return records.map((record) => (record.id === id ? { revoked, ...record } : record))
    })
    say(`Key ${id} is revoked; a running server refuses it within 3 seconds`)
  },
}

function capabilityOf(text: string): Capability {
  const capability = CAPABILITIES.find((known) => known === text)
  if (capability === undefined) throw new UsageError(`--can needs one of ${CAPABILITIES.join(', ')}`)
  return capability
}

function onlyId(verb: string, [id, ...extra]: readonly string[]): string {
  if (id === undefined || extra.length > 0) throw new UsageError(`keys ${verb} needs one key id`)
  return id
}

function timeOf(flag: string, text: string, mostMs: number): number {
  const [, count, unit] = /^([1-9]\d{0,5})([dhm])$/.exec(text) ?? []
  const ms = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  if (unit === undefined || ms > mostMs)
    throw new UsageError(`${flag} needs a time such as 30d, 12h or 90m, at most ${mostMs / UNIT_MS.d}d`)
  return ms
}

function stateOf(record: KeyRecord, now: number): 'active' | 'expired' | 'revoked' | 'not yet' {
  if (record.revoked !== undefined) return 'revoked'
  if (now >= Date.parse(record.expires)) return 'expired'
  return record.not_before !== undefined && now < Date.parse(record.not_before) ? 'not yet' : 'active'
}

function show(raw: string, { id, name, tenant, roles, task, can, expires }: KeyRecord): void {
  print({ key: raw, id, name, tenant, roles, task, can, expires }) // JSON has no undefined
  say('The key is shown only this once')
}

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const say = (line: string) => process.stderr.write(`hardened-mcp: ${line}\n`)
