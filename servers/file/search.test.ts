// Listing and searching: what is shown, what is marked, and that pages in a row miss nothing and repeat nothing.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import fc from 'fast-check'
import { executor } from './executor.ts'
import type { ListedEntry } from './listing.ts'
import type { OperationOf } from './operations.ts'
import { type Ground, ground } from './testing/ground.ts'

const places: Ground[] = []
after(() => {
  for (const place of places) place.remove()
})
const newPlace = () => {
  const place = ground()
  places.push(place)
  return place
}

type Answer = Readonly<{
  entries: readonly ListedEntry[]
  skipped?: number
  omitted?: number
  truncated?: { reason: string; next?: string }
}>
type Ask = Partial<OperationOf<'search'>> | Partial<OperationOf<'list'>>

function asker(place: Ground, over: object = {}) {
  const execute = executor({ roots: [{ name: 'docs', path: place.root }], ...over })
  return (ask: Ask, outputBytes = 65_536): Answer => {
    const base = ask.op === 'list' ? { path: '.' } : { op: 'search', path: '.', glob: '**', exclude: [] }
    const { text } = execute({ ...base, ...ask }, { deadlineMs: 10_000, outputBytes })
    assert.ok(Buffer.byteLength(text) <= outputBytes)
    return JSON.parse(text) as Answer
  }
}
const names = ({ entries }: Answer) => entries.map(({ path }) => path.replace('docs:/', ''))
const invalid = (thrown: unknown) => thrown instanceof Denial && thrown.code === 'invalid_input'

suite('list and search', () => {
  const place = newPlace()
  place.build([
    { file: 'b.md', text: '12345' },
    { file: 'a/c.md' },
    { file: 'a/d.txt' },
    { file: 'a/b/deep.md' },
    { file: '.env', text: 'KEY=1' },
    { file: '.env.example' },
    { file: '.git/config' },
    { file: '.git/HEAD' },
    { file: '.ssh/id.md' },
    { file: 'node_modules/x/y.md' },
    { file: 'twin.md' },
    { hard: 'hard.md', to: 'twin.md' },
    { link: 'out.md', to: '$OUT/secret.txt' },
    { link: 'out', to: '$OUT' },
    { fifo: 'pipe.md' },
    { file: 'new\nline.md' },
  ])
  writeFileSync(Buffer.concat([Buffer.from(`${place.root}/`), Buffer.from([0x62, 0xff])]), '')
  const ask = asker(place, { secret_names: ['d.*'] })

  test('shows every entry by its name, with size where it may be read and a mark where it may not', () => {
    assert.deepEqual(ask({ op: 'list' }), {
      entries: [
        { path: 'docs:/.env', type: 'file', denied: 'secret' },
        { path: 'docs:/.env.example', type: 'file', size: 0 },
        { path: 'docs:/.git', type: 'directory' },
        { path: 'docs:/.ssh', type: 'directory', denied: 'secret' },
        { path: 'docs:/a', type: 'directory' },
        { path: 'docs:/b.md', type: 'file', size: 5 },
        { path: 'docs:/hard.md', type: 'file', denied: 'hard_link' },
        { path: 'docs:/node_modules', type: 'directory' },
        { path: 'docs:/out', type: 'symlink' },
        { path: 'docs:/out.md', type: 'symlink' },
        { path: 'docs:/pipe.md', type: 'other' },
        { path: 'docs:/twin.md', type: 'file', denied: 'hard_link' },
      ],
      omitted: 2,
    })
  })

  const FOUND: readonly (readonly [Partial<OperationOf<'search'>>, readonly string[]])[] = [
    [
      { glob: '*.md' },
      ['a/b/deep.md', 'a/c.md', 'b.md', 'hard.md', 'node_modules/x/y.md', 'out.md', 'pipe.md', 'twin.md'],
    ],
    [{ glob: '/*.md' }, ['b.md', 'hard.md', 'out.md', 'pipe.md', 'twin.md']],
    [{ glob: '*.md', path: 'a' }, ['a/b/deep.md', 'a/c.md']],
    [{ glob: '*.md', path: 'a', exclude: ['b'] }, ['a/c.md']],
    [{ glob: '*.md', exclude: ['node_modules', '[hopt]*'] }, ['a/b/deep.md', 'a/c.md', 'b.md']],
    [{ glob: 'a/**' }, ['a/b', 'a/b/deep.md', 'a/c.md', 'a/d.txt']],
    [{ glob: '**/b' }, ['a/b']],
    [{ glob: 'HEAD' }, ['.git/HEAD']],
    [{ glob: 'secret.txt' }, []],
    [{ glob: 'id.md' }, []],
  ]
  for (const [search, expected] of FOUND)
    test(`finds ${JSON.stringify(search)}`, () => assert.deepEqual(names(ask({ op: 'search', ...search })), expected))

  test('marks secrets that a search meets, the operator’s own too, and goes on below honest directories only', () => {
    assert.deepEqual(ask({ glob: '{.env*,config,d.txt,.ssh}' }).entries, [
      { path: 'docs:/.env', type: 'file', denied: 'secret' },
      { path: 'docs:/.env.example', type: 'file', size: 0 },
      { path: 'docs:/.git/config', type: 'file', denied: 'secret' },
      { path: 'docs:/.ssh', type: 'directory', denied: 'secret' },
      { path: 'docs:/a/d.txt', type: 'file', denied: 'secret' },
    ])
  })

  test('refuses to list or search what is no directory', () => {
    for (const op of ['list', 'search'] as const) {
      assert.throws(() => ask({ op, path: 'b.md' }), invalid)
      assert.throws(() => ask({ op, path: 'out' }), { code: 'path_denied' })
      assert.throws(() => ask({ op, path: '.ssh' }), { code: 'path_denied' })
    }
  })

  for (const cursor of ['..', '../out', 'a/../../out/x', '../out/secret.txt', 'a//b', './a', '/etc', 'a\nb', 'out/..'])
    test(`refuses the cursor ${JSON.stringify(cursor)} of a search`, () => {
      assert.throws(() => ask({ op: 'search', cursor }), invalid)
    })

  test('a cursor that leads through a link, a file or nothing opens none of them', () => {
    for (const cursor of ['out/secret.txt', 'out.md/x', 'b.md/x', 'a/none/x'])
      assert.ok(!names(ask({ op: 'search', cursor })).some((path) => path.includes('secret.txt')))
    assert.deepEqual(names(ask({ op: 'search', path: 'a', glob: '**', cursor: 'b/zzz' })), ['a/c.md', 'a/d.txt'])
  })

  test('takes any text as the cursor of a listing: it is compared and never opened', () => {
    assert.deepEqual(names(ask({ op: 'list', cursor: 'pipe.md' })), ['twin.md'])
    assert.deepEqual(names(ask({ op: 'list', cursor: '../../../zzz' }))[0], '.env')
    assert.deepEqual(ask({ op: 'list', cursor: 'zzz' }), { entries: [] })
  })
})

suite('pages', () => {
  type Tree = { [name: string]: Tree | null }
  const name = fc.constantFrom('a', 'b', 'a.b', 'a-b', 'B', 'ü', '😀', ' ', 'zz', '0')
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.dictionary(name, fc.oneof({ depthSize: 'small' }, fc.constant(null), tie('tree')), {
      maxKeys: 6,
      noNullPrototype: true,
    }),
  }))
  const build = (at: string, children: Tree) => {
    for (const [child, below] of Object.entries(children)) {
      if (below === null) writeFileSync(join(at, child), '')
      else {
        mkdirSync(join(at, child))
        build(join(at, child), below)
      }
    }
  }
  const inOrder = (children: Tree, above = ''): string[] =>
    Object.keys(children)
      .toSorted()
      .flatMap((child) => [`${above}${child}`, ...inOrder(children[child] ?? {}, `${above}${child}/`)])

  test('of a search give every entry once, parents before children, however small they are', () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: 1_100, max: 1_400 }), (children, outputBytes) => {
        const place = newPlace()
        build(place.root, children)
        const ask = asker(place)
        const found: string[] = []
        for (let cursor: string | undefined, page = 0; ; page++) {
          assert.ok(page < 1_000, 'every page makes progress')
          const answer = ask({ op: 'search', ...(cursor === undefined ? {} : { cursor }) }, outputBytes)
          found.push(...names(answer))
          if (answer.truncated === undefined) break
          assert.equal(answer.truncated.reason, 'bytes')
          cursor = answer.truncated.next
        }
        assert.deepEqual(found, inOrder(children))
        place.remove()
      }),
      { numRuns: 60 },
    )
  })

  test('that are cut in the middle of a tree leave no descriptor open', () => {
    const place = newPlace()
    place.build([{ file: 'a/b/c/d/e/f1' }, { file: 'a/b/c/d/e/f2' }])
    const ask = asker(place)
    const before = readdirSync('/proc/self/fd').length
    for (let i = 0; i < 20; i++) assert.equal(ask({ op: 'search', glob: 'f*' }, 1_024 + 50).truncated?.reason, 'bytes')
    assert.equal(readdirSync('/proc/self/fd').length, before)
  })
})
