// Scans what MCP servers say of themselves and of their tools, alone and beside each other. Pure: what it gets, it does not trust.
import { definitionTexts, type PlacedText } from './definition-texts.ts'
import { excerptOf, type Finding, type Hit, SEVERITIES } from './finding.ts'
import { namedElsewhere, nameHits } from './name-rules.ts'
import { hintHits, isRemoteSchema, parameterHits } from './parameter-rules.ts'
import { phraseHits } from './phrase-rules.ts'
import { commandHits, decoded, writingHits } from './writing-rules.ts'

/** `tools` as tools/list returned them, of any shape. */
export type ScannedServer = Readonly<{ name: string; instructions?: string; tools: readonly unknown[] }>

const LONG = 4_000 // characters of one text: twice the longest of well-known servers
const TOO_LONG = 12_000

/** Every finding, in the order of servers, tools and places. */
export function scanTools(servers: readonly ScannedServer[]): readonly Finding[] {
  const named = servers.map(({ tools }) => new Set(tools.map(nameOf)))
  return servers.flatMap((server, index) => {
    const own = named[index] ?? new Set()
    const elsewhere = new Set(named.flatMap((names, other) => (other === index ? [] : [...names])))
    const about = (at: string, tool?: string) => (hit: Hit) =>
      ({ server: server.name, ...(tool === undefined ? {} : { tool }), at, ...hit }) satisfies Finding
    const instructions = server.instructions ?? ''
    return [
      ...textFindings({ at: '/instructions', place: 'prose', text: instructions }, elsewhere, own).map(
        about('/instructions'),
      ),
      ...server.tools.flatMap((tool, place) => {
        const name = nameOf(tool)
        const at = `/tools/${place}`
        return [
          ...nameHits(name, elsewhere).map(about(`${at}/name`, name)),
          ...twiceHits(name, server.tools, elsewhere).map(about(`${at}/name`, name)),
          ...hintHits(name, memberOf(tool, 'annotations')).map(about(`${at}/annotations`, name)),
          ...toolFindings(tool, at, elsewhere, own).map(([where, hit]) => about(where, name)(hit)),
        ]
      }),
    ]
  })
}

/** True when one of them is at least as bad as `least`. */
export const isAtLeast = (findings: readonly Finding[], least: Finding['severity']): boolean =>
  findings.some(({ severity }) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least))

type Names = ReadonlySet<string>

function toolFindings(tool: unknown, at: string, elsewhere: Names, own: Names): readonly (readonly [string, Hit])[] {
  const { texts, whole } = definitionTexts(tool, at)
  const found = texts.flatMap((text) => textFindings(text, elsewhere, own).map((hit) => [text.at, hit] as const))
  const parameters = propertiesOf(memberOf(tool, 'inputSchema'), `${at}/inputSchema`).flatMap(
    ({ name, description, where }) => parameterHits(name, description).map((hit) => [where, hit] as const),
  )
  const missing: Hit = { rule: 'unscanned', severity: 'medium', says: 'Larger than what is looked at', excerpt: '' }
  return [...found, ...parameters, ...(whole ? [] : [[at, missing] as const])]
}

function textFindings({ place, text, at }: PlacedText, elsewhere: Names, own: Names): readonly Hit[] {
  if (text === '') return []
  const plain = decoded(text)
  const phrases = phraseHits(plain.text)
  const shadowed = place === 'name' ? undefined : namedElsewhere(text, elsewhere, own)
  const length = text.length > LONG
  return [
    ...writingHits(text),
    ...plain.hits,
    ...phrases,
    ...(place === 'prose' ? [] : commandHits(plain.text)),
    ...(isRemoteSchema(at.slice(at.lastIndexOf('/') + 1), text)
      ? [
          {
            rule: 'remote_schema',
            severity: 'medium',
            says: 'A schema that is kept elsewhere',
            excerpt: excerptOf(text),
          } as const,
        ]
      : []),
    ...(shadowed === undefined
      ? []
      : [
          {
            rule: 'shadowing',
            severity: phrases.length > 0 ? 'high' : 'medium',
            says: `Speaks of ${shadowed}, a tool of another server`,
            excerpt: excerptOf(text, text.indexOf(shadowed), shadowed.length),
          } as const,
        ]),
    ...(length
      ? [
          {
            rule: 'too_long',
            severity: text.length > TOO_LONG ? 'medium' : 'low',
            says: `A text of ${text.length} characters`,
            excerpt: excerptOf(text),
          } as const,
        ]
      : []),
  ]
}

function twiceHits(name: string, tools: readonly unknown[], elsewhere: Names): readonly Hit[] {
  const same = (says: string, severity: Hit['severity']): Hit => ({
    rule: 'same_name',
    severity,
    says,
    excerpt: excerptOf(name),
  })
  return [
    ...(tools.filter((tool) => nameOf(tool) === name).length > 1 ? [same('A name that is there twice', 'high')] : []),
    ...(elsewhere.has(name)
      ? [same('A name that another server has too: which one answers is up to the client', 'medium')]
      : []),
  ]
}

type Property = Readonly<{ name: string; description: string; where: string }>
const MAX_PROPERTIES = 2_000
const MAX_DEPTH = 16

// Properties of objects in objects and in lists too: `properties` is where parameters have names.
function propertiesOf(schema: unknown, at: string, depth = 0, found: Property[] = []): readonly Property[] {
  if (typeof schema !== 'object' || schema === null || depth > MAX_DEPTH) return found
  for (const [key, member] of Object.entries(schema)) {
    const where = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (at.endsWith('/properties') && found.length < MAX_PROPERTIES) {
      const description = memberOf(member, 'description')
      found.push({ name: key, description: typeof description === 'string' ? description : '', where })
    }
    propertiesOf(member, where, depth + 1, found)
  }
  return found
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined

function nameOf(tool: unknown): string {
  const name = memberOf(tool, 'name')
  return typeof name === 'string' ? name : ''
}
