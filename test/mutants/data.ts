// Breaks of what data may do: the labels it carries, and what leaves with an answer.
import type { Mutant } from './mutants.ts'

const CORE = 'packages/security-core/src'
const beside = (name: string) => ({ file: `${CORE}/${name}.ts`, tests: [`${CORE}/${name}.test.ts`] })
const RELEASE = beside('output/release')
const HIDDEN = beside('output/hidden-characters')
const TEMPLATE_TOKENS = beside('output/template-tokens')
const ACTIVE_LINKS = beside('output/active-links')
const ANSWER_MARKS = beside('output/answer-marks')
const RELEASE_MARKS = { ...ANSWER_MARKS, file: `${CORE}/output/release.ts` }
const SENT_SECRETS = beside('output/sent-secrets')
const SECRET_VALUES = beside('output/secret-values')
const CHECK_DIGITS = { ...SECRET_VALUES, file: `${CORE}/output/check-digits.ts` }
const TAINT = beside('taint/taint')
const SHARED_TAINT = {
  file: 'packages/host/src/taint/shared-taint.ts',
  tests: ['packages/host/src/taint/shared-taint.test.ts'],
}
const LABELS_SCRIPT = { ...SHARED_TAINT, file: 'packages/host/src/taint/labels-script.ts' }
const LABEL = { ...TAINT, file: `${CORE}/taint/label.ts` }
const MEMORY_TAINT = { ...TAINT, file: `${CORE}/taint/memory-taint.ts` }

export const DATA_MUTANTS: readonly Mutant[] = [
  {
    ...RELEASE,
    tests: SECRET_VALUES.tests,
    find: 'if (refused !== undefined)',
    replace: 'if (false)',
    because: 'an answer that was to be refused leaves redacted',
  },
  {
    ...CHECK_DIGITS,
    find: 'return digits\n',
    replace: "return ''\n",
    because: 'every placeholder is taken for a token',
  },
  {
    ...SECRET_VALUES,
    file: `${CORE}/output/slices.ts`,
    find: '          removed += 1\n',
    replace: '',
    because: 'what is redacted is not said',
  },
  {
    ...CHECK_DIGITS,
    find: 'return sum % 10 === 0',
    replace: 'return true',
    because: 'order numbers are taken for cards',
  },
  {
    ...CHECK_DIGITS,
    find: 'return rest === 1',
    replace: 'return true',
    because: 'any text of the right length is an account',
  },
  {
    ...TAINT,
    find: 'join(await store.read(call.caller), brings)',
    replace: 'await store.read(call.caller)',
    because: 'a private file is moved to a public place',
  },
  {
    ...TAINT,
    find: 'join(await store.read(call.caller), brings)',
    replace: 'brings',
    because: 'what was read before is forgotten',
  },
  {
    ...TAINT,
    find: "return mode === 'mark'",
    replace: "return mode === 'enforce'",
    because: 'enforcing lets pass and marking refuses',
  },
  {
    ...TAINT,
    find: 'return labelText(await store.join(call.caller, reads))',
    replace: 'return labelText(reads)',
    because: 'a read leaves no label',
  },
  {
    ...TAINT,
    find: '{ reads: tool.yields, into: tool.yields }',
    replace: '{ reads: tool.yields }',
    because: 'a tool that states no place may send anything anywhere',
  },
  {
    ...LABEL,
    find: "if (data.secrecy === 'private' && place.secrecy === 'public') return 'private'",
    replace: '',
    because: 'private data may go to a public place',
  },
  {
    ...LABEL,
    find: "if (data.integrity === 'untrusted' && place.integrity === 'trusted') return 'untrusted'",
    replace: '',
    because: 'what a stranger wrote may stand where it is trusted',
  },
  {
    ...LABEL,
    find: "secrecy: one.secrecy === 'private' ? 'private' : other.secrecy",
    replace: 'secrecy: other.secrecy',
    because: 'a public read takes the private label off',
  },
  {
    ...MEMORY_TAINT,
    find: 'JSON.stringify([tenant, id])',
    replace: 'tenant',
    because: 'callers of one tenant share their labels',
  },
  {
    ...MEMORY_TAINT,
    find: 'Math.max(until, privateUntil)',
    replace: 'until',
    because: 'a clock that is set back ends a label early',
  },
  {
    ...RELEASE,
    find: '(yield* suspectedBy(filters, result.text))',
    replace: 'false',
    because: 'answers leave without filters',
  },
  {
    ...RELEASE,
    find: 'if (bytes > spend.outputBytes)',
    replace: 'if (text.length > spend.outputBytes)',
    because: 'characters are counted as bytes',
  },
  {
    ...RELEASE,
    find: '  boundBytes(text, spend)\n  const found',
    replace: '  const found',
    because: 'what the filters wrote is over the budget',
  },
  {
    ...RELEASE,
    find: '[yield* screenText(key, how), yield* screen(item, how)]',
    replace: '[key, yield* screen(item, how)]',
    because: 'keys are not screened',
  },
  {
    ...HIDDEN,
    find: '(${FLAG.source})|${HIDDEN.source}`',
    replace: '(\\\\u{1F3F4}[\\\\u{E0020}-\\\\u{E007E}]+\\\\u{E007F})|${HIDDEN.source}`',
    because: 'a message hides as a flag',
  },
  {
    ...HIDDEN,
    find: '\\u202a-\\u202e',
    replace: '\\u202a-\\u202d',
    because: 'the right-to-left override stays',
  },
  { ...HIDDEN, find: '|\\\\\\\\[ubf]`', replace: '`', because: 'an escaped character passes the first look' },
  {
    ...TEMPLATE_TOKENS,
    find: 'instead: ([mark]) => `${mark} `',
    replace: 'instead: ([mark]) => mark',
    because: 'marks of a template come through',
  },
  {
    ...TEMPLATE_TOKENS,
    find: '/<｜(?=[^\\s<>｜]{1,40}｜>)/,',
    replace: '',
    because: 'marks with full-width bars come through',
  },
  {
    ...ACTIVE_LINKS,
    find: 'if (TO_FILL.test(address)) return true',
    replace: '',
    because: 'a picture with a place to fill loads',
  },
  {
    ...ACTIVE_LINKS,
    find: 'values.some(isEncoded) ||',
    replace: '',
    because: 'a picture with encoded data loads',
  },
  {
    ...ACTIVE_LINKS,
    find: "if (action === 'mark') return match",
    replace: '',
    because: 'a link that is only to be marked is changed',
  },
  {
    ...ACTIVE_LINKS,
    find: 'URL.parse(origin)?.hostname === url.hostname',
    replace: 'URL.parse(origin)?.hostname !== url.hostname',
    because: 'the pages of others are taken for its own',
  },
  {
    ...ANSWER_MARKS,
    find: 'for (const item of Object.values(value)) collect(item, texts)',
    replace: 'collect(Object.values(value)[0], texts)',
    because: 'the second row is not looked at',
  },
  {
    ...RELEASE_MARKS,
    find: 'if (tally.size === 0 && marks.length === 0) return mint(result.text, parsed, 0, [])',
    replace: '',
    because: 'clean answers are written anew',
  },
  {
    ...RELEASE_MARKS,
    find: 'if (tally.size === 0 && Buffer.byteLength(text) > spend.outputBytes) return mint(result.text, parsed, 0, marks)',
    replace: '',
    because: 'a mark stops an answer that has no room for its sentence',
  },
  {
    ...SENT_SECRETS,
    find: "tool.effect === 'read'",
    replace: "tool.effect !== 'egress'",
    because: 'a private key is written into a file',
  },
  {
    ...SHARED_TAINT,
    find: "say('taint_denied', reason)\n      throw new Denial(",
    replace: "say('taint_denied', reason)\n      return ['', 0, 0, 0] as const\n      throw new Denial(",
    because: 'without its store everybody is clean',
  },
  {
    ...SHARED_TAINT,
    find: 'if (isLost !== 0) {',
    replace: 'if (isLost > 1) {',
    because: 'a store that was started again makes everybody clean',
  },
  {
    ...SHARED_TAINT,
    find: '`${PREFIX}${tenant}\\n${id}`',
    replace: '`${PREFIX}${id}`',
    because: 'two tenants share their labels',
  },
  {
    ...LABELS_SCRIPT,
    find: "if ARGV[2] ~= '' and ARGV[2] ~= began then",
    replace: "if ARGV[2] == 'never' then",
    because: 'nobody notices that the memory was lost',
  },
  {
    ...LABELS_SCRIPT,
    find: 'now - tonumber(at) <= window',
    replace: 'true',
    because: 'a label never ends',
  },
]
