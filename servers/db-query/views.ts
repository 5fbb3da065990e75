// MCP resources of db-query: the schema of a database and of a table, as other names for list_tables and describe_table.
import type { ResourceViews } from '@hardened-mcp/host'
import { mayUse } from './policy.ts'
import type { Resources } from './resources.ts'
import { callerOf } from './tools.ts'

const JSON_TYPE = 'application/json'
const SCHEMA = /^db:\/\/([A-Za-z][A-Za-z0-9_-]{0,63})\/schema(?:\/([^/?#]{1,512}))?$/

/** `db://DATABASE/schema` and `db://DATABASE/schema/TABLE`. The table name is percent-encoded, and decoded once. */
export const views = ({ databases }: Resources): ResourceViews => ({
  listed: databases.map(({ name, ...grant }) => ({
    shownTo: (caller) => mayUse(grant, callerOf(caller)),
    uri: `db://${name}/schema`,
    name: `${name} schema`,
    description: `Tables and columns of ${name}`,
    mimeType: JSON_TYPE,
  })),
  templates: [
    {
      uriTemplate: 'db://{database}/schema/{table}',
      name: 'table schema',
      description: 'Columns, keys and indexes of one table',
      mimeType: JSON_TYPE,
    },
  ],
  resolve(uri) {
    const [, database, encoded] = SCHEMA.exec(uri) ?? []
    if (database === undefined) return undefined
    if (encoded === undefined) return { tool: 'list_tables', arguments: { database, detail: 'full' } }
    const table = decoded(encoded)
    return table === undefined ? undefined : { tool: 'describe_table', arguments: { database, table } }
  },
})

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
