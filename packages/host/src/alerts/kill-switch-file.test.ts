// A missing file switches nothing off, a broken one everything; a change is noticed in time, and a half-written file is never seen.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { followKillSwitch, type KillSwitchFile, readKillSwitch, updateKillSwitch } from './kill-switch-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'switch-'))
after(() => rmSync(dir, { recursive: true }))
let files = 0
const newFile = () => join(dir, `switch-${files++}.json`)
const SINCE = '2026-01-01T00:00:00.000Z'
const put = (path: string, text: string, mode = 0o600) => {
  writeFileSync(path, text)
  chmodSync(path, mode)
}

function following(path: string) {
  const events: string[] = []
  const file = followKillSwitch({ path, onEvent: (event, says) => events.push(`${event}: ${says}`) })
  return { file, events }
}
/** Until it holds; three seconds are promised, thirty are the patience of a busy machine. */
async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 50) {
    assert.ok(waited < 30_000)
    await delay(50)
  }
}
const isOff = (file: KillSwitchFile) => file.current() === 'broken' || file.current().length > 0

suite('updateKillSwitch()', () => {
  test('writes a 0600 file in a 0700 directory, whole and without leftovers', async () => {
    const path = join(dir, 'fresh', 'switch.json')
    await updateKillSwitch(path, (off) => [...off, { tenant: 'acme', reason: 'incident 7', since: SINCE }])
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(statSync(join(dir, 'fresh')).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(join(dir, 'fresh')), ['switch.json'])
    assert.deepEqual(readKillSwitch(path), [{ tenant: 'acme', reason: 'incident 7', since: SINCE }])
  })

  test('loses no change when twenty are made at once', async () => {
    const path = newFile()
    const names = Array.from({ length: 20 }, (_, i) => `tool_${i}`)
    await Promise.all(names.map((tool) => updateKillSwitch(path, (off) => [...off, { tool, since: SINCE }])))
    assert.deepEqual(new Set(readKillSwitch(path).map(({ tool }) => tool)), new Set(names))
  })

  test('refuses what it could not read back, and leaves the file as it was', async () => {
    const path = newFile()
    await updateKillSwitch(path, () => [{ since: SINCE }])
    for (const entry of [
      { tool: '', since: SINCE },
      { tenant: 'a b', since: SINCE },
      { reason: 'x\ny', since: SINCE },
    ])
      await assert.rejects(
        updateKillSwitch(path, () => [entry]),
        RangeError,
      )
    assert.deepEqual(readKillSwitch(path), [{ since: SINCE }])
  })
})

suite('followKillSwitch()', () => {
  test('no file: nothing is off, and nothing is said', () => {
    const { file, events } = following(join(dir, 'no such directory', 'switch.json'))
    assert.deepEqual(file.current(), [])
    assert.deepEqual(events, [])
    file.close()
  })

  const BROKEN: readonly [what: string, text: string, mode?: number][] = [
    ['empty', ''],
    ['half written', '{"version":1,"off":[{"ten'],
    ['of another version', '{"version":2,"off":[]}'],
    ['with an unknown name', '{"version":1,"off":[{"user":"x","since":"2026-01-01T00:00:00Z"}]}'],
    ['readable for others', '{"version":1,"off":[]}', 0o644],
    ['writable for others', '{"version":1,"off":[]}', 0o602],
  ]
  for (const [what, text, mode] of BROKEN)
    test(`a file that is ${what}: everything is off, also at the start`, () => {
      const path = newFile()
      put(path, text, mode)
      const { file, events } = following(path)
      assert.equal(file.current(), 'broken')
      assert.match(events.join('\n'), /^kill_switch_broken: .*; everything is switched off$/)
      file.close()
    })

  test('a directory in its place: everything is off', () => {
    const { file } = following(dir)
    assert.equal(file.current(), 'broken')
    file.close()
  })

  test('follows on, off, broken, put back and gone; says each once, and calls its listeners', async () => {
    const path = newFile()
    const { file, events } = following(path)
    let calls = 0
    const stop = file.onChange(() => (calls += 1))
    await updateKillSwitch(path, () => [{ tenant: 'acme', reason: 'incident 7', since: SINCE }])
    await until(() => isOff(file))
    await updateKillSwitch(path, (off) => [...off, { tool: 'fetch_url', since: SINCE }])
    await until(() => file.current().length === 2)
    put(path, 'broken')
    await until(() => file.current() === 'broken')
    await delay(1_200) // looked at again, and not said again
    rmSync(path)
    await until(() => !isOff(file))
    assert.deepEqual(events, [
      'kill_switch_on: Switched off: tenant acme; incident 7',
      'kill_switch_on: Switched off: tool fetch_url',
      'kill_switch_broken: Kill switch file must be JSON; everything is switched off',
      'kill_switch_off: The kill switch can be read again',
    ])
    assert.equal(calls, 4)
    stop()
    file.close()
  })

  test('a file that is moved away is taken back, and one that is moved in counts', async () => {
    const path = newFile()
    await updateKillSwitch(path, () => [{ since: SINCE }])
    const { file, events } = following(path)
    assert.ok(isOff(file))
    renameSync(path, `${path}.away`)
    await until(() => !isOff(file))
    renameSync(`${path}.away`, path)
    await until(() => isOff(file))
    assert.deepEqual(events, [
      'kill_switch_on: Switched off: all',
      'kill_switch_off: No longer switched off: all',
      'kill_switch_on: Switched off: all',
    ])
    file.close()
  })
})
