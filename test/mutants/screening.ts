// Breaks of what makes the screening cheap: looks that come first, slices, batches and steps, none of which may miss what the whole would show.
import type { Mutant } from './mutants.ts'

const CORE = 'packages/security-core/src'
const SLICES = { file: `${CORE}/output/slices.ts`, tests: [`${CORE}/output/slices.test.ts`] }
const SHAPE = { file: `${CORE}/output/answer-shape.ts`, tests: [`${CORE}/output/answer-shape.test.ts`] }
const SECRETS = { file: `${CORE}/output/secret-values.ts`, tests: [`${CORE}/output/secret-values.test.ts`] }
const STEPS = { file: `${CORE}/steps.ts`, tests: [`${CORE}/steps.test.ts`] }
const LOOKS = [`${CORE}/input/steering-looks.test.ts`]
const READINGS = { file: `${CORE}/input/other-readings.ts`, tests: LOOKS }
const MARKS = { file: `${CORE}/input/steering-marks.ts`, tests: LOOKS }
const SCANNER = { file: `${CORE}/input/phrase-scanner.ts`, tests: LOOKS }

export const SCREENING_MUTANTS: readonly Mutant[] = [
  { ...SLICES, find: 'end + reach)', replace: 'end)', because: 'what stands across an edge is not seen' },
  { ...SLICES, find: 'next - reach)', replace: 'next)', because: 'what stands before an edge is not looked at' },
  {
    ...SLICES,
    find: 'if (at >= end) break',
    replace: '',
    because: 'what is cut off at an edge is taken for the whole',
  },
  {
    ...SLICES,
    find: 'at + match[0].length',
    replace: 'at + Math.min(2, match[0].length)',
    because: 'what was replaced is looked through again',
  },
  {
    ...SLICES,
    tests: SECRETS.tests,
    find: 'place.index + 1)',
    replace: 'place.index + 9)',
    because: 'a place beside a false start is not tried',
  },
  { ...SECRETS, find: "begins: '-----BEGIN ',", replace: '', because: 'a private key is looked for where it ends' },
  { ...SHAPE, find: '++level > MOST_LEVELS', replace: '++level < 0', because: 'nesting without end is parsed' },
  { ...SHAPE, find: 'level -= 1', replace: 'level -= 0', because: 'lists beside each other count as nested' },
  { ...SHAPE, find: '.size > MOST_NAMES', replace: '.size < 0', because: 'a hundred thousand names are parsed' },
  { ...SHAPE, find: 'isName(text, at + 1) &&', replace: '', because: 'values count as names' },
  { ...SHAPE, find: 'at - data >= MOST_TEXT_BYTES', replace: 'at - data < 0', because: 'megabytes of text are parsed' },
  { ...SHAPE, find: '(end - first) % 2 === 0', replace: 'end > 0', because: 'an escaped quote ends a string' },
  { ...SHAPE, find: 'at - begin >= LEAST_DATA', replace: 'at > 0', because: 'a million short strings count as data' },
  { ...SHAPE, find: 'last)))) return false', replace: 'last)))) break', because: 'any long text counts as base64' },
  {
    file: `${CORE}/output/release.ts`,
    tests: SHAPE.tests,
    find: '  yield* answerShape(result.text)\n',
    replace: '',
    because: 'an answer is parsed whatever its shape',
  },
  {
    file: `${CORE}/tool.ts`,
    tests: [`${CORE}/tool.test.ts`],
    find: 'definition.budget.outputBytes > MOST_TEXT_BYTES',
    replace: 'definition.budget.outputBytes < 0',
    because: 'a tool promises text that cannot go out',
  },
  { ...STEPS, find: '    await pause()\n', replace: '', because: 'a long answer blocks everybody else' },
  { ...MARKS, find: 'TURNS = /[<[\\n]/', replace: 'TURNS = /[<\\n]/', because: 'a forged turn is missed' },
  {
    ...MARKS,
    find: 'HIDES = /[\\ufe00-\\ufe0f\\udb40]/',
    replace: 'HIDES = /[\\ufe00-\\ufe0f]/',
    because: 'tags are not seen',
  },
  { ...MARKS, find: '|| mayReadOtherwise(text)', replace: '', because: 'base64 in a cell is not read' },
  { ...MARKS, find: 'holdsPhrase = true', replace: '', because: 'an order in a cell is not seen' },
  { ...MARKS, find: 'upTo < text.length;', replace: 'upTo < UNITS_OF_A_WALK;', because: 'only the beginning is read' },
  { ...READINGS, find: '/[&%\\\\]/', replace: '/[&%]/', because: 'an escape in a cell is not read' },
  {
    ...READINGS,
    find: 'start > begin && isBase64',
    replace: 'start > at && isBase64',
    because: 'the run loses its front',
  },
  {
    ...READINGS,
    find: 'at = begin + LEAST_RUN - 1)',
    replace: 'at = begin + LEAST_RUN)',
    because: 'a run is jumped over',
  },
  {
    ...READINGS,
    find: '(isGap(pair) || isGap(pair - 1))',
    replace: 'isGap(pair)',
    because: 'letters apart are not seen',
  },
  {
    ...READINGS,
    find: "text.includes('&#')",
    replace: "text.includes('&#x')",
    because: 'decimal entities are not read',
  },
  {
    ...SCANNER,
    find: 'next(0, letter) === 0 ? 1 : 0',
    replace: '1 === 1 ? 1 : 0',
    because: 'orders inside words are missed',
  },
]
