// Files as MCP resources, `root://NAME/a/b.txt`: other names for calls of the reading tools, and no way of their own.
import type { ResourceViews } from '@hardened-mcp/host'
import { belongsTo } from './policy.ts'
import type { Resources, RootGrant } from './resources.ts'

const URI = /^root:\/\/([A-Za-z][A-Za-z0-9_-]{0,63})\/([^?#]*)$/s // case counts: nothing is folded

/** A declared root's own URI is its listing; what follows it is decoded once and judged by the tool as a path. */
export function views({ roots }: Resources): ResourceViews {
  const names = new Set(roots.map(({ name }) => name))
  return {
    listed: roots.map(({ name, tenants }) => ({
      ...whose({ tenants }),
      uri: `root://${name}/`,
      name,
      description: `Entries of ${name}:/`,
      mimeType: 'application/json',
    })),
    templates: roots.map(({ name, tenants }) => ({
      ...whose({ tenants }),
      uriTemplate: `root://${name}/{+path}`,
      name: `${name} files`,
      description: `Text of a file below ${name}:/`,
      mimeType: 'text/plain',
    })),
    textField: 'text',
    resolve(uri) {
      const [, name, encoded] = URI.exec(uri) ?? []
      if (name === undefined || encoded === undefined || !names.has(name)) return undefined
      const path = decoded(encoded)
      if (path === undefined) return undefined
      return { tool: path === '' ? 'list_directory' : 'read_text_file', arguments: { path: `${name}:/${path}` } }
    },
  }
}

const whose = (root: Pick<RootGrant, 'tenants'>) => ({
  shownTo: ({ tenant }: { tenant: string }) => belongsTo(root, tenant),
})

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
