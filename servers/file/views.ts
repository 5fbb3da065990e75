// Files as MCP resources, `root://NAME/a/b.txt`: other names for calls of the reading tools, and no way of their own.
import type { ResourceCall, ResourceViews } from '@hardened-mcp/host'
import type { TenantScope } from '@hardened-mcp/security-core/worker'
import { isNamedLikeMedia } from './media-type.ts'
import type { Place } from './path-syntax.ts'
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
      description: `A file below ${name}:/`,
      mimeType: 'text/plain',
    })),
    textField: 'text',
    resolve: (uri) => called(uri, toolFor),
    describe: (uri) => called(uri, () => 'get_file_info'),
  }

  function called(uri: string, toolOf: (path: string) => string): ResourceCall | undefined {
    const [, name, encoded] = URI.exec(uri) ?? []
    if (name === undefined || encoded === undefined || !names.has(name)) return undefined
    const path = decoded(encoded)
    return path === undefined ? undefined : { tool: toolOf(path), arguments: { path: `${name}:/${path}` } }
  }
}

/** The name of a place as a resource; `resolve` leads back to it. */
export const uriOf = ({ root, segments }: Place<{ name: string }>) =>
  `root://${root.name}/${segments.map(encodeURIComponent).join('/')}`

function toolFor(path: string): string {
  if (path === '') return 'list_directory'
  return isNamedLikeMedia(path) ? 'read_media_file' : 'read_text_file'
}

const whose = (root: Pick<RootGrant, 'tenants'>) => ({
  shownTo: ({ tenant }: { tenant: TenantScope }) => belongsTo(root, tenant),
})

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
