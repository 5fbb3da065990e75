// For the tests: statements of both corpora, changed by one or two tokens or put together from parts. Many of them run, on paths nobody wrote down.
import fc from 'fast-check'
import { vectors } from '../fixture.ts'
import { type Token, tokensOf } from '../token-scan.ts'

/** Answers that differ from one run to the next. */
export const CLOCK = /random|now|current_|julianday\(\)/i
const SLOW = /RECURSIVE|zeroblob|printf|format/i
const MAX_CHARS = 400

const NAMES = [
  ...['id', 'name', 'email', 'salary', 'country', 'value', 'rowid', 'api_token', 'credit_limit', 'total'],
  ...['customers', 'employees', 'orders', 'secrets', 'users', 'login_names', 'sqlite_schema', 'main', 'temp'],
  ...['.', '*', 'c', 'e', 'o', "'CANARY'"],
]

const OPERATORS: ReadonlySet<string> = new Set(['<=', '>=', '<>', '!=', '==', '||', '<<', '>>', '->', '->>'])

type Given = Readonly<{ given: Readonly<{ sql: string }> }>

// Legitimate statements thrice: what grew out of an attack is mostly refused.
const legitimate = vectors('legitimate.json') as Given[]
const pieces = [...legitimate, ...legitimate, ...legitimate, ...(vectors('attacks.json') as Given[])]
  .map(({ given }) => given.sql)
  .filter((sql) => sql.length < MAX_CHARS && !CLOCK.test(sql) && !SLOW.test(sql))
  .flatMap((sql) => {
    try {
      const tokens = tokensOf(sql).filter(({ text }) => text !== ';')
      return tokens.some(({ kind }) => kind === 'variable') ? [] : [withOperators(tokens)]
    } catch {
      return [] // comments and what has no end
    }
  })
const byKind = Map.groupBy(pieces.flat(), ({ kind }) => kind)

// The scan needs no operators of two marks; written apart they would be none.
function withOperators(tokens: readonly Token[]): readonly Token[] {
  const whole: Token[] = []
  for (const token of tokens) {
    const before = whole.at(-1)
    const joined = `${before?.text}${token.text}`
    if (before?.kind === 'mark' && token.kind === 'mark' && OPERATORS.has(joined))
      whole.splice(-1, 1, { kind: 'mark', text: joined })
    else whole.push(token)
  }
  return whole
}

/** `one` and `other` are token texts; `at` and `cut` say where, `name` what to put there. */
type Draw = Readonly<{ one: readonly Token[]; other: readonly Token[]; at: number; cut: number; name: string }>

const text = (tokens: readonly Token[]) => tokens.map((token) => token.text).join(' ')
const put = ({ one, at }: Draw, ...texts: readonly string[]) => {
  const place = at % Math.max(1, one.length)
  return [
    ...one.slice(0, place).map((token) => token.text),
    ...texts,
    ...one.slice(place + 1).map((each) => each.text),
  ].join(' ')
}

const WAYS: readonly ((draw: Draw) => string)[] = [
  (draw) => put(draw, draw.name),
  (draw) => put(draw), // one token less
  (draw) => put(draw, draw.one[draw.at % Math.max(1, draw.one.length)]?.text ?? '', draw.name),
  // Another token of the same kind: a word for a word, a number for a number.
  (draw) => {
    const kin = byKind.get(draw.one[draw.at % Math.max(1, draw.one.length)]?.kind ?? 'word') ?? []
    return put(draw, kin[Math.floor(draw.cut * (kin.length - 1))]?.text ?? draw.name)
  },
  ({ one, other, cut }) =>
    text([...one.slice(0, Math.floor(cut * one.length)), ...other.slice(Math.floor(cut * other.length))]),
  (draw) => put(draw, `( ${text(draw.other)} )`), // a subquery where a name or a value was
  ({ one, name }) => `SELECT count(*), ${name} FROM (${text(one)})`,
  ({ one, name }) => `SELECT a.*, ${name} FROM (${text(one)}) AS a ORDER BY ${name}`,
  ({ one, other }) => `SELECT * FROM (${text(one)}) AS a NATURAL JOIN (${text(other)}) AS b`,
  ({ one, other, name }) => `SELECT * FROM (${text(one)}) JOIN (${text(other)}) USING (${name})`,
  ({ one, other }) => `${text(one)} UNION ALL ${text(other)}`,
  ({ one, other, name }) => `WITH ${name} AS (${text(one)}) ${text(other)}`, // a name that shadows another
  ({ one, other }) => `SELECT * FROM (${text(one)}) WHERE EXISTS (${text(other)})`,
]

const piece = fc.nat({ max: pieces.length - 1 }).map((index) => pieces[index] ?? [])

export const mutatedSql: fc.Arbitrary<string> = fc
  .record({
    one: piece,
    other: piece,
    at: fc.nat(),
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
    name: fc.constantFrom(...NAMES),
    way: fc.nat({ max: WAYS.length - 1 }),
  })
  .map(({ way, ...draw }) => WAYS[way]?.(draw) ?? '')
