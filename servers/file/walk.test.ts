// The walk: what it opens, what it refuses, and that it gives back every descriptor.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { denialOf } from '@hardened-mcp/security-core'
import { again, systemCalls } from './descriptors.ts'
import { resources } from './resources.ts'
import { type OpenRoot, openRoots } from './roots.ts'
import { ground, type Step } from './testing/ground.ts'
import { withEntry } from './walk.ts'

const place = ground()
after(() => place.remove())
place.build([
  { file: 'a/b/c.txt', text: 'c' },
  { file: 'a/e.txt', text: 'e' },
  { link: 'a/out', to: '$OUT' },
  { link: 'a/in', to: 'b' },
  { link: 'a/up', to: '../..' },
  { link: 'a/b/peer', to: '../e.txt' },
  { link: 'loop', to: 'loop' },
  { link: 'self', to: '$ROOT' },
  ...Array.from({ length: 20 }, (_, i): Step => ({ link: `chain${i}`, to: `chain${i + 1}` })),
  { file: 'chain20', text: 'end' },
])

function rootOf(symlinks: 'refuse' | 'follow-inside'): OpenRoot {
  const granted = resources.parse({ roots: [{ name: 'docs', path: place.root, symlinks }] })
  const root = openRoots(granted).get('docs')
  assert.ok(root)
  return root
}

const strict = rootOf('refuse')
const follow = rootOf('follow-inside')
const contents = (root: OpenRoot, path: string) =>
  systemCalls(() => withEntry(root, path.split('/'), ({ fd }) => readFileSync(again(fd), 'utf8')))
const ruleOf = (root: OpenRoot, path: string) => {
  try {
    return contents(root, path)
  } catch (thrown) {
    return denialOf(thrown).message.split(':')[0]
  }
}
const openDescriptors = () => readdirSync('/proc/self/fd').length

const ROWS: readonly (readonly [path: string, strict: string, follow: string])[] = [
  ['a/b/c.txt', 'c', 'c'],
  ['a/in/c.txt', 'symlink', 'c'],
  ['a/b/peer', 'symlink', 'e'],
  ['a/in/peer', 'symlink', 'e'],
  ['self/a/e.txt', 'symlink', 'e'],
  ['self/self/self/a/e.txt', 'symlink', 'e'],
  ['a/out/secret.txt', 'symlink', 'symlink'],
  ['a/up/out/secret.txt', 'symlink', 'symlink'],
  ['self/a/out/secret.txt', 'symlink', 'symlink'],
  ['loop', 'symlink', 'symlink'],
  ['loop/x', 'symlink', 'symlink'],
  ['chain15', 'symlink', 'end'],
  ['chain0', 'symlink', 'symlink'],
  ['a/e.txt/x', 'missing', 'missing'],
  ['a/none', 'missing', 'missing'],
  ['none/a', 'missing', 'missing'],
]

suite('withEntry()', () => {
  for (const [path, refusing, following] of ROWS)
    test(`${path}: ${refusing} by default, ${following} when links inside are followed`, () => {
      const before = openDescriptors()
      if (refusing === 'symlink' && !path.includes('/')) assert.equal(typeOf(strict, path), 'link itself')
      else assert.equal(ruleOf(strict, path), refusing)
      assert.equal(ruleOf(follow, path), following)
      assert.equal(openDescriptors(), before, 'every descriptor was closed')
    })

  test('hands out the link itself as the last name, so that it can be described', () => {
    assert.equal(typeOf(strict, 'loop'), 'link itself')
  })

  test('tells the names that were really walked', () => {
    assert.deepEqual(
      withEntry(follow, ['self', 'a', 'in', 'peer'], ({ segments }) => segments),
      ['a', 'e.txt'],
    )
    assert.deepEqual(
      withEntry(strict, ['a', 'b', 'c.txt'], ({ segments }) => segments),
      ['a', 'b', 'c.txt'],
    )
    assert.deepEqual(
      withEntry(strict, [], ({ segments }) => segments),
      [],
    )
  })

  test('never climbs above the root, even when a name asks for it', () => {
    for (const root of [strict, follow])
      for (const path of ['..', 'a/../..', 'a/../../out/secret.txt'])
        assert.equal(ruleOf(root, path), 'symlink', `${path}: the path syntax refuses it before`)
  })

  test('closes its descriptors when the work throws', () => {
    const before = openDescriptors()
    const fails = () => {
      throw new Error('in the work')
    }
    assert.throws(() => withEntry(strict, ['a', 'b'], fails), /in the work/)
    assert.equal(openDescriptors(), before)
  })

  test('stays in the directory that was opened at the start, whatever takes its name', () => {
    const moved = join(place.out, 'moved')
    renameSync(place.root, moved)
    place.build([{ file: '$ROOT/a/b/c.txt', text: 'an impostor' }])
    try {
      assert.equal(ruleOf(strict, 'a/b/c.txt'), 'c')
      writeFileSync(join(moved, 'new.txt'), 'new')
      assert.equal(ruleOf(strict, 'new.txt'), 'new')
    } finally {
      renameSync(place.root, join(place.out, 'impostor'))
      renameSync(moved, place.root)
    }
  })
})

function typeOf(root: OpenRoot, path: string): string {
  return withEntry(root, path.split('/'), ({ stats }) => (stats.isSymbolicLink() ? 'link itself' : 'followed'))
}
