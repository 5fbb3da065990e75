// Question: are the tools that this server is about to offer the ones that somebody signed?
// Threat:   a changed description, schema or policy that reaches a model because the files on the machine were exchanged.
// Rule:     with a manifest, the very listing that will be served is compared with it before a client is; any difference stops the start.
// Limits:   says nothing about the code behind the tools, which the image's digest stands for; whoever starts the image compares that.
// Proof:    as-signed.test.ts
import { differences, openManifest, type ServerEntry, serverDigests, toolDigests } from '@hardened-mcp/security-core'
import type { FrontConfig } from '../config.ts'
import type { ServerDefinition } from '../define-server.ts'
import { toolListing } from '../mcp/tool-listing.ts'
import { parseStrictly } from '../parse-strictly.ts'

type Described = Pick<ServerDefinition, 'name' | 'title' | 'version' | 'instructions' | 'resources' | 'tools'>

/** What a manifest says of this server with these resources, and with the policy of this id. */
export function serverEntry(definition: Described, described: unknown, policy?: string): ServerEntry {
  const { name, title, version, instructions } = definition
  const resources = parseStrictly(definition.resources, described, `Resources of ${name}`)
  return {
    name,
    ...(policy === undefined ? {} : { policy }),
    info: serverDigests({ name, title, version, instructions }),
    tools: definition.tools(resources).map((tool) => ({ name: tool.name, ...toolDigests(toolListing(tool)) })),
  }
}

/** Throws `RangeError` with one line that names what differs. Returns the id of the policy that was signed, where one was. */
export function mustBeAsSigned(
  definition: Described,
  { manifest, resources, policyFile }: Pick<FrontConfig, 'manifest' | 'resources' | 'policyFile'>,
): string | undefined {
  if (manifest === undefined) return undefined
  const signed = openManifest(manifest.note, manifest.key).servers.find(({ name }) => name === definition.name)
  if (signed === undefined) throw new RangeError(`The signed manifest has no server ${definition.name}`)
  const found = differences(signed, serverEntry(definition, resources, policyFile?.id))
  if (found.length > 0) throw new RangeError(`Not as signed: ${found.join('; ')}`)
  return signed.policy
}
