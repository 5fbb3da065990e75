// Starting up: a root that cannot be confined stops the worker before its first call, with one clear line.
import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { resources } from './resources.ts'
import { openRoots } from './roots.ts'
import { ground } from './testing/ground.ts'
import { workerProcess } from './testing/worker-process.ts'

const place = ground()
after(() => place.remove())
place.build([{ file: 'file' }, { dir: 'real' }])
symlinkSync(place.root, join(place.out, 'alias'))

const granted = (path: string) => resources.parse({ roots: [{ name: 'docs', path }] })

const BAD: readonly (readonly [path: string, says: RegExp])[] = [
  [join(place.root, 'none'), /^Root docs must be a directory that can be opened, got ENOENT for /],
  [join(place.root, 'file'), /^Root docs must be a directory that can be opened, got ENOTDIR for /],
  ['/proc', /^Root docs cannot be served: it lies in \/proc$/],
  ['/proc/self', /^Root docs cannot be served: it lies in \/proc$/],
  ['/proc/self/fd', /^Root docs cannot be served: it lies in \/proc$/],
  ['/sys', /^Root docs cannot be served: it lies in \/sys$/],
]

const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' // SHA-256 of nothing

suite('openRoots()', () => {
  for (const [path, says] of BAD)
    test(`refuses ${path.replace(place.root, 'root')}`, () => {
      assert.throws(() => openRoots(granted(path)), { name: 'RangeError', message: says })
    })

  for (const platform of ['win32', 'darwin'] as const)
    test(`refuses ${platform} with one clear line`, () => {
      assert.throws(() => openRoots(granted(place.root), platform), {
        name: 'RangeError',
        message: /run it in a container$/,
      })
    })

  test('opens each root once, and knows it by its real names', () => {
    const root = openRoots(granted(join(place.out, 'alias'))).get('docs')
    assert.deepEqual(root?.realNames, place.root.split('/').slice(1))
    assert.match(String(root?.mount), /^\d+$/)
  })
})

suite('the worker process', () => {
  test('does not start on a root that is not there, and says which', async () => {
    await assert.rejects(
      workerProcess({ roots: [{ name: 'docs', path: join(place.root, 'none') }] }),
      /^RangeError: Root docs must be/,
    )
  })

  test('serves a root whose path leads through a link of the operator', async () => {
    const worker = await workerProcess({ roots: [{ name: 'docs', path: join(place.out, 'alias') }] })
    const { entries } = await worker.run({ op: 'list', path: join(place.out, 'alias') })
    assert.deepEqual(entries, [
      { path: 'docs:/file', type: 'file', size: 0 },
      { path: 'docs:/real', type: 'directory' },
    ])
    await worker.end()
  })

  test('serves no root when none is granted', async () => {
    const worker = await workerProcess({})
    assert.deepEqual(await worker.run({ op: 'roots' }), { directories: [] })
    await assert.rejects(worker.run({ op: 'info', path: '.' }), { code: 'path_denied' })
    await worker.end()
  })

  test('judges again what the front judged, and understands only its closed list of operations', async () => {
    const worker = await workerProcess({ roots: [{ name: 'docs', path: place.root }] })
    await assert.rejects(worker.run({ op: 'info', path: '../out/secret.txt' }), { code: 'path_denied' })
    await assert.rejects(worker.run({ op: 'info', path: '.env' }), { code: 'path_denied' })
    for (const operation of [
      { op: 'write', path: 'a' },
      { op: 'info' },
      { op: 'info', path: 'a', follow: true },
      null,
      'info',
    ])
      await assert.rejects(worker.run(operation as never), { code: 'internal' })
    assert.equal((await worker.run({ op: 'info', path: 'file' }))['type'], 'file')
    await worker.end()
  })

  test('tells of a file what it is, and never where it lies', async () => {
    const worker = await workerProcess({ roots: [{ name: 'docs', path: place.root, writable: true }] })
    const { modified, created, ...rest } = await worker.run({ op: 'info', path: 'file' })
    assert.deepEqual(rest, {
      path: 'docs:/file',
      type: 'file',
      size: 0,
      mode: '0644',
      writable: true,
      hash: EMPTY_HASH,
    })
    for (const time of [modified, created]) assert.match(String(time), /^20\d\d-\d\d-\d\dT[\d:.]+Z$/)
    assert.deepEqual(await worker.run({ op: 'roots' }), {
      directories: [{ name: 'docs', path: 'docs:/', writable: true }],
    })
    await worker.end()
  })
})
