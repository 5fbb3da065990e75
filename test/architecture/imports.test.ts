// Proves that every way to load a module is seen; the rules of this folder are only as good as this.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Import, importsOf } from './imports.ts'

const seen = (text: string) => importsOf(text).map(({ specifier, kind }) => `${kind} ${specifier}`)
// Written in two halves, so that this file is not itself full of imports.
const im = 'im' + 'port'
const fr = 'fr' + 'om'

const FORMS: readonly (readonly [name: string, text: string, ...expect: string[]])[] = [
  ['a default import', `${im} fs ${fr} 'node:fs'`, 'runtime node:fs'],
  ['named imports', `${im} { a, b as c } ${fr} 'x'`, 'runtime x'],
  ['named imports over lines', `${im} {\n  a,\n  type B,\n} ${fr} "x"`, 'runtime x'],
  ['a namespace import', `${im} * as net ${fr} 'node:net'`, 'runtime node:net'],
  ['default and named', `${im} a, { b } ${fr} 'x'`, 'runtime x'],
  ['no space at all', `${im}{a}${fr}'x'`, 'runtime x'],
  ['address syntax alone', `${im} { isIP, isIPv4 } ${fr} 'node:net'`, 'runtime node:net#isIP'],
  ['address syntax and more', `${im} { isIP, connect } ${fr} 'node:net'`, 'runtime node:net'],
  ['address syntax under which a socket hides', `${im} { connect as isIP } ${fr} 'node:net'`, 'runtime node:net'],
  [
    'address syntax, then everything',
    `${im} { isIP } ${fr} 'node:net'\n${im} n ${fr} 'node:net'`,
    'runtime node:net#isIP',
    'runtime node:net',
  ],
  ['a bare import', `${im} 'undici'`, 'runtime undici'],
  ['a type import', `${im} type { A } ${fr} './a.ts'`, 'type ./a.ts'],
  ['a default type import', `${im} type A ${fr} './a.ts'`, 'type ./a.ts'],
  ['a value that is called type', `${im} type ${fr} './a.ts'`, 'runtime ./a.ts'],
  ['a named import with only inline types, which still runs', `${im} { type A } ${fr} './a.ts'`, 'runtime ./a.ts'],
  ['a re-export', `export { a } ${fr} './a.ts'`, 'runtime ./a.ts'],
  ['a star re-export', `export * ${fr} './a.ts'`, 'runtime ./a.ts'],
  ['a named star re-export', `export * as a ${fr} './a.ts'`, 'runtime ./a.ts'],
  ['a type re-export', `export type { A } ${fr} './a.ts'`, 'type ./a.ts'],
  ['a type export before an import', `export type { A }\n${im} fs ${fr} 'node:fs'`, 'runtime node:fs'],
  ['a type alias before an import', `export type A = 1\n${im} fs ${fr} 'node:fs'`, 'runtime node:fs'],
  ['a comment in the clause', `${im} { a, // why\n b } ${fr} 'x'`, 'runtime x'],
  ['a comment before the name', `${im} a ${fr} /* why */ 'x'`, 'runtime x'],
  ['an import attribute', `${im} a ${fr} './a.json' with { type: 'json' }`, 'runtime ./a.json'],
  ['a dynamic import', `await ${im}('node:dns')`, 'runtime node:dns'],
  ['a dynamic import with options', `${im}("x", {})`, 'runtime x'],
  ['a dynamic import of a template', `${im}(\`node:tls\`)`, 'runtime node:tls'],
  ['a dynamic import of a computed name', `${im}(name)`, 'opaque import()'],
  ['a dynamic import of a filled template', `${im}(\`node:\${x}\`)`, 'opaque import()'],
  ['a dynamic import of a sum', `${im}('node:' + x)`, 'opaque import()'],
  ['require', `req${''}uire('fs')`, 'opaque require('],
  ['createRequire', `${im} { createReq${''}uire } ${fr} 'x'`, 'runtime x', 'opaque createRequire'],
  ['a builtin by name', `process.getBuiltin${''}Module('fs')`, 'opaque getBuiltinModule'],
  ['an internal binding', `process.bind${''}ing('fs')`, 'opaque process.binding'],
  ['a native library', `process.dl${''}open(m, p)`, 'opaque process.dlopen'],
  ['text run as code', `ev${''}al(x)`, 'opaque eval('],
  ['a function from text', `new Fun${''}ction('x')`, 'opaque new Function'],
  ['the address of the file', 'import.meta.url'],
  ['a method called from', "Array.from('abc'); Buffer.from('x')"],
]

suite('importsOf()', () => {
  for (const [name, text, ...expect] of FORMS) test(`sees ${name}`, () => assert.deepEqual(seen(text), expect))

  test('sees many in one file, each by its own kind', () => {
    const text = FORMS.map(([, form]) => form).join('\n')
    const count = (kind: Import['kind']) => importsOf(text).filter((one) => one.kind === kind).length
    assert.equal(count('type'), 3)
    assert.ok(count('runtime') >= 20)
  })
})
