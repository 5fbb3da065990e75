// The command mints, lists and revokes, and every mistake is one line and exit code 78.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'

const COMMAND = join(import.meta.dirname, '../bin/hardened-mcp.js')
const dir = mkdtempSync(join(tmpdir(), 'keys-'))
after(() => rmSync(dir, { recursive: true }))
let files = 0
const newFile = () => join(dir, `dir-${files++}`, 'keys.json')

const DAY_MS = 86_400_000
const ID = /^k_[0-9a-f]{12}$/

function keys(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, 'keys', ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  return { status, stderr, json: stdout === '' ? undefined : JSON.parse(stdout) }
}

function mint(file: string, ...more: string[]) {
  const { status, json, stderr } = keys(['mint', '--keys', file, '--name', 'agent', ...more])
  assert.equal(status, 0, stderr)
  return json as { key: string; id: string; name: string; tenant: string; can: string[]; expires: string }
}

suite('hardened-mcp keys', () => {
  test('mints a key that reads, lists it without its hash, and revokes it', () => {
    const file = newFile()
    const minted = mint(file)
    assert.match(minted.key, /^mcp_[\w-]{43}[0-9A-Za-z]{6}$/)
    assert.match(minted.id, ID)
    assert.equal(minted.tenant, 'default')
    assert.deepEqual(minted.can, [
      'tool:read_only',
      'tool:network',
      'resource:local',
      'resource:remote',
      'sys:file_read',
    ])
    assert.ok(Math.abs(Date.parse(minted.expires) - Date.now() - 30 * DAY_MS) < 60_000)
    assert.ok(!readFileSync(file, 'utf8').includes(minted.key.slice(4, 20)))

    const [listed, ...others] = keys(['list', '--keys', file]).json
    assert.deepEqual(others, [])
    const { key: _, ...shown } = minted
    assert.deepEqual(listed, { ...shown, created: listed.created, state: 'active' })

    assert.equal(keys(['revoke', minted.id, '--keys', file]).status, 0)
    const since = keys(['list', '--keys', file]).json[0]
    assert.equal(since.state, 'revoked')
    assert.equal(keys(['revoke', minted.id, '--keys', file]).status, 0)
    assert.equal(keys(['list', '--keys', file]).json[0].revoked, since.revoked, 'the first date stands')
  })

  test('says on stderr that the key is shown once, and never repeats it there', () => {
    const { stderr, json } = keys(['mint', '--keys', newFile(), '--name', 'a'])
    assert.match(stderr, /^[^\n]*only this once\n$/)
    assert.ok(!stderr.includes(json.key))
  })

  test('gives a key exactly what was asked for', () => {
    const file = newFile()
    const wanted = ['--tenant', 'acme', '--can', 'tool:write', '--can', 'tool:read_only', '--can', 'tool:write']
    const minted = mint(file, ...wanted, '--ttl', '90m')
    assert.equal(minted.tenant, 'acme')
    assert.deepEqual(minted.can, ['tool:write', 'tool:read_only'])
    assert.ok(Math.abs(Date.parse(minted.expires) - Date.now() - 90 * 60_000) < 60_000)
    mint(file, '--ttl', '365d')
    mint(file, '--ttl', '8760h')
    assert.equal(keys(['list', '--keys', file]).json.length, 3)
  })

  test('shows each state', () => {
    const file = newFile()
    const minted = mint(file)
    const written = JSON.parse(readFileSync(file, 'utf8'))
    const states: readonly [object, string][] = [
      [{}, 'active'],
      [{ expires: '2020-01-01T00:00:00Z' }, 'expired'],
      [{ not_before: '2999-01-01T00:00:00Z' }, 'not yet'],
      [{ expires: '2020-01-01T00:00:00Z', revoked: '2019-01-01T00:00:00Z' }, 'revoked'],
    ]
    for (const [change, state] of states) {
      writeFileSync(file, JSON.stringify({ ...written, keys: [{ ...written.keys[0], ...change }] }))
      assert.equal(keys(['list', '--keys', file]).json[0].state, state)
    }
    assert.match(minted.id, ID)
  })

  test('a rotated key is good for the overlap and no longer than before; the new one is like it', () => {
    const file = newFile()
    const old = mint(file, '--tenant', 'acme', '--role', 'analyst', '--task', 'report 7', '--can', 'tool:read_only')
    const { status, json, stderr } = keys(['rotate', old.id, '--overlap', '30m', '--ttl', '2d', '--keys', file])
    assert.equal(status, 0, stderr)
    assert.notEqual(json.key, old.key)
    assert.match(stderr, /good for another 30m at most/)
    const [before, after] = keys(['list', '--keys', file]).json
    assert.deepEqual(
      [after.name, after.tenant, after.roles, after.task, after.can],
      ['agent', 'acme', ['analyst'], 'report 7', ['tool:read_only']],
    )
    assert.ok(Math.abs(Date.parse(before.expires) - Date.now() - 30 * 60_000) < 60_000)
    assert.ok(Math.abs(Date.parse(after.expires) - Date.now() - 2 * DAY_MS) < 60_000)

    keys(['rotate', before.id, '--overlap', '7d', '--keys', file])
    assert.equal(keys(['list', '--keys', file]).json[0].expires, before.expires, 'a rotation never lengthens')
    keys(['rotate', after.id, '--overlap', '0', '--keys', file])
    assert.equal(keys(['list', '--keys', file]).json[1].state, 'revoked')
    const again = keys(['rotate', after.id, '--keys', file])
    assert.equal(again.status, 78)
    assert.match(again.stderr, /is revoked: mint a new one/)
  })

  test('the published pattern finds every key in a text, and nothing that only looks like one', () => {
    const { regex } = keys(['pattern']).json as { regex: string }
    const { key } = mint(newFile())
    const found = (text: string) => text.match(new RegExp(regex, 'g')) ?? []
    for (const text of [key, `KEY="${key}"`, `Bearer ${key}\n`, `a=${key};b`]) assert.deepEqual(found(text), [key])
    for (const text of [key.slice(0, -1), `${key}0`, `x${key}`, key.replace('mcp_', 'mcq_')])
      assert.deepEqual(found(text), [])
    assert.ok(readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8').includes(regex))
  })

  test('uses the configuration directory when no file is named', () => {
    const config = join(dir, 'config')
    assert.deepEqual(keys(['list'], { XDG_CONFIG_HOME: config }).json, [])
    assert.equal(keys(['mint', '--name', 'a'], { XDG_CONFIG_HOME: config }).status, 0)
    assert.ok(readFileSync(join(config, 'hardened-mcp', 'keys.json'), 'utf8').includes('sha256:'))
  })

  const mistakes: readonly [string, readonly string[], RegExp][] = [
    ['no verb', [], /mint, list, rotate, pattern, revoke/],
    ['an unknown verb', ['toString'], /mint, list, rotate, pattern, revoke/],
    ['no name', ['mint'], /--name/],
    ['a name with a line break', ['mint', '--name', 'a\nb'], /name/],
    ['a bad tenant', ['mint', '--name', 'a', '--tenant', '../b'], /tenant/],
    ['an unknown capability', ['mint', '--name', 'a', '--can', '*'], /--can/],
    ['366 days', ['mint', '--name', 'a', '--ttl', '366d'], /--ttl/],
    ['8761 hours', ['mint', '--name', 'a', '--ttl', '8761h'], /--ttl/],
    ['no time', ['mint', '--name', 'a', '--ttl', '0d'], /--ttl/],
    ['a time without unit', ['mint', '--name', 'a', '--ttl', '30'], /--ttl/],
    ['a negative time', ['mint', '--name', 'a', '--ttl=-1d'], /--ttl/],
    ['an unknown flag', ['mint', '--name', 'a', '--rule', 'x'], /rule/],
    ['a role that is no name', ['mint', '--name', 'a', '--role', '*'], /roles/],
    ['a task with a line break', ['mint', '--name', 'a', '--task', 'a\nb'], /task/],
    ['a rotation of nothing', ['rotate', 'k_000000000000'], /k_000000000000/],
    ['a rotation without id', ['rotate'], /one key id/],
    ['an overlap of 8 days', ['rotate', 'k_000000000000', '--overlap', '8d'], /--overlap/],
    ['a stray word', ['mint', 'x', '--name', 'a'], /x/],
    ['no id', ['revoke'], /one key id/],
    ['two ids', ['revoke', 'k_000000000000', 'k_000000000001'], /one key id/],
    ['an unknown id', ['revoke', 'k_000000000000'], /k_000000000000/],
  ]
  for (const [what, args, expected] of mistakes)
    test(`ends with 78 and one line: ${what}`, () => {
      const file = newFile()
      const { status, stderr, json } = keys(args.length === 0 ? [] : [...args, '--keys', file])
      assert.equal(status, 78, stderr)
      assert.match(stderr, expected)
      assert.equal(stderr.trimEnd().split('\n').length, 1)
      assert.equal(json, undefined)
    })

  test('will not use or change a file that others can read', () => {
    const file = newFile()
    const { id } = mint(file)
    const before = readFileSync(file, 'utf8')
    chmodSync(file, 0o644)
    for (const args of [['list'], ['revoke', id], ['mint', '--name', 'b']]) {
      const { status, stderr } = keys([...args, '--keys', file])
      assert.equal(status, 78)
      assert.match(stderr, /chmod 600/)
    }
    assert.equal(readFileSync(file, 'utf8'), before)
  })
})
