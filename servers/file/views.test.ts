// Which resource URIs stand for which tool calls, and that none of them leads past what the tools refuse.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { tenantScope } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import { confinedPaths } from './policy.ts'
import { resources } from './resources.ts'
import { ground } from './testing/ground.ts'
import { readingTools } from './tools.ts'
import { views } from './views.ts'

const place = ground()
after(() => place.remove())
const granted = resources.parse({
  roots: [
    { name: 'docs', path: place.root },
    { name: 'src', path: place.out },
  ],
})
const { resolve, listed, templates } = views(granted)

suite('views()', () => {
  test('lists the roots, one template for each, and nothing without roots', () => {
    assert.deepEqual(
      listed.map(({ uri }) => [uri, resolve(uri)]),
      [
        ['root://docs/', { tool: 'list_directory', arguments: { path: 'docs:/' } }],
        ['root://src/', { tool: 'list_directory', arguments: { path: 'src:/' } }],
      ],
    )
    assert.deepEqual(
      templates.map(({ uriTemplate }) => uriTemplate),
      ['root://docs/{+path}', 'root://src/{+path}'],
    )
    const none = views(resources.parse({}))
    assert.deepEqual([none.listed, none.templates, none.resolve('root://docs/a')], [[], [], undefined])
  })

  test('a root of some tenants is listed to them alone', () => {
    const [shared, own] = [{ name: 'docs', path: place.root }, { name: 'acme', path: place.out, tenants: ['acme'] }] // biome-ignore format: one pair
    const made = views(resources.parse({ roots: [shared, own] }))
    for (const all of [made.listed, made.templates]) {
      const seen = (tenant: string) => all.map(({ shownTo }) => shownTo?.({ tenant: tenantScope(tenant), id: 'k_1' }))
      assert.deepEqual([seen('acme'), seen('globex')], [[true, true], [true, false]]) // biome-ignore format: one line
    }
  })

  const READ: readonly (readonly [string, string])[] = [
    ['root://docs/a/b.txt', 'docs:/a/b.txt'],
    ['root://src/%F0%9F%98%80%20x', 'src:/😀 x'],
    ['root://docs/a%3Fb%23c', 'docs:/a?b#c'],
    ['root://docs/%2541', 'docs:/%41'],
    ['root://docs/src:/x', 'docs:/src:/x'],
  ]
  for (const [uri, path] of READ)
    test(`reads ${uri}`, () => assert.deepEqual(resolve(uri), { tool: 'read_text_file', arguments: { path } }))

  for (const uri of ['', 'root://', 'root://docs', 'root://etc/passwd', 'root://DOCS/a', 'ROOT://docs/a', 'file:///etc/passwd', 'file://docs/a', 'root:docs/a', 'root:///docs/a', 'root://u@docs/a', 'root://docs:80/a', 'root://docs/%', 'root://docs/%ff', 'root://docs/%c0%af', 'root://docs/%ed%a0%80', 'root://docs/a?x', 'root://docs/a#x', ' root://docs/a', 'root://__proto__/a']) // biome-ignore format: one list
    test(`is not of this server: ${JSON.stringify(uri)}`, () => assert.equal(resolve(uri), undefined))

  for (const path of ['../x', '%2e%2e/x', 'a/%2e%2e%2fx', '.env', '%2Eenv', 'a%00', 'a%0Ab', '.ssh/x'])
    test(`the policy of the tools refuses ${path}`, () => {
      const call = resolve(`root://docs/${path}`)
      const tool = readingTools.find(({ name }) => name === call?.tool)
      assert.ok(call !== undefined && tool !== undefined)
      const operation = { op: 'info' as const, path: String(call.arguments['path']) }
      assert.equal(confinedPaths(granted)(operation, undefined as never).verdict, 'deny')
    })

  test('names the file that the tools read', () => {
    place.build([{ file: 'a b/ü.txt', text: 'found\n' }])
    const path = String(resolve('root://docs/a%20b/%C3%BC.txt')?.arguments['path'])
    const from = { end: 'start', line: 1, column: 0, lines: 10 }
    const { text } = executor(granted)(
      { op: 'read_text', path, from, numbered: false },
      { deadlineMs: 1_000, outputBytes: 9_000 },
    )
    assert.equal((JSON.parse(text) as { text: string }).text, 'found\n')
  })
})
