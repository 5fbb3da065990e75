// The tools of the three servers word for word, beside their digests: what a change of them is held against in review.
import { readFileSync, writeFileSync } from 'node:fs'
import { dbQuery } from '@hardened-mcp/db-query'
import { fetch } from '@hardened-mcp/fetch'
import { file } from '@hardened-mcp/file'
import { type ServerDefinition, serverEntry, toolListing } from '@hardened-mcp/host/admin'
import { differences, type ServerEntry } from '@hardened-mcp/security-core'

const PATH = new URL('../vectors/tools/snapshot.json', import.meta.url)

// Grants under which each server has every tool it can have. No file is opened and no name looked up for them.
const GRANTED: readonly (readonly [definition: unknown, resources: unknown])[] = [
  [dbQuery, { databases: [{ name: 'shop', file: '/data/shop.sqlite', tables: '*' }] }],
  [file, { roots: [{ name: 'docs', path: '/data/docs', writable: true }] }],
  [fetch, { allow: [{ host: 'api.example.com', methods: ['GET', 'POST'] }] }],
]

export type Snapshot = readonly Readonly<{ entry: ServerEntry; instructions: string; tools: readonly object[] }>[]

/** As the servers are now. */
export const currentSnapshot = (): Snapshot =>
  GRANTED.map(([page, resources]) => {
    const definition = page as ServerDefinition
    const tools = definition.tools(definition.resources.parse(resources)).map(toolListing)
    return { entry: serverEntry(definition, resources), instructions: definition.instructions, tools }
  })

export const keptSnapshot = (): Snapshot => JSON.parse(readFileSync(PATH, 'utf8')) as Snapshot
export const keepSnapshot = (snapshot: Snapshot): void => writeFileSync(PATH, `${JSON.stringify(snapshot, null, 1)}\n`)

/** One sentence for each difference, in either the digests or the words. Empty: nothing has changed. */
export function snapshotDifferences(kept: Snapshot, now: Snapshot): readonly string[] {
  const gone = kept.filter(({ entry }) => !now.some((other) => other.entry.name === entry.name))
  return [
    ...gone.map(({ entry }) => `${entry.name} is gone`),
    ...now.flatMap((server) => {
      const { name } = server.entry
      const before = kept.find(({ entry }) => entry.name === name)
      if (before === undefined) return [`${name} is new`]
      const found = differences(before.entry, server.entry)
      const [was, is] = [before, server].map(({ tools, instructions }) => JSON.stringify({ tools, instructions }))
      const told = found.length === 0 && was !== is ? ['the words kept are not those of the digests'] : found
      return told.map((what) => `${name}: ${what}`)
    }),
  ]
}
