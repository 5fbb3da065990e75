// The servers that are shipped. Each is loaded by itself: what one server needs at its start is not what another brings.
import type { ServerDefinition } from '@hardened-mcp/host/admin'

type Shipped = Readonly<{ definition: ServerDefinition; module: string }>

const shipped = (definition: unknown, name: string): Shipped => ({
  definition: definition as ServerDefinition, // the page is generic in its resources; from here on they are `unknown`
  module: import.meta.resolve(name),
})

const LOADERS: Readonly<Record<string, () => Promise<Shipped>>> = {
  'db-query': async () => shipped((await import('@hardened-mcp/db-query')).dbQuery, '@hardened-mcp/db-query'),
  file: async () => shipped((await import('@hardened-mcp/file')).file, '@hardened-mcp/file'),
  fetch: async () => shipped((await import('@hardened-mcp/fetch')).fetch, '@hardened-mcp/fetch'),
}

export const SERVER_NAMES = Object.keys(LOADERS)

/** `undefined`: there is no server of this name. */
export const loadServer = async (name: string): Promise<Shipped | undefined> =>
  Object.hasOwn(LOADERS, name) ? LOADERS[name]?.() : undefined

/** All of them, for what judges a whole policy file. */
export const loadServers = async (): Promise<Readonly<Record<string, Shipped>>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(LOADERS).map(async ([name, load]) => [name, await load()] as const)),
  )
