// `hardened-mcp keys`: the life of an API key.
import { parseArgs } from 'node:util'
import { type KeyRecord, mintKey, readKeysFileSync, updateKeysFile } from '@hardened-mcp/host/admin'
import { CAPABILITIES, type Capability } from '@hardened-mcp/security-core'
import { type Command, UsageError } from './command.ts'
import { defaultKeysFile } from './paths.ts'

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const MAX_TTL_MS = 365 * UNIT_MS.d
const READING: readonly Capability[] = [
  'tool:read_only',
  'tool:network',
  'resource:local',
  'resource:remote',
  'sys:file_read',
]

export const keys: Command = {
  usage: `hardened-mcp keys mint --name NAME [--tenant TENANT] [--can CAPABILITY]... [--ttl 30d|12h|90m] [--keys FILE]
hardened-mcp keys list [--keys FILE]
hardened-mcp keys revoke ID [--keys FILE]`,
  help: `  --name NAME         Who will use the key
  --tenant TENANT     Whose data it reaches (default: default)
  --can CAPABILITY    What it may do at most, repeatable (default: all that reads); the server's policy is the ceiling
                      One of ${CAPABILITIES.join(', ')}
  --ttl TIME          How long it is valid, in days, hours or minutes (default: 30d, at most 365d)
  --keys FILE         The keys file (default: hardened-mcp/keys.json in the user's configuration directory)

mint prints the key once; the file keeps only its SHA-256. A running server notices a change within 3 seconds.`,
  async run(args) {
    const [verb, ...rest] = args
    const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
    if (run === undefined) throw new UsageError(`keys needs one of ${Object.keys(VERBS).join(', ')}`)
    await run(rest)
    return 0
  },
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => void | Promise<void>>> = {
  async mint(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        keys: { type: 'string' },
        name: { type: 'string' },
        tenant: { type: 'string', default: 'default' },
        can: { type: 'string', multiple: true },
        ttl: { type: 'string', default: '30d' },
      },
    })
    if (values.name === undefined) throw new UsageError('keys mint needs --name')
    const { raw, record } = mintKey({
      name: values.name,
      tenant: values.tenant,
      can: values.can?.map(capabilityOf) ?? READING,
      ttlMs: ttlMsOf(values.ttl),
      now: Date.now(),
    })
    await updateKeysFile(values.keys ?? defaultKeysFile(), (records) => [...records, record])
    const { id, name, tenant, can, expires } = record
    print({ key: raw, id, name, tenant, can, expires })
    say('The key is shown only this once')
  },

  list(args) {
    const { values } = parseArgs({ args: [...args], options: { keys: { type: 'string' } } })
    const records = readKeysFileSync(values.keys ?? defaultKeysFile())?.keys ?? []
    const now = Date.now()
    print(records.map((record) => ({ ...record, hash: undefined, state: stateOf(record, now) }))) // JSON has no undefined
  },

  async revoke(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { keys: { type: 'string' } },
      allowPositionals: true,
    })
    const [id, ...extra] = positionals
    if (id === undefined || extra.length > 0) throw new UsageError('keys revoke needs one key id')
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

function ttlMsOf(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([dhm])$/.exec(text) ?? []
  const ms = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  if (unit === undefined || ms > MAX_TTL_MS)
    throw new UsageError('--ttl needs a time such as 30d, 12h or 90m, at most 365d')
  return ms
}

function stateOf(record: KeyRecord, now: number): 'active' | 'expired' | 'revoked' | 'not yet' {
  if (record.revoked !== undefined) return 'revoked'
  if (now >= Date.parse(record.expires)) return 'expired'
  return record.not_before !== undefined && now < Date.parse(record.not_before) ? 'not yet' : 'active'
}

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const say = (line: string) => process.stderr.write(`hardened-mcp: ${line}\n`)
