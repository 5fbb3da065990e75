// The two doors: `Cleared` and `Released` are each made by one cast in one file, and nothing in a server casts past them.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isTestCode, type SourceFile, sourceFiles } from './source-files.ts'

type Door = Readonly<{ type: string; file: string; cast: RegExp }>

// A cast in any spelling: `x as Cleared<Op>`, `as unknown as Released`, `as never as …`, `<Released>x`, and over lines.
const DOORS: readonly Door[] = [
  {
    type: 'Cleared',
    file: 'packages/security-core/src/clear.ts',
    cast: /\bas\s+(?:[\w.]+\.)?Cleared\b|(?<![\w$])<\s*Cleared\b[^<>]*(?:<[^<>]*>)?\s*>\s*[\w({[]/g,
  },
  {
    type: 'Released',
    file: 'packages/security-core/src/output/release.ts',
    cast: /\bas\s+(?:[\w.]+\.)?Released\b|(?<![\w$])<\s*Released\b[^<>]*>\s*[\w({[]/g,
  },
]
// `import { Cleared as C }` would let a cast go by another name.
const RENAMED = /\b(?:Cleared|Released)\s+as\s+\w+/g

export function castsPast(door: Door, files: readonly SourceFile[]): readonly string[] {
  return files
    .filter(({ path }) => !isTestCode(path))
    .flatMap(({ path, text }) => [...text.matchAll(door.cast)].map(() => path))
}

const at = (path: string, text: string): SourceFile => ({ path, text })
const FORGERIES: readonly (readonly [type: string, text: string])[] = [
  ['Cleared', 'execute(operation as Cleared<Op>)'],
  ['Cleared', 'execute(operation as unknown as Cleared<Op>)'],
  ['Cleared', 'operation as\n  Cleared<Op>'],
  ['Cleared', 'operation as core.Cleared<Op>'],
  ['Cleared', 'execute(<Cleared<Op>>operation)'],
  ['Released', 'send({ text } as Released)'],
  ['Released', 'send({ text } as unknown as Released)'],
  ['Released', 'const r = <Released>{ text }'],
]
const HONEST = [
  'execute: (operation: Cleared<Op>) => Promise<Result>',
  'type Send = (released: Released) => void',
  'Executor<Cleared<Op>>(x)',
]

suite('the two doors', () => {
  const files = sourceFiles()
  for (const door of DOORS) {
    test(`${door.type} is made by one cast, in ${door.file}`, () =>
      assert.deepEqual(castsPast(door, files), [door.file]))

    for (const [type, text] of FORGERIES.filter(([type]) => type === door.type))
      test(`sees the forgery ${JSON.stringify(text)} of ${type}`, () =>
        assert.deepEqual(castsPast(door, [at('servers/file/x.ts', text)]), ['servers/file/x.ts']))

    for (const text of HONEST)
      test(`${door.type}: ${text} is no cast`, () =>
        assert.deepEqual(castsPast(door, [at('servers/file/x.ts', text)]), []))
  }

  test('no file gives the branded types another name', () => {
    assert.match('import { type Cleared as C }', RENAMED)
    const renamed = files.filter(({ path, text }) => !isTestCode(path) && text.match(RENAMED) !== null)
    assert.deepEqual(
      renamed.map(({ path }) => path),
      [],
    )
  })
})
