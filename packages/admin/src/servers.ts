// The servers that `serve` knows.
import { dbQuery } from '@hardened-mcp/db-query'
import { fetch } from '@hardened-mcp/fetch'
import { file } from '@hardened-mcp/file'
import type { ServerDefinition } from '@hardened-mcp/host/admin'

type Shipped = Readonly<{ definition: ServerDefinition; module: string }>

const shipped = (definition: unknown, name: string): Shipped => ({
  definition: definition as ServerDefinition, // the page is generic in its resources; from here on they are `unknown`
  module: import.meta.resolve(name),
})

export const SERVERS: Readonly<Record<string, Shipped>> = {
  'db-query': shipped(dbQuery, '@hardened-mcp/db-query'),
  file: shipped(file, '@hardened-mcp/file'),
  fetch: shipped(fetch, '@hardened-mcp/fetch'),
}
