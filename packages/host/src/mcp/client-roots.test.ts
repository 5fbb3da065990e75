// The client's roots are asked for once, taken as they are said, and never assumed.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { clientRoots } from './client-roots.ts'

const uris = (...list: readonly unknown[]) => ({ roots: list.map((uri) => ({ uri })) })

suite('clientRoots()', () => {
  test('narrows nothing for a client that has none', async () => {
    const roots = clientRoots({ hasRoots: () => false, listRoots: () => assert.fail('must not be asked') })
    assert.equal(await roots.current(), undefined)
  })

  test('asks once, and again when the client says that they have changed', async () => {
    let asked = 0
    const roots = clientRoots({ hasRoots: () => true, listRoots: async () => uris(`file:///${++asked}`) })
    assert.deepEqual(await Promise.all([roots.current(), roots.current()]), [['file:///1'], ['file:///1']])
    roots.changed()
    assert.deepEqual(await roots.current(), ['file:///2'])
  })

  const ODD: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['nothing', undefined, []],
    ['no list', { roots: 'file:///' }, []],
    ['an empty list', { roots: [] }, []],
    ['entries that are no roots', { roots: [null, 1, {}, { uri: 2 }, { uri: 'file:///a' }] }, ['file:///a']],
    ['a URI without end', uris(`file:///${'a'.repeat(5_000)}`), []],
  ]
  for (const [what, answer, expected] of ODD)
    test(`takes ${what} for what it is: less, never more`, async () => {
      assert.deepEqual(await clientRoots({ hasRoots: () => true, listRoots: async () => answer }).current(), expected)
    })

  test('takes no more than 64, and a client that fails or never answers for one without any', async () => {
    const many = clientRoots({ hasRoots: () => true, listRoots: async () => uris(...Array<string>(100).fill('file:///a')) }) // biome-ignore format: one row
    assert.equal((await many.current())?.length, 64)
    const broken = clientRoots({ hasRoots: () => true, listRoots: () => Promise.reject(new Error('timed out')) })
    assert.deepEqual(await broken.current(), [])
  })
})
