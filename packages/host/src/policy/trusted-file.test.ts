// A policy file is taken from its owner and root alone: modes and owners of the file and of its directory.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { mustBeTrusted } from './trusted-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'trusted-'))
after(() => rmSync(dir, { recursive: true }))
let made = 0
function fresh(mode: number, dirMode = 0o755): string {
  const folder = join(dir, String((made += 1)))
  mkdirSync(folder)
  const file = join(folder, 'policy.yaml')
  writeFileSync(file, 'version: 1')
  chmodSync(file, mode)
  chmodSync(folder, dirMode)
  return file
}
const own = process.getuid?.() ?? 0

suite('mustBeTrusted()', () => {
  for (const [what, mode, dirMode] of [
    ['readable to all', 0o644, 0o755],
    ['private', 0o600, 0o700],
    ['of a group that reads', 0o640, 0o750],
    ['not even writable to its owner', 0o444, 0o555],
    ['in a sticky directory as /tmp', 0o644, 0o1777],
  ] as const)
    test(`takes a file that is ${what}`, () => mustBeTrusted(fresh(mode, dirMode)))

  for (const [what, mode, dirMode, said] of [
    ['its group', 0o664, 0o755, /policy\.yaml$/],
    ['everybody', 0o646, 0o755, /policy\.yaml$/],
    ['everybody through its directory', 0o644, 0o757, /chmod go-w .*\/\d+$/],
    ['its group through its directory', 0o644, 0o775, /chmod go-w .*\/\d+$/],
  ] as const)
    test(`refuses a file that ${what} can change`, () => {
      assert.throws(() => mustBeTrusted(fresh(mode, dirMode)), (thrown) => thrown instanceof RangeError && said.test(thrown.message)) // biome-ignore format: one line
    })

  test('a missing file is told, not taken', () => {
    assert.throws(() => mustBeTrusted(join(dir, 'none')), /cannot be read/)
  })

  test('takes a file in an open directory that is mounted read-only, as the volumes of Kubernetes are', {
    skip: own !== 0,
  }, () => {
    const file = fresh(0o644, 0o777)
    const mount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$0" -e "$2" "$3"'
    const look = `const { mustBeTrusted } = await import(${JSON.stringify(import.meta.resolve('./trusted-file.ts'))}); mustBeTrusted(process.argv[1])`
    const args = ['--mount', 'sh', '-c', mount, process.execPath, dirname(file), look, file]
    const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.throws(() => mustBeTrusted(file), /chmod go-w/, 'the same without the mount')
  })

  test('another user is not trusted, as owner of the file or of its directory', { skip: own !== 0 }, () => {
    const [file, inTheirs] = [fresh(0o644), fresh(0o644)]
    chownSync(file, 1234, 0)
    chownSync(dirname(inTheirs), 1234, 0)
    for (const path of [file, inTheirs])
      assert.throws(() => mustBeTrusted(path), /must belong to user 0 or root, not 1234/)
    mustBeTrusted(file, 1234)
    const nobodys = fresh(0o644)
    chownSync(nobodys, 65_534, 0)
    assert.throws(() => mustBeTrusted(nobodys), /not 65534/, 'here every user has a number')
  })
})
