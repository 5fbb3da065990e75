// Question: is this definition, to the letter, the one that was approved?
// Threat:   a server that changes what a tool says or takes after it was approved (rug pull, CVE-2025-54136).
// Rule:     SHA-256 over the canonical JSON (RFC 8785) of everything tools/list says of a tool, and over each part of it.
// Limits:   says nothing about what the tool does, nor whether the definition was good when it was approved.
// Proof:    definition-digest.test.ts
import { hash } from 'node:crypto'
import { canonicalJson } from '../audit/canonical-json.ts'

/** Members of a tool that have a digest of their own, so that a difference can be named. All others together are `other`. */
export const TOOL_PARTS = ['title', 'description', 'inputSchema', 'outputSchema', 'annotations'] as const
export const SERVER_PARTS = ['title', 'version', 'instructions'] as const

/** `sha256:` and 64 hexadecimal digits. `definition` stands for the whole; a part that is absent has no digest. */
export type Digests<Part extends string> = Readonly<{
  definition: string
  parts: Readonly<Partial<Record<Part | 'other', string>>>
}>

/** Of one tool as it stands in tools/list. Throws `Denial` where it is no JSON, or nests or grows beyond measure. */
export const toolDigests = (tool: object): Digests<(typeof TOOL_PARTS)[number]> => digestsOf(tool, TOOL_PARTS)

/** Of what a server says of itself: `name`, `title`, `version`, `instructions`. */
export const serverDigests = (info: object): Digests<(typeof SERVER_PARTS)[number]> => digestsOf(info, SERVER_PARTS)

function digestsOf<Part extends string>(whole: object, named: readonly Part[]): Digests<Part> {
  const members = Object.entries(whole).filter(([, value]) => value !== undefined)
  const isNamed = (key: string): key is Part => named.some((part) => part === key)
  const rest = members.filter(([key]) => !isNamed(key) && key !== 'name')
  const parts: Partial<Record<Part | 'other', string>> = {}
  for (const [key, value] of members) if (isNamed(key)) parts[key] = digest(value)
  if (rest.length > 0) parts.other = digest(Object.fromEntries(rest))
  return { definition: digest(whole), parts }
}

const digest = (value: unknown): string => `sha256:${hash('sha256', canonicalJson(value))}`
