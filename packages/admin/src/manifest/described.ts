// The servers that a manifest is about, as `serve` would start them with the same flags and the same policy file.
import { parseArgs } from 'node:util'
import { readPolicyFile, serverEntry } from '@hardened-mcp/host/admin'
import { newManifest, type ServerEntry } from '@hardened-mcp/security-core'
import { UsageError } from '../command.ts'
import { loadServer, loadServers, SERVER_NAMES } from '../servers.ts'

type Options = Readonly<Record<string, { type: 'string'; multiple?: true }>>

/** What the command line says, flags of the server's own grants included. */
export type Described = Readonly<{
  entries: readonly ServerEntry[]
  positionals: readonly string[]
  values: Readonly<Record<string, string | readonly string[] | undefined>>
}>

/** `first` is how many positional arguments stand before the name of a server. */
export async function described(args: readonly string[], options: Options, first: number): Promise<Described> {
  const servers = await loadServers()
  const flags = Object.values(servers).flatMap(({ definition }) => Object.keys(definition.flags))
  const parsed = parseArgs({
    args: [...args],
    options: {
      policy: { type: 'string' },
      image: { type: 'string', multiple: true },
      ...Object.fromEntries(flags.map((flag) => [flag, { type: 'string' as const, multiple: true as const }])),
      ...options,
    },
    allowPositionals: true,
    strict: true,
  })
  const values = parsed.values as Readonly<Record<string, string | string[] | undefined>>
  const { positionals } = parsed
  const [name, ...extra] = positionals.slice(first)
  if (extra.length > 0) throw new UsageError(`One server at most, got ${extra.join(' ')} beside ${name}`)
  const given = flags.filter((flag) => values[flag] !== undefined)
  const granted = Object.fromEntries(given.map((flag) => [flag, values[flag] as string[]]))
  const policy = typeof values['policy'] === 'string' ? values['policy'] : undefined
  const entries = (await entriesOf(name, given.length === 0 ? undefined : granted, policy)).map(
    withImage(values['image'] as string[] | undefined),
  )
  return { entries, positionals, values }
}

async function entriesOf(
  name: string | undefined,
  granted: Record<string, string[]> | undefined,
  policy: string | undefined,
): Promise<readonly ServerEntry[]> {
  const read = policy === undefined ? undefined : readPolicyFile(policy)
  const sections = read?.file.servers ?? {}
  if (name === undefined && (read === undefined || granted !== undefined))
    throw new UsageError(`Give a server (${SERVER_NAMES.join(', ')}) with its grants, or --policy FILE`)
  const names = name === undefined ? Object.keys(sections) : [name]
  const entries: ServerEntry[] = []
  for (const each of names) {
    const server = await loadServer(each)
    if (server === undefined) throw new UsageError(`A server is one of ${SERVER_NAMES.join(', ')}, got ${each}`)
    const { definition } = server
    const foreign = Object.keys(granted ?? {}).find((flag) => !Object.hasOwn(definition.flags, flag))
    if (foreign !== undefined) throw new UsageError(`--${foreign} is no flag of ${each}`)
    const section = sections[each as 'file']
    const resources = granted === undefined ? section?.resources : definition.fromFlags(granted)
    if (resources === undefined) throw new RangeError(`Nothing is granted to ${each}: give its flags, or a policy file`)
    entries.push(serverEntry(definition, resources, read?.id))
  }
  return entries
}

// `--image sha256:…` for the only server, `--image NAME=sha256:…` for one of several.
const withImage =
  (images: readonly string[] | undefined) =>
  (entry: ServerEntry, _index: number, all: readonly ServerEntry[]): ServerEntry => {
    const named = images?.find((image) => image.startsWith(`${entry.name}=`))?.slice(entry.name.length + 1)
    const image = named ?? (all.length === 1 ? images?.find((each) => !each.includes('=')) : undefined)
    return image === undefined ? entry : { ...entry, image }
  }

export const manifestOf = (entries: readonly ServerEntry[]) => newManifest(new Date().toISOString(), entries)
