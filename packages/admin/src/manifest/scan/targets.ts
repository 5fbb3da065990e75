// Where a scan listens: a file that holds a list, a URL, a command, or all servers of a client's configuration.
import { basename } from 'node:path'
import { strictJson } from '@hardened-mcp/host/admin'
import { z } from 'zod'
import { readText } from '../files.ts'
import { httpPeer } from './http-peer.ts'
import { heard, type Listing, listingOf, objectOf, Unreadable } from './peer.ts'
import { withStdioServer } from './stdio-peer.ts'

/** `name` stands for the server in findings and approvals. */
export type Target = Readonly<{ name: string; read: (stop: AbortSignal) => Promise<Listing> }>

export type Access = Readonly<{ bearer?: string; env: Readonly<Record<string, string>> }>

export function targetOf(given: string, { bearer }: Access): Target {
  if (!/^https?:\/\//i.test(given)) return { name: nameOf(basename(given)), read: async () => listingInFile(given) }
  return { name: nameOf(given), read: (stop) => listingOf(nameOf(given), httpPeer(given, bearer, stop)) }
}

export const commandTarget = (command: readonly [string, ...string[]], { env }: Access, name?: string): Target => {
  const known = nameOf(name ?? command.join(' '))
  return { name: known, read: (stop) => withStdioServer(command, env, stop, (peer) => listingOf(known, peer)) }
}

const server = z.union([
  z.looseObject({ command: z.string().min(1), args: z.array(z.string()).default([]) }),
  z.looseObject({ url: z.string(), headers: z.record(z.string(), z.string()).default({}) }),
])
const clientConfig = z.looseObject({ mcpServers: z.record(z.string().min(1), server) })

/** The servers of a desktop client's file. Environments that stand there are not handed on; a bearer header is. */
export function configTargets(path: string, access: Access): readonly Target[] {
  const parsed = clientConfig.safeParse(json(path))
  if (!parsed.success) throw new RangeError(`${path} has no mcpServers with a command or a url each`)
  return Object.entries(parsed.data.mcpServers).map(([name, entry]) => {
    if ('command' in entry)
      return commandTarget([String(entry['command']), ...(entry['args'] as string[])], access, name)
    const { url, headers } = entry as { url: string; headers: Record<string, string> }
    const [, bearer] =
      /^Bearer (\S+)$/i.exec(Object.entries(headers).find(([key]) => /^authorization$/i.test(key))?.[1] ?? '') ?? []
    return { name: nameOf(name), read: (stop) => listingOf(nameOf(name), httpPeer(url, bearer ?? access.bearer, stop)) }
  })
}

// The result of tools/list, the whole answer, or a bare list.
function listingInFile(path: string): Listing {
  let value: unknown
  try {
    value = json(path)
  } catch (thrown) {
    throw thrown instanceof RangeError ? new Unreadable(thrown.message) : thrown
  }
  if (Array.isArray(value)) return heard(nameOf(basename(path)), {}, listed(value, path))
  const outer = objectOf(value, `${path} holds no list of tools`)
  const result =
    outer['tools'] === undefined && outer['result'] !== undefined
      ? objectOf(outer['result'], `${path} holds no list of tools`)
      : outer
  return heard(nameOf(basename(path)), result, listed(result['tools'], path))
}

const listed = (tools: unknown, path: string): readonly object[] => {
  if (!Array.isArray(tools)) throw new Unreadable(`${path} holds no list of tools`)
  return tools.map((tool) => objectOf(tool, `${path}: a tool is not an object`))
}

function json(path: string): unknown {
  const text = readText(path, 'File')
  try {
    // Wrapped, since a bare list is no message; a key that stands twice has two readings there as well.
    return strictJson(Buffer.from(`{"file":${text}}`))['file']
  } catch (thrown) {
    throw new Unreadable(`${path}: ${(thrown as Error).message}`)
  }
}

// Printable ASCII: it goes to the terminal, and into the file of approvals.
const nameOf = (text: string): string =>
  text
    .replaceAll(/[^ -~]+/g, '?')
    .trim()
    .slice(0, 200) || 'server'
