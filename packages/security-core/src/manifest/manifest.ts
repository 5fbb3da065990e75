// What a manifest says, its one written form, and what differs between two servers. `FORMAT.md` is its specification.
import { z } from 'zod'
import { type Digests, SERVER_PARTS, TOOL_PARTS } from './definition-digest.ts'

const FORMAT = 'hardened-mcp/manifest/v1'
const MAX_SERVERS = 100
const MAX_TOOLS = 1_000

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'Must be sha256: and 64 hexadecimal digits')
const digests = (parts: readonly string[]) => {
  const shape = Object.fromEntries([...parts, 'other'].map((part) => [part, digest.exactOptional()]))
  return z.strictObject({ definition: digest, parts: z.strictObject(shape) })
}
// Names of servers of others are commands and URLs; names of tools may hold what their servers put there.
const serverName = z.string().regex(/^[!-~](?:[ -~]{0,198}[!-~])?$/, 'Must be 1 to 200 printable characters')
const toolName = z.string().max(512, 'Must be the name of a tool')

const manifest = z.strictObject({
  format: z.literal(FORMAT),
  created: z.iso.datetime(),
  servers: z
    .array(
      z.strictObject({
        name: serverName,
        /** Id of the policy text, as audit records have it: what `sha256sum` of the file begins with. */
        policy: z
          .string()
          .regex(/^sha256:[0-9a-f]{32}$/, 'Must be the id of a policy')
          .exactOptional(),
        /** Digest of the image the server is to run from. A process cannot see its own: whoever starts it compares. */
        image: digest.exactOptional(),
        info: digests(SERVER_PARTS),
        tools: z.array(z.strictObject({ name: toolName, ...digests(TOOL_PARTS).shape })).max(MAX_TOOLS),
      }),
    )
    .min(1)
    .max(MAX_SERVERS),
})

export type ToolEntry = Readonly<{ name: string }> & Digests<(typeof TOOL_PARTS)[number]>
export type ServerEntry = Readonly<{
  name: string
  policy?: string
  image?: string
  info: Digests<(typeof SERVER_PARTS)[number]>
  tools: readonly ToolEntry[]
}>
export type Manifest = Readonly<{ format: typeof FORMAT; created: string; servers: readonly ServerEntry[] }>

export const newManifest = (created: string, servers: readonly ServerEntry[]): Manifest => ({
  format: FORMAT,
  created,
  servers,
})

/** The one text of a manifest. Throws `RangeError` on one that its reader would refuse. */
export function manifestText(value: Manifest): string {
  const parsed = parse(value)
  const inOrder = {
    format: parsed.format,
    created: parsed.created,
    servers: parsed.servers.toSorted(byName).map(({ name, policy, image, info, tools }) => ({
      name,
      policy,
      image,
      info: written(info, SERVER_PARTS),
      tools: tools.toSorted(byName).map((tool) => ({ name: tool.name, ...written(tool, TOOL_PARTS) })),
    })),
  }
  return `${JSON.stringify(inOrder, null, 1)}\n`
}

/** Reads that text and no other spelling of it: what was signed has one reading. Throws `RangeError` with one line. */
export function readManifest(text: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new RangeError('The manifest is not JSON')
  }
  const read = parse(value)
  if (manifestText(read) !== text) throw new RangeError('The manifest is not in its written form: make it anew')
  return read
}

/** One sentence for each way in which `found` is not what `signed` says. Empty: they are the same. */
export function differences(signed: ServerEntry, found: ServerEntry): readonly string[] {
  const before = new Map(signed.tools.map((tool) => [tool.name, tool]))
  const now = new Map(found.tools.map((tool) => [tool.name, tool]))
  return [
    ...(signed.policy !== undefined && signed.policy !== found.policy
      ? [`policy is ${found.policy ?? 'none'} instead of ${signed.policy}`]
      : []),
    ...(signed.image !== undefined && found.image !== undefined && signed.image !== found.image
      ? [`image is ${found.image} instead of ${signed.image}`]
      : []),
    ...changed('what the server says of itself', signed.info, found.info),
    ...[...before.keys()].filter((name) => !now.has(name)).map((name) => `tool ${name} is gone`),
    ...[...now].flatMap(([name, tool]) => {
      const known = before.get(name)
      return known === undefined ? [`tool ${name} is new`] : changed(`tool ${name}`, known, tool)
    }),
    ...(now.size === found.tools.length ? [] : ['a tool is there twice']),
  ]
}

function changed(what: string, before: Digests<string>, now: Digests<string>): readonly string[] {
  if (before.definition === now.definition) return []
  const names = [...new Set([...Object.keys(before.parts), ...Object.keys(now.parts)])]
  const parts = names.filter((part) => before.parts[part] !== now.parts[part])
  return [`${what} differs${parts.length === 0 ? '' : ` in ${parts.join(', ')}`}`]
}

function parse(value: unknown): Manifest {
  const result = manifest.safeParse(value)
  if (!result.success) {
    const [issue] = result.error.issues
    throw new RangeError(`The manifest is wrong at ${issue?.path.join('.') || 'its top'}: ${issue?.message}`)
  }
  const { servers } = result.data
  if (!servers.every(({ tools }) => distinct(tools)) || !distinct(servers))
    throw new RangeError('The manifest names a server or a tool twice')
  return result.data
}

const distinct = (named: readonly { name: string }[]) => new Set(named.map(({ name }) => name)).size === named.length

// By code unit: the order does not depend on a locale.
const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1)

function written(digests: Digests<string>, parts: readonly string[]) {
  const ordered = [...parts, 'other'].filter((part) => digests.parts[part] !== undefined)
  return {
    definition: digests.definition,
    parts: Object.fromEntries(ordered.map((part) => [part, digests.parts[part]])),
  }
}
