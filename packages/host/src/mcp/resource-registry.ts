// Question: can a resource show what a tool call would refuse?
// Threat:   a second way in beside the tools, with checks of its own that are forgotten (CVE-2026-33032, CVE-2026-7663).
// Rule:     a resource is another name for a tool call: listed when the caller may call the tool, read by that very call.
// Limits:   a refusal is one fixed error, as for a resource that does not exist; the tool itself says why.
// Proof:    resource-registry.test.ts
import type { Listed, ResourceFacts, ResourceViews } from '../define-server.ts'
import type { CallParams, Registry } from './registry.ts'
import type { MediaBlock } from './tool-result.ts'

export type ReadParams = Omit<CallParams, 'name' | 'arguments'> & Readonly<{ uri: string }>
export type ResourceContent = Readonly<{ uri: string; mimeType: string } & ({ text: string } | { blob: string })>

/** What the protocol layer knows of a server's resources. */
export type ResourceRegistry = Readonly<{
  list(caller: CallParams['caller']): readonly (ResourceFacts & { uri: string })[]
  templates(caller: CallParams['caller']): readonly (ResourceFacts & { uriTemplate: string })[]
  /** `undefined`: no such resource for this caller. */
  read(params: ReadParams): Promise<ResourceContent | undefined>
  /** A text that changes with the resource; `undefined` as for `read`. Left out where nothing changes. */
  state?(params: ReadParams): Promise<string | undefined>
}>

const MAX_URI = 4_096 // characters; a path of the file server has at most as many bytes

/** `known` tells what else is known of a caller, as for the calls of the registry. */
export function resourceRegistry(
  registry: Pick<Registry, 'list' | 'call'>,
  views: ResourceViews,
  known: (caller: CallParams['caller']) => CallParams['caller'] = (caller) => caller,
): ResourceRegistry {
  const callable = (caller: CallParams['caller'], tool: string) =>
    registry.list(caller).some(({ name }) => name === tool)
  const { describe } = views
  const shown = (caller: CallParams['caller']) => registry.list(caller).length > 0
  return {
    list: (caller) =>
      seenBy(known(caller), views.listed).filter(({ uri }) => {
        const call = views.resolve(uri)
        return call !== undefined && callable(caller, call.tool)
      }),
    templates: (caller) => (shown(caller) ? seenBy(known(caller), views.templates) : []),
    async read(params) {
      const { uri } = params
      const result = await answered(views.resolve, params)
      if (result === undefined) return undefined
      const [{ text }, media] = result.content
      if (media !== undefined) return { uri, ...dataOf(media) }
      return {
        uri,
        mimeType: mimeTypeOf(views, uri),
        text: textOf(views, result.structuredContent, text),
      }
    },
    ...(describe === undefined
      ? {}
      : { state: async (params: ReadParams) => (await answered(describe, params))?.content[0].text }),
  }

  // The one way to look: the call that stands for the resource, judged as any. A refusal shows nothing.
  async function answered(callOf: ResourceViews['resolve'], { uri, ...params }: ReadParams) {
    const call = uri.length > MAX_URI ? undefined : callOf(uri)
    if (call === undefined) return undefined
    const result = await registry.call({ name: call.tool, arguments: call.arguments, ...params })
    return result === undefined || result.isError ? undefined : result
  }
}

// Names of another tenant's roots and databases are nobody else's business.
const seenBy = <Facts extends object>(caller: CallParams['caller'], listed: readonly Listed<Facts>[]) =>
  listed.flatMap(({ shownTo, ...facts }) => (shownTo === undefined || shownTo(caller) ? [facts] : []))

const dataOf = (media: MediaBlock) =>
  media.type === 'resource'
    ? { mimeType: media.resource.mimeType, blob: media.resource.blob }
    : { mimeType: media.mimeType, blob: media.data }

const mimeTypeOf = (views: ResourceViews, uri: string) =>
  (views.listed.find((view) => view.uri === uri) ?? views.templates[0])?.mimeType ?? 'text/plain'

function textOf({ textField }: ResourceViews, structured: Readonly<Record<string, unknown>>, json: string): string {
  const field = textField === undefined ? undefined : structured[textField]
  return typeof field === 'string' ? field : json
}
