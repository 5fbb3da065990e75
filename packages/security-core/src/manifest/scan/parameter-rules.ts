// Question: does a tool ask for more than its work needs, and is it what it says it is?
// Threat:   parameters that a model fills with the conversation, its instructions or its thoughts; a writing tool that claims to read only.
// Rule:     names and descriptions of parameters that ask for what was said; verbs in a name against its hints; schemas from elsewhere.
// Limits:   a tool whose work is a conversation asks for `messages` as well, and passes; what a tool does with a parameter is not seen.
// Proof:    scan-tools.test.ts, test/manifest/corpus.test.ts
import { asRead } from '../../input/text-as-read.ts'
import { excerptOf, type Hit } from './finding.ts'

const ASKS_BY_NAME =
  /^(?:(?:conversation|chat|message|dialog(?:ue)?|session)_?(?:history|log|transcript)|(?:full|entire|whole)_?(?:conversation|context|chat|prompt)|system_?prompts?|(?:available_|all_)?tools?_?(?:list|inventory|names)|available_?tools|chain_?of_?thought|(?:previous|prior)_?(?:messages|tool_?results?|outputs?|prompts?)|side_?notes?|env(?:ironment)?_?vars|user_?secrets?|(?:agent|model|assistant)_?(?:thoughts|memory|instructions))$/u
const WHAT_WAS_SAID =
  /\b(?:conversation|chat|dialogue|transcript|system prompt|chain of thought|tool results|context window|thoughts|messages|instructions)\b|\bfiles? (?:opened|read|seen)\b|\b(?:names?|list|descriptions?) (?:and \w+ )?of (?:all )?(?:the )?(?:other |available )?tools\b|\b(?:everything|what|anything)\b.{0,20}\b(?:user|human|customer)\b.{0,10}\b(?:said|told|written|asked|typed)\b|gesprächsverlauf|chatverlauf|unterhaltung|historique|conversación|conversa|conversazione|переписк|диалог|разговор|对话|聊天记录|系统提示|会話|システムプロンプト|대화|시스템 프롬프트|المحادثة/u
const ALL_OF_IT =
  /\b(?:so far|verbatim|(?:this|the current|our) (?:session|conversation|chat)|available to you|you (?:were|have been|can see)|has (?:said|told|written)|(?:full|entire|complete|whole) (?:chat|conversation|dialogue|system prompt|chain)|your (?:instructions|chain|thoughts|system|own|reasoning)|previous tool)\b|bisherig|vollständig|complet de|jusqu['’]ici|completo|completa|hasta ahora|até agora|finora|полн|完整|全部|すべて|全ての|전체|كامل/u
const WRITES =
  /^(?:delete|remove|drop|purge|wipe|erase|send|write|move|upload|update|transfer|pay|kill|revoke|publish)(?:[_-]|$)/u
const MOST_WORDS = 4 // in the name of a parameter

/** What one property of an input schema asks for. */
export function parameterHits(name: string, description: string): readonly Hit[] {
  const read = asRead(description).toLowerCase()
  const key = name.replaceAll(/([a-z])([A-Z])/gu, '$1_$2').toLowerCase()
  const exfiltration = (severity: Hit['severity'], text: string): Hit => ({
    rule: 'exfiltration',
    severity,
    says: 'A parameter that asks for what was said or shown before',
    excerpt: excerptOf(text),
  })
  const odd = name.split(/\s+/u).length >= MOST_WORDS
  return [
    ...(ASKS_BY_NAME.test(key) ? [exfiltration('medium', name)] : []),
    ...(WHAT_WAS_SAID.test(read) && ALL_OF_IT.test(read) ? [exfiltration('medium', description)] : []),
    ...(odd
      ? [
          {
            rule: 'odd_name',
            severity: 'medium',
            says: 'A sentence as the name of a parameter',
            excerpt: excerptOf(name),
          } as const,
        ]
      : []),
  ]
}

/** A name that writes, with a hint that it only reads. */
export function hintHits(name: string, annotations: unknown): readonly Hit[] {
  const hints = annotations as { readOnlyHint?: unknown } | null | undefined
  if (typeof hints !== 'object' || hints?.readOnlyHint !== true || !WRITES.test(name.toLowerCase())) return []
  return [
    {
      rule: 'false_hint',
      severity: 'medium',
      says: 'Claims to read only, and is named after a change',
      excerpt: excerptOf(name),
    },
  ]
}

/** Clients must not follow such a reference, and what is behind it can change at any time. */
export const isRemoteSchema = (key: string, value: unknown): boolean =>
  (key === '$ref' || key === '$dynamicRef') && typeof value === 'string' && /^[a-z][a-z0-9+.-]*:/iu.test(value)
