// What every source file owes its reader: an opening sentence, a bounded length, and no unfinished business.
import { isTestCode, type SourceFile } from './source-files.ts'

const MAX_LINES = 200
const MAX_TEST_LINES = 300 // tables of cases: longer than code, and read one row at a time

/** Files that may be longer, each with its limit and the reason. */
export const LONGER: Readonly<Record<string, Readonly<{ lines: number; because: string }>>> = {
  'test/mutants/core.ts': { lines: 500, because: 'one table, read a row at a time' },
}

type Rule = Readonly<{ says: string; breaks: (file: SourceFile) => boolean }>

// Written in halves, so that this file does not hold the words it looks for.
const UNFINISHED = new RegExp(`\\b(?:TO${''}DO|FIX${''}ME|XX${''}X|HA${''}CK)\\b`)
const SWITCHED = new RegExp(
  `\\b(?:test|suite|describe|it)\\.(?:on${''}ly|sk${''}ip|to${''}do)\\b|\\b(?:on${''}ly|sk${''}ip|to${''}do):\\s*true\\b`,
)
const SILENCED = new RegExp(`@ts-(?:ign${''}ore|noch${''}eck|expect-err${''}or)|eslint-dis${''}able`)
const UNREASONED = new RegExp(`(?:oxlint-dis${''}able|biome-ign${''}ore)(?:(?!--|: ).)*$`, 'm')
// Text about how the product came to be, or about one machine, is no part of the product.
const FOREIGN = new RegExp(
  [
    `/wo${''}rk/(?:main|shared)`,
    `\\.\\./sha${''}red`,
    `HOUSE-ST${''}YLE`,
    `Chat${''}GPT`,
    `Clau${''}de\\b`,
    `as an A${''}I\\b`,
    `\\bLL${''}M-generated`,
  ].join('|'),
)
const OPENING = /^(?:#!.*\n)?\/\/ \S.{10,}/

export const RULES: readonly Rule[] = [
  { says: 'opens with one sentence', breaks: ({ text }) => !OPENING.test(text) },
  { says: 'is at most as long as its kind may be', breaks: isTooLong },
  { says: 'holds no unfinished business', breaks: ({ text }) => UNFINISHED.test(text) },
  { says: 'leaves no test out', breaks: ({ text }) => SWITCHED.test(text) },
  { says: 'silences no compiler', breaks: ({ text }) => SILENCED.test(text) },
  { says: 'gives the reason of a lint exception', breaks: ({ text }) => UNREASONED.test(text) },
  { says: 'speaks of the product only', breaks: ({ text }) => FOREIGN.test(text) },
  {
    says: 'is named in kebab-case',
    breaks: ({ path }) => !/\/[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.[cm]?[jt]s$/.test(path),
  },
]

export const brokenShapes = (files: readonly SourceFile[]): readonly string[] =>
  files.flatMap((file) =>
    RULES.filter(({ breaks }) => breaks(file)).map(({ says }) => `${file.path}: each file ${says}`),
  )

function isTooLong({ path, text }: SourceFile): boolean {
  const limit = LONGER[path]?.lines ?? (isTestCode(path) ? MAX_TEST_LINES : MAX_LINES)
  return text.trimEnd().split('\n').length > limit
}
