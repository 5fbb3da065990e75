// How many poisoned definitions the scan finds, and how many clean ones it takes for poisoned: printed by class, bounded here.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CORPORA, figuresOf, isFound, type Row, total } from './corpus.ts'

const LEAST_FOUND = 0.9
const MOST_FALSE = 0.02
const names = (rows: readonly Row[]) => rows.map(({ name }) => name)

suite('manifest scan on its corpora', () => {
  test('the corpora are as large as is said of them, and no row is there twice', () => {
    const sizes = Object.entries(CORPORA).map(([name, rows]) => [name, rows.length] as const)
    const least = { poisoned: 60, clean: 60, poisonedHeldOut: 30, cleanHeldOut: 30 }
    for (const [name, size] of sizes) assert.ok(size >= least[name as keyof typeof least], `${name}: ${size}`)
    const given = Object.values(CORPORA).flatMap((rows) => rows.map((row) => JSON.stringify(row.given)))
    assert.equal(new Set(given).size, given.length)
  })

  for (const corpus of ['poisoned', 'poisonedHeldOut'] as const)
    test(`${corpus}: at least nine of ten are found`, (context) => {
      const figures = figuresOf(CORPORA[corpus])
      for (const [name, { found, of }] of figures) context.diagnostic(`${corpus} ${name}: ${found} of ${of} found`)
      const { found, of } = total(figures)
      context.diagnostic(`${corpus}: ${found} of ${of} found`)
      assert.ok(
        found >= LEAST_FOUND * of,
        `missed: ${names(CORPORA[corpus].filter((row) => !isFound(row))).join(', ')}`,
      )
    })

  for (const corpus of ['clean', 'cleanHeldOut'] as const)
    test(`${corpus}: at most one in fifty is taken for poisoned`, (context) => {
      const figures = figuresOf(CORPORA[corpus])
      for (const [name, { found, of }] of figures) context.diagnostic(`${corpus} ${name}: ${found} of ${of} false`)
      const { found, of } = total(figures)
      context.diagnostic(`${corpus}: ${found} of ${of} false`)
      assert.ok(found <= MOST_FALSE * of, `false: ${names(CORPORA[corpus].filter(isFound)).join(', ')}`)
    })
})
