// Proves that a directory or file that others could use stops the start, and that private ones pass.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  constants,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { masterKey } from './secret-file.ts'
import { openPrivate, privateDirectory } from './private-files.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(realpathSync(tmpdir()), 'private-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

suite('privateDirectory()', () => {
  test('makes a missing directory and its missing parents for the user alone', async () => {
    const before = process.umask(0)
    try {
      assert.equal(await privateDirectory(join(base, 'a/b')), join(base, 'a/b'))
    } finally {
      process.umask(before)
    }
    assert.equal(modeOf(join(base, 'a')), '700')
    assert.equal(modeOf(join(base, 'a/b')), '700')
  })

  test('takes a private directory as it is, also through a link, and returns its real path', async () => {
    mkdirSync(join(base, 'trail'), { mode: 0o700 })
    symlinkSync(join(base, 'trail'), join(base, 'link'))
    assert.equal(await privateDirectory(join(base, 'trail')), join(base, 'trail'))
    assert.equal(await privateDirectory(join(base, 'link')), join(base, 'trail'))
  })

  for (const mode of [0o701, 0o710, 0o720, 0o740, 0o750, 0o755, 0o777, 0o1777])
    test(`refuses mode ${mode.toString(8)}`, async () => {
      const dir = join(base, 'trail')
      mkdirSync(dir)
      chmodSync(dir, mode)
      await assert.rejects(privateDirectory(dir), {
        name: 'RangeError',
        message: /must have mode 0700, got 0?[0-7]{3}/,
      })
    })

  test('refuses a file', async () => {
    writeFileSync(join(base, 'file'), '', { mode: 0o600 })
    await assert.rejects(privateDirectory(join(base, 'file')), { name: 'RangeError', message: /must be a directory/ })
  })

  test('refuses a directory of another user', async () => {
    const dir = await someoneElsesDirectory()
    await assert.rejects(privateDirectory(dir), { name: 'RangeError', message: /must belong to the user that runs/ })
  })
})

suite('openPrivate()', () => {
  const { O_RDONLY, O_RDWR, O_CREAT } = constants

  test('makes a file for the user alone, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      await (await openPrivate(join(base, 'new'), O_RDWR | O_CREAT)).close()
    } finally {
      process.umask(before)
    }
    assert.equal(modeOf(join(base, 'new')), '600')
  })

  for (const mode of [0o604, 0o620, 0o640, 0o644, 0o666])
    test(`refuses mode ${mode.toString(8)}`, async () => {
      writeFileSync(join(base, 'file'), '')
      chmodSync(join(base, 'file'), mode)
      await assert.rejects(openPrivate(join(base, 'file'), O_RDWR), {
        name: 'RangeError',
        message: /must have mode 0600/,
      })
    })

  test('refuses a symbolic link, whole or dangling', async () => {
    writeFileSync(join(base, 'target'), '', { mode: 0o600 })
    symlinkSync(join(base, 'target'), join(base, 'whole'))
    symlinkSync(join(base, 'nowhere'), join(base, 'dangling'))
    for (const name of ['whole', 'dangling'])
      await assert.rejects(openPrivate(join(base, name), O_RDWR | O_CREAT), {
        name: 'RangeError',
        message: /symbolic link/,
      })
  })

  test('refuses a FIFO without waiting for its other end', { timeout: 20_000 }, async () => {
    execFileSync('mkfifo', ['-m', '600', join(base, 'pipe')])
    for (const flags of [O_RDWR, O_RDONLY])
      await assert.rejects(openPrivate(join(base, 'pipe'), flags), { name: 'RangeError', message: /regular file/ })
  })
})

suite('masterKey()', () => {
  test('is made once, and is the same afterwards', async () => {
    const first = await masterKey(base)
    assert.equal(first.length, 32)
    assert.deepEqual(await masterKey(base), first)
    assert.equal(modeOf(join(base, 'hmac.key')), '600')
  })

  test('is one key even when many instances start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => masterKey(base)))
    assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1)
  })

  test('differs from directory to directory', async () => {
    mkdirSync(join(base, 'other'), { mode: 0o700 })
    assert.notDeepEqual(await masterKey(base), await masterKey(join(base, 'other')))
  })

  test('takes a key file that is also linked elsewhere: a crash while it was made leaves it so', async () => {
    const key = await masterKey(base)
    linkSync(join(base, 'hmac.key'), join(base, 'hmac.key.0.tmp'))
    assert.deepEqual(await masterKey(base), key)
  })

  for (const [because, text] of [
    ['an empty file', ''],
    ['a short key', `${'a'.repeat(63)}\n`],
    ['a long key', `${'a'.repeat(65)}\n`],
    ['a key without line feed', 'a'.repeat(64)],
    ['capitals', `${'A'.repeat(64)}\n`],
    ['something else', `${'-'.repeat(64)}\n`],
  ] as const)
    test(`refuses ${because}, and leaves it alone`, async () => {
      writeFileSync(join(base, 'hmac.key'), text, { mode: 0o600 })
      await assert.rejects(masterKey(base), { name: 'RangeError', message: /64 hexadecimal digits/ })
      assert.equal(statSync(join(base, 'hmac.key')).size, text.length)
    })
})

// Root gives one away; anybody else finds one of root's that is closed to others.
async function someoneElsesDirectory(): Promise<string> {
  if (process.geteuid?.() !== 0) return '/'
  const dir = join(base, 'foreign')
  mkdirSync(dir, { mode: 0o700 })
  chownSync(dir, 65_534, 65_534)
  return dir
}
