// Texts on both sides of each limit, and that what is measured is what JSON.parse would read.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Denial } from '../denial.ts'
import { atOnce } from '../steps.ts'
import { answerShape, isBase64 } from './answer-shape.ts'
import { release } from './release.ts'

const TEXT = 131_072
const MEDIA = 4_194_304

const verdict = (text: string): string => {
  try {
    atOnce(answerShape(text))
    return 'passes'
  } catch (thrown) {
    assert.ok(thrown instanceof Denial && thrown.code === 'internal')
    return thrown.message
  }
}
const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
const named = (count: number) =>
  `{${Array.from({ length: count }, (_, i) => `"${i}" \n:{"a":1,"b":"c:"}`).join(',')},"text":"d"}`
const padded = (text: string, units: number) => `{"text":"${text.repeat((units - 11) / text.length)}"}`
const filled = (item: string, units: number) => `{"a":[${`${item},`.repeat((units - 20) / (item.length + 1))}${item}]}`
const base64 = 'QUJDREVG+/09'.repeat(300_000)

const LONG = `The worker returned more than ${TEXT} units beside base64`
const DEEP = 'The worker returned nesting of more than 32 levels'
const NAMES = 'The worker returned more than 1024 names'

suite('answerShape()', () => {
  const passes: readonly (readonly [because: string, text: string])[] = [
    ['the longest text', padded('-', TEXT)],
    ['the longest text of escapes', padded('\\n', TEXT)],
    ['brackets in a string', `{"text":"${'[{'.repeat(500)}"}`],
    ['quotes in a string', `{"text":"${'\\"[\\\\\\"{'.repeat(500)}"}`],
    ['a backslash before the end', `{"a":"\\\\","b":"${'['.repeat(50)}"}`],
    ['as many levels as there may be', nested(32)],
    ['many lists beside each other', `{"a":[${'[[]],'.repeat(1_000)}[]]}`],
    ['as many names as there may be', named(1_021)],
    ['the same names in many rows', filled('{"name":"x","size":1}', TEXT)],
    ['many texts that are no names', `{"a":[${Array.from({ length: 5_000 }, (_, i) => `"${i}"`).join(',')}]}`],
    ['a large picture', `{"path":"a.png","data":"${base64}","mime_type":"image/png"}`],
    ['a picture of padded base64', `{"data":"${base64}QQ=="}`],
    ['several pictures and a long text', `{"a":"${base64}","b":"${base64}","text":"${'é'.repeat(130_000)}"}`],
    ['no JSON of small size', '{"a":"'],
    ['nothing', ''],
  ]
  for (const [because, text] of passes) test(`passes ${because}`, () => assert.equal(verdict(text), 'passes'))

  const refused: readonly (readonly [because: string, text: string, message: string])[] = [
    ['a unit more than the longest text', padded('-', TEXT + 1), LONG],
    ['megabytes of text', padded('The end. ', MEDIA), LONG],
    ['base64 with one other character', `{"data":"${base64} "}`, LONG],
    ['base64 with padding inside', `{"data":"${base64}Q=QQ"}`, LONG],
    ['base64 with an escape', `{"data":"${base64}\\n"}`, LONG],
    ['base64 with an escaped quote', `{"data":"\\"${base64}"}`, LONG],
    ['base64 of the other alphabet', `{"data":"${base64.replaceAll('/', '_')}"}`, LONG],
    ['base64 without an end', `{"data":"${base64}\\`, LONG],
    ['much text beside a picture', `{"data":"${base64}","text":"${'x '.repeat(TEXT / 2)}"}`, LONG],
    ['many short runs of base64', filled(`"${'QUJD'.repeat(255)}"`, MEDIA), LONG],
    ['megabytes of numbers', filled('1', MEDIA), LONG],
    ['megabytes of spaces', `{"a":${' '.repeat(MEDIA)}1}`, LONG],
    ['megabytes of escaped quotes', padded('\\"', MEDIA + 1), LONG],
    ['megabytes of backslashes', padded('\\\\', MEDIA + 1), LONG],
    ['a level too many', nested(33), DEEP],
    ['a level too many of objects', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, DEEP],
    ['a name too many', named(1_022), NAMES],
    ['different names in many rows', `[${Array.from({ length: 1_025 }, (_, i) => `{"${i}":1}`).join(',')}]`, NAMES],
  ]
  for (const [because, text, message] of refused) test(`refuses ${because}`, () => assert.equal(verdict(text), message))

  test('stands before the parser of door 2', () => {
    const spend = { deadlineMs: 1, outputBytes: MEDIA }
    for (const text of [nested(33), named(1_022), padded('-', TEXT + 1)])
      assert.throws(() => release({ text }, [], spend), { code: 'internal' })
  })

  test('property: counts the levels and the names of any JSON as a parser does', () => {
    const level = (value: unknown): number =>
      typeof value !== 'object' || value === null ? 0 : 1 + Math.max(0, ...Object.values(value).map(level))
    const names = (value: unknown): readonly string[] =>
      typeof value !== 'object' || value === null
        ? []
        : [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(names)]
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat(34), fc.nat(1_030), (json, deep, many) => {
        const inner = `${'['.repeat(deep)}${json}${']'.repeat(deep)}`
        const extra = Array.from({ length: many }, (_, i) => `"\\"${i}":1`).join(',')
        const text = `[${inner},{${extra}}]`
        const value: unknown = JSON.parse(text)
        const isFlat = level(value) <= 32
        const isFew = new Set(names(value)).size <= 1_024
        assert.equal(verdict(text) === 'passes', isFlat && isFew)
      }),
      { numRuns: 500 },
    )
  })

  test('is done in short steps', () => {
    const steps = [
      ...answerShape(`{"data":"${base64}","text":"${'[1],'.repeat(20_000)}","a":[${'1,'.repeat(20_000)}1]}`),
    ]
    assert.ok(steps.length > 200 && Math.max(...steps) <= TEXT, `${Math.max(...steps)}`)
  })

  for (const [text, isSo] of [
    ...[
      ['', true],
      ['QUJD', true],
      ['QQ==', true],
      ['QUI=', true],
      [`${base64}QQ==`, true],
    ],
    ...[
      ['Q===', false],
      ['QQ==QQ==', false],
      ['QU JD', false],
      ['QU_D', false],
      ['QUJD\n', false],
      [`${base64}<`, false],
    ],
  ] as const)
    test(`${JSON.stringify(text.slice(-8))} is ${isSo ? '' : 'not '}base64`, () => assert.equal(isBase64(text), isSo))
})
