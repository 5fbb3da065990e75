// Question: is something written so that a person reads less than the model does?
// Threat:   hidden characters, look-alike letters, encoded text, markup that is not shown, marks that pose as a change of speaker.
// Rule:     what has no shape, what decodes to words, what a renderer hides, and template tokens are told wherever they stand.
// Limits:   says that writing is hidden, not that it is hostile; what it spells is judged like any other text.
// Proof:    scan-tools.test.ts, test/manifest/corpus.test.ts
import { asRead, hiddenIn, mixedWords } from '../../input/text-as-read.ts'
import { escaped, excerptOf, type Hit, type Rule, type Severity } from './finding.ts'

const MARKS: readonly (readonly [rule: Rule, severity: Severity, says: string, pattern: RegExp])[] = [
  [
    'role_markup',
    'high',
    'Holds a mark that a chat template reads as a change of speaker',
    /<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id)\|>|\[\/?INST\]|<<\/?SYS>>|\n\n(?:Human|Assistant|System):\s|(?:^|\n)#{1,4} ?(?:System|Instructions?|Response|Human|Assistant):/u,
  ],
  [
    'role_markup',
    'medium',
    'Holds a tag that poses as an instruction of the system',
    /<\/?(?:system|system[-_](?:reminder|prompt|message)|instructions?|important|admin|assistant|secret|hidden|side_effect|override|critical)(?:\s[^<>]{0,200})?>/iu,
  ],
  ['hidden_markup', 'high', 'Holds a comment that is not shown', /<!--[^]{0,2000}?(?:-->|$)|\[\/\/\]:\s?#/u],
  [
    'hidden_markup',
    'high',
    'Holds an element that is not shown',
    /<[a-z]\w*\s[^<>]{0,500}?(?:\bhidden\b|(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0\b|color\s?:\s?(?:white|#fff|transparent)))/iu,
  ],
  [
    'hidden_markup',
    'medium',
    'Holds an image that is loaded from elsewhere',
    /!\[[^\]\n]{0,200}\]\(\s?(?:https?:)?\/\//u,
  ],
  ['hidden_markup', 'high', 'Holds a link that runs or carries something', /\]\(\s?(?:javascript|data|vbscript):/iu],
  ['hidden_markup', 'medium', 'Pushes text out of sight', /(?:\n[\r\t ]*){20}|[\t \u00a0]{200}/u],
]
const COMMAND =
  /\b(?:curl|wget)\b[^|\n]{0,200}\|\s?(?:sudo )?(?:ba|z|da)?sh\b|\brm\s-rf\s[~/]|\$\((?:curl|wget|cat)\b|[;&]\s?(?:curl|wget|nc)\s|\bnc\s-e\b|\bbase64\s(?:-d|--decode)\s?\||powershell(?:\.exe)?\s-enc/iu

/** What is found in one text, whatever its words are. */
export function writingHits(text: string): readonly Hit[] {
  const marks = MARKS.flatMap(([rule, severity, says, pattern]) => {
    const match = pattern.exec(text)
    return match === null ? [] : [{ rule, severity, says, excerpt: excerptOf(text, match.index, match[0].length) }]
  })
  return [
    ...hiddenHits(text),
    ...marks.filter((hit, index) => marks.findIndex(({ rule }) => rule === hit.rule) === index),
  ]
}

/** A command of a shell where a value is meant: nobody types a default. */
export function commandHits(text: string): readonly Hit[] {
  const match = COMMAND.exec(asRead(text))
  const says = 'Holds a command that loads or destroys'
  return match === null ? [] : [{ rule: 'command', severity: 'high', says, excerpt: excerptOf(match[0]) }]
}

function hiddenHits(text: string): readonly Hit[] {
  const [first, ...more] = hiddenIn(text)
  const [mixed] = mixedWords(text)
  const hits: Hit[] = []
  if (first !== undefined) {
    const spells = [first, ...more].map((run) => run.spells).join('')
    const says = `Holds characters that are not shown (${[...new Set([first, ...more].map(({ kind }) => kind))].join(', ')})${
      spells === '' ? '' : `, which spell "${escaped(spells.slice(0, 80))}"`
    }`
    hits.push({ rule: 'hidden_characters', severity: 'high', says, excerpt: excerptOf(text, first.at, first.length) })
  }
  if (mixed !== undefined)
    hits.push({
      rule: 'hidden_characters',
      severity: 'high',
      says: 'Mixes scripts within a word, so that it looks like another',
      excerpt: excerptOf(mixed),
    })
  return hits
}

type Coding = Readonly<{ name: string; pattern: RegExp; decode: (run: string) => string }>
const percent = (run: string) => bytesOf(run.replaceAll('%', ''))
const bytesOf = (hex: string) => Buffer.from(hex, 'hex').toString('utf8')
const character = (code: number) => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '')
const CODINGS: readonly Coding[] = [
  {
    name: 'base64',
    pattern: /[A-Za-z0-9+/_-]{24,65536}={0,2}/gu,
    decode: (run) => Buffer.from(run, 'base64').toString('utf8'),
  },
  {
    name: 'hexadecimal digits',
    pattern: /(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}){12,32768}(?![0-9a-fA-F])/gu,
    decode: bytesOf,
  },
  { name: 'percent escapes', pattern: /(?:%[0-9a-fA-F]{2}){6,16384}/gu, decode: percent },
  {
    name: 'character references',
    pattern: /(?:&#(?:x[0-9a-fA-F]{1,6}|\d{1,7});){3,8192}/gu,
    decode: (run) =>
      run.replace(/&#(x?)([0-9a-fA-F]+);/gu, (_, x: string, digits: string) =>
        character(Number.parseInt(digits, x === '' ? 10 : 16)),
      ),
  },
  {
    name: 'escapes',
    pattern: /(?:\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}){3,8192}/gu,
    decode: (run) =>
      run.replace(/\\[ux]([0-9a-fA-F]+)/gu, (_, digits: string) => character(Number.parseInt(digits, 16))),
  },
]

/** The words that are written in some code inside a text, and the text with them in their place. */
export function decoded(text: string): Readonly<{ hits: readonly Hit[]; text: string }> {
  const hits: Hit[] = []
  let whole = text
  for (const { name, pattern, decode } of CODINGS)
    whole = whole.replace(pattern, (run) => {
      const words = decode(run)
      if (!areWords(words, name)) return run
      if (hits.length === 0)
        hits.push({
          rule: 'encoded_text',
          severity: 'medium',
          says: `Holds words written as ${name}: "${escaped(words.slice(0, 80))}"`,
          excerpt: excerptOf(run),
        })
      return words
    })
  return { hits, text: whole }
}

// Three words where bytes may be anything; where ASCII letters need no escape, the escape is enough.
function areWords(text: string, name: string): boolean {
  if (/[^\n\t -~\u00a0-\u{10FFFF}]|\ufffd/u.test(text)) return false
  if (name !== 'base64' && name !== 'hexadecimal digits') return /[A-Za-z]{3}/u.test(text)
  return (text.match(/(?:^|\s)\p{L}{2,}(?=\s|[,.:;!?]|$)/gu)?.length ?? 0) >= 3
}
