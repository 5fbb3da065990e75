// A keys file is private, whole and strict, or it is refused.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { mintKey } from './api-key.ts'
import { keysMustBePrivate, readKeysFile, readKeysFileSync, updateKeysFile } from './api-key-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'keys-'))
after(() => rmSync(dir, { recursive: true }))
let files = 0
const newFile = () => join(dir, `keys-${files++}.json`)

const { raw, record } = mintKey({ name: 'agent', tenant: 'acme', can: ['tool:read_only'], now: 0, ttlMs: 60_000 })
const other = mintKey({ name: 'other', tenant: 'acme', can: [], now: 0, ttlMs: 60_000 }).record

/** Both readers have to say the same. */
async function bothRefuse(file: string, expected: RegExp, uid?: number): Promise<void> {
  const oneLine = (thrown: unknown) =>
    thrown instanceof RangeError && expected.test(thrown.message) && !thrown.message.includes('\n')
  assert.throws(() => readKeysFileSync(file, uid), oneLine)
  await assert.rejects(readKeysFile(file, uid), oneLine)
}

suite('updateKeysFile()', () => {
  test('writes a 0600 file in 0700 directories, without the key and without leftovers', async () => {
    const file = join(dir, 'fresh', 'below', 'keys.json')
    await updateKeysFile(file, (keys) => [...keys, record])
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(join(dir, 'fresh', 'below')).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(join(dir, 'fresh', 'below')), ['keys.json'])
    assert.ok(!readFileSync(file, 'utf8').includes(raw.slice(0, 20)))
    assert.deepEqual(readKeysFileSync(file)?.keys, [record])
    assert.deepEqual((await readKeysFile(file))?.keys, [record])
  })

  test('puts a new file in the place of the old one: a reader never sees half of it', async () => {
    const file = newFile()
    await updateKeysFile(file, () => [record])
    const before = readKeysFileSync(file)
    await updateKeysFile(file, () => [record])
    assert.notEqual(readKeysFileSync(file)?.stamp, before?.stamp)
    assert.deepEqual(readKeysFileSync(file)?.keys, before?.keys)
  })

  test('loses no change when twenty are made at once', async () => {
    const file = newFile()
    const minted = Array.from({ length: 20 }, (_, n) =>
      mintKey({ name: `n${n}`, tenant: 't', can: [], now: 0, ttlMs: 1 }),
    )
    await Promise.all(minted.map((key) => updateKeysFile(file, (keys) => [...keys, key.record], { waitMs: 20_000 })))
    assert.equal(readKeysFileSync(file)?.keys.length, 20)
  })

  test('leaves the old file and the lock of the other command alone when it may not write', async () => {
    const file = newFile()
    await updateKeysFile(file, () => [record])
    writeFileSync(`${file}.new`, '')
    await assert.rejects(
      updateKeysFile(file, () => [], { waitMs: 40 }),
      /Another command is changing the keys/,
    )
    assert.ok(existsSync(`${file}.new`))
    assert.deepEqual(readKeysFileSync(file)?.keys, [record])
  })

  const mistakes: readonly [string, () => never | (typeof record)[], RegExp][] = [
    ['a change that fails', () => assert.fail('no'), /cannot be written/],
    ['the same key twice', () => [record, record], /same id or hash/],
    ['the same id twice', () => [record, { ...other, id: record.id }], /same id or hash/],
    ['the same hash twice', () => [record, { ...other, hash: record.hash }], /same id or hash/],
    ['a name with a line break', () => [{ ...record, name: 'a\nb' }], /keys\.0\.name/],
    ['a tenant that is a path', () => [{ ...record, tenant: '../x' }], /keys\.0\.tenant/],
  ]
  for (const [what, change, expected] of mistakes)
    test(`refuses ${what} and leaves everything as it was`, async () => {
      const file = newFile()
      await updateKeysFile(file, () => [other])
      await assert.rejects(updateKeysFile(file, change), (thrown) => {
        assert.ok(thrown instanceof RangeError)
        assert.match(thrown.message, expected)
        return true
      })
      assert.deepEqual(readKeysFileSync(file)?.keys, [other])
      assert.ok(!existsSync(`${file}.new`))
    })

  test('follows a link and leaves it a link', async () => {
    const [file, link] = [newFile(), newFile()]
    await updateKeysFile(file, () => [other])
    symlinkSync(file, link)
    await updateKeysFile(link, () => [record])
    assert.deepEqual(readKeysFileSync(file)?.keys, [record])
  })
})

suite('readKeysFile()', () => {
  test('says undefined where there is no file', async () => {
    for (const file of [newFile(), join(dir, 'no', 'such', 'dir')]) {
      assert.equal(readKeysFileSync(file), undefined)
      assert.equal(await readKeysFile(file), undefined)
    }
  })

  for (const mode of [0o644, 0o640, 0o620, 0o601, 0o604, 0o602, 0o610, 0o666])
    test(`refuses mode ${mode.toString(8)}`, async () => {
      const file = newFile()
      await updateKeysFile(file, () => [record])
      chmodSync(file, mode)
      await bothRefuse(file, /closed to group and others/)
    })

  for (const mode of [0o600, 0o400])
    test(`accepts mode ${mode.toString(8)}`, async () => {
      const file = newFile()
      await updateKeysFile(file, () => [record])
      chmodSync(file, mode)
      assert.equal((await readKeysFile(file))?.keys.length, 1)
    })

  test('refuses the file of another user', async () => {
    const file = newFile()
    await updateKeysFile(file, () => [record])
    await bothRefuse(file, /must belong to user/, statSync(file).uid + 1)
  })

  const MOUNTED = { isFile: () => true, uid: 0, gid: 65532, mode: 0o100440, size: 100 } // how kubelet mounts a secret with fsGroup
  const SERVER = 65532
  test("accepts root's file that only this group can read, as a secret volume has it", () => {
    for (const mode of [0o440, 0o640]) keysMustBePrivate({ ...MOUNTED, mode }, 'keys.json', SERVER, SERVER)
  })
  const unlike: readonly [string, Partial<typeof MOUNTED>, uid?: number][] = [
    ['that others can read', { mode: 0o444 }],
    ['that its group can write', { mode: 0o660 }],
    ['that its group can run', { mode: 0o450 }],
    ['of another group', { gid: 100 }],
    ['of a third user', { uid: 1000 }],
    ['when this user is root', {}, 0],
    ['that is too large', { size: 8 * 1024 * 1024 + 1 }],
    ['that is no file', { isFile: () => false }],
  ]
  for (const [what, change, uid = SERVER] of unlike)
    test(`refuses a mounted secret ${what}`, () => {
      assert.throws(
        () => keysMustBePrivate({ ...MOUNTED, ...change }, 'keys.json', uid, SERVER),
        /^RangeError: Keys file/,
      )
    })

  test('refuses a directory and a FIFO, and does not wait for a writer', async () => {
    const [folder, fifo] = [newFile(), newFile()]
    mkdirSync(folder, { mode: 0o700 })
    execFileSync('mkfifo', ['-m', '600', fifo])
    await bothRefuse(folder, /regular file/)
    await bothRefuse(fifo, /regular file/)
  })

  const plain = JSON.parse(JSON.stringify(record)) as Record<string, unknown>
  const { expires: _, ...endless } = plain
  const without: readonly [string, unknown][] = [
    ['no JSON', undefined],
    ['a bare list', [plain]],
    ['no version', { keys: [] }],
    ['another version', { version: 2, keys: [] }],
    ['an unknown key of the file', { version: 1, keys: [], more: 1 }],
    ['an unknown key of a record', { version: 1, keys: [{ ...plain, admin: true }] }],
    ['a key that never expires', { version: 1, keys: [endless] }],
    ['an expiry that is no date', { version: 1, keys: [{ ...plain, expires: 'never' }] }],
    ['an expiry without a zone', { version: 1, keys: [{ ...plain, expires: '2026-01-01T00:00:00' }] }],
    ['the 30th of February', { version: 1, keys: [{ ...plain, expires: '2026-02-30T00:00:00Z' }] }],
    ['a revocation that says false', { version: 1, keys: [{ ...plain, revoked: false }] }],
    ['an unknown capability', { version: 1, keys: [{ ...plain, can: ['*'] }] }],
    ['a hash that is a key', { version: 1, keys: [{ ...plain, hash: raw }] }],
    ['a hash in capitals', { version: 1, keys: [{ ...plain, hash: record.hash.toUpperCase() }] }],
  ]
  for (const [what, value] of without)
    test(`refuses ${what} in one line that quotes no key`, async () => {
      const file = newFile()
      writeFileSync(file, value === undefined ? `{"version":1,"keys":["${raw}` : JSON.stringify(value), { mode: 0o600 })
      await bothRefuse(file, /^Keys file/)
      assert.throws(
        () => readKeysFileSync(file),
        (thrown) => !String(thrown).includes(raw.slice(0, 12)),
      )
    })

  test('accepts what an operator may write by hand', async () => {
    const file = newFile()
    const hand = {
      ...plain,
      name: "Zoë's agent (CI)",
      not_before: '2026-01-01T00:00:00Z',
      can: [],
      revoked: '2026-01-02T00:00:00.5Z',
    }
    writeFileSync(file, JSON.stringify({ version: 1, keys: [hand] }), { mode: 0o600 })
    assert.equal((await readKeysFile(file))?.keys[0]?.name, "Zoë's agent (CI)")
  })
})
