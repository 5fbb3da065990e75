// A good key is known at once, any other is refused, and a change of the file is followed while serving.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { mintKey } from './api-key.ts'
import { type KeyRecord, updateKeysFile } from './api-key-file.ts'
import { type ApiKeyStore, apiKeyStore, type KeysEvent } from './api-key-store.ts'

const NOW = Date.parse('2026-03-01T12:00:00.000Z')
const HOUR_MS = 3_600_000
const dir = mkdtempSync(join(tmpdir(), 'keys-'))
after(() => rmSync(dir, { recursive: true }))

let files = 0
const newFile = () => join(dir, `keys-${files++}.json`)
const order = { name: 'agent', tenant: 'acme', can: ['tool:read_only'], now: NOW, ttlMs: HOUR_MS } as const
const put = (file: string, ...records: KeyRecord[]) => updateKeysFile(file, () => records)

// Opened, asked, closed: the polling is tested apart.
function asked<Answer>(file: string, now: number, ask: (store: ApiKeyStore) => Answer): Answer {
  const store = apiKeyStore({ file, now: () => now })
  try {
    return ask(store)
  } finally {
    store.close()
  }
}

async function until(holds: () => boolean, what: string, limitMs = 20_000): Promise<number> {
  const start = Date.now()
  while (!holds()) {
    if (Date.now() - start > limitMs) assert.fail(`Waited ${limitMs} ms for: ${what}`)
    await delay(50)
  }
  return Date.now() - start
}

suite('apiKeyStore()', () => {
  test('knows the holder of a good key, in both written forms', async () => {
    const file = newFile()
    const { raw, record } = mintKey(order)
    await put(file, mintKey(order).record, record, mintKey(order).record)
    for (const form of [raw, raw.slice(0, 47)]) {
      const verdict = asked(file, NOW, (store) => store.verify(form))
      assert.ok(verdict.ok)
      assert.equal(verdict.keyId, record.id)
      assert.equal(verdict.principal.id, record.id)
      assert.equal(verdict.principal.tenant, 'acme')
      assert.equal(verdict.principal.auth, 'api_key')
      assert.deepEqual([...verdict.principal.can], ['tool:read_only'])
    }
  })

  const dates: readonly [string, Partial<KeyRecord>, number, true | RegExp][] = [
    ['1 ms before it expires', {}, NOW + HOUR_MS - 1, true],
    ['at the instant it expires', {}, NOW + HOUR_MS, /has expired/],
    ['1 ms after it expired', {}, NOW + HOUR_MS + 1, /has expired/],
    ['1 ms before it begins', { not_before: '2026-03-01T12:00:00.000Z' }, NOW - 1, /not valid yet/],
    ['at the instant it begins', { not_before: '2026-03-01T12:00:00.000Z' }, NOW, true],
    ['revoked', { revoked: '2026-03-01T12:00:00.000Z' }, NOW, /is revoked/],
    ['revoked with a date to come', { revoked: '2027-03-01T12:00:00.000Z' }, NOW, /is revoked/],
    ['that is bait', { canary: true }, NOW, /is a canary/],
    ['with a broken clock', {}, Number.NaN, /not valid|has expired/],
  ]
  for (const [when, change, now, expected] of dates)
    test(`${expected === true ? 'admits' : 'refuses'} a key ${when}`, async () => {
      const file = newFile()
      const { raw, record } = mintKey(order)
      await put(file, { ...record, ...change })
      const verdict = asked(file, now, (store) => store.verify(raw))
      assert.equal(verdict.ok, expected === true)
      if (!verdict.ok) assert.match(verdict.reason, expected as RegExp)
    })

  test('refuses a key it never saw, changed check digits, and text that is no key', async () => {
    const file = newFile()
    const { raw, record } = mintKey(order)
    await put(file, record)
    const stranger = mintKey(order).raw
    const typo = raw.slice(0, -1) + (raw.endsWith('A') ? 'B' : 'A')
    for (const text of [stranger, typo, '', 'mcp_', record.hash, record.id, raw.toUpperCase(), `${raw} `, '__proto__'])
      assert.equal(asked(file, NOW, (store) => store.verify(text)).ok, false, text)
  })

  test('a refusal never repeats the key', async () => {
    const file = newFile()
    const { raw, record } = mintKey(order)
    await put(file, { ...record, revoked: '2026-03-01T12:00:00Z' })
    assert.ok(!JSON.stringify(asked(file, NOW, (store) => store.verify(raw))).includes(raw.slice(4, 47)))
  })

  test('answers 1000 callers at once, each with its own identity', async () => {
    const file = newFile()
    const minted = Array.from({ length: 500 }, (_, n) => mintKey({ ...order, tenant: `t${n}` }))
    await put(file, ...minted.map(({ record }) => record))
    const store = apiKeyStore({ file, now: () => NOW })
    const verdicts = await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        await delay(n % 5)
        const own = minted[n % 500]
        return store.verify(n < 500 && own ? own.raw : mintKey(order).raw)
      }),
    )
    store.close()
    verdicts.forEach((verdict, n) => {
      assert.equal(verdict.ok, n < 500)
      if (verdict.ok) assert.equal(verdict.principal.tenant, `t${n}`)
    })
  })

  test('a file that may not be used from the start refuses every key, and is spoken of', async () => {
    const file = newFile()
    const { raw, record } = mintKey(order)
    await put(file, record)
    chmodSync(file, 0o644)
    const said: KeysEvent[] = []
    const store = apiKeyStore({ file, now: () => NOW, log: (event) => said.push(event) })
    assert.equal(store.verify(raw).ok, false)
    assert.deepEqual(said, ['keys_refused'])
    store.close()
  })

  test('a file that appears, revokes, breaks, recovers and goes is followed while serving', async () => {
    const file = newFile()
    const [kept, dropped] = [mintKey(order), mintKey({ ...order, name: 'dropped' })]
    const said: [KeysEvent, unknown][] = []
    const store = apiKeyStore({ file, now: () => NOW, log: (event, fields) => said.push([event, fields['reason']]) })
    const admits = (key: { raw: string }) => store.verify(key.raw).ok
    try {
      assert.equal(admits(kept), false, 'missing: deny')
      await put(file, kept.record, dropped.record)
      await until(() => admits(kept) && admits(dropped), 'the new file to be read')

      await put(file, kept.record, { ...dropped.record, revoked: '2026-03-01T12:00:00Z' })
      await until(() => !admits(dropped), 'the revocation')
      assert.equal(admits(kept), true)

      const good = readFileSync(file, 'utf8')
      const broken = [
        () => writeFileSync(file, good.slice(0, good.lastIndexOf('}')), { mode: 0o600 }),
        () => writeFileSync(file, good.replace('"version"', '"extra": true, "version"')),
        () => chmodSync(file, 0o640),
      ]
      for (const [step, harm] of broken.entries()) {
        harm()
        const before = said.length
        await until(() => said.length > before, `fault ${step} to be spoken of`)
        assert.equal(said.at(-1)?.[0], 'keys_refused')
        assert.equal(admits(kept), true, 'last good set')
        assert.equal(admits(dropped), false, 'a revocation stays')
      }

      writeFileSync(file, good, { mode: 0o600 })
      chmodSync(file, 0o600)
      await until(() => said.at(-1)?.[0] === 'keys_loaded', 'the mended file')
      writeFileSync(file, '{ "version": 1, "keys": [')
      await until(() => !admits(kept), 'a broken file that no longer holds the key')
      writeFileSync(file, good)
      await until(() => admits(kept), 'the copy put back')
      unlinkSync(file)
      await until(() => !admits(kept), 'the missing file to deny')
      await put(file, kept.record)
      await until(() => admits(kept), 'the file that came back')
      assert.deepEqual(
        said.map(([event]) => event).join(' '),
        'keys_missing keys_loaded keys_loaded keys_refused keys_refused keys_refused keys_loaded keys_refused keys_loaded keys_missing keys_loaded',
      )
    } finally {
      store.close()
    }
  })

  test('after close() it asks the disk no more', async () => {
    const file = newFile()
    const { raw, record } = mintKey(order)
    const store = apiKeyStore({ file, now: () => NOW })
    store.close()
    await put(file, record)
    await delay(2_500) // longer than one interval
    assert.equal(store.verify(raw).ok, false)
  })

  test('an open store keeps no process alive', () => {
    const module = JSON.stringify(join(import.meta.dirname, 'api-key-store.ts'))
    const program = `const { apiKeyStore } = await import(${module}); apiKeyStore({ file: '/nowhere/keys.json', now: Date.now })`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGKILL',
    })
    assert.equal(status, 0, stderr)
  })

  for (const start of ['missing', 'present'] as const)
    test(`follows a file that is ${start} at the start in a process that may read nothing else`, async () => {
      const file = newFile()
      const { raw, record } = mintKey({ ...order, now: Date.now() })
      if (start === 'present') await put(file, record)
      const child = fenced(file, raw)
      try {
        await until(
          () => child.said.at(-1) === (start === 'present' ? 'yes' : 'no'),
          `first answer: ${child.said.join()}`,
        )
        if (start === 'missing') {
          await put(file, record)
          await until(() => child.said.at(-1) === 'yes', `the new file: ${child.said.join()}`)
        }
        await put(file, { ...record, revoked: '2026-03-01T12:00:00Z' })
        await until(() => child.said.at(-1) === 'no', `the revocation: ${child.said.join()}`)
        await put(file, record)
        await until(() => child.said.at(-1) === 'yes', `the second replacement: ${child.said.join()}`)
        assert.ok(child.said.includes('fence: ERR_ACCESS_DENIED'))
        assert.ok(!child.said.includes('event: keys_refused'), child.said.join())
      } finally {
        child.kill()
      }
    })
})

// A child under `--permission` that says "yes" or "no" whenever its verdict changes. It may read its code and the keys file.
function fenced(file: string, raw: string): { said: string[]; kill(): void } {
  const root = join(import.meta.dirname, '../../../..')
  const program = `
    const { readdirSync } = await import('node:fs')
    const { apiKeyStore } = await import(${JSON.stringify(join(import.meta.dirname, 'api-key-store.ts'))})
    try { readdirSync(${JSON.stringify(dir)}) } catch (thrown) { console.log('fence: ' + thrown.code) }
    const store = apiKeyStore({ file: ${JSON.stringify(file)}, now: Date.now, log: (event) => console.log('event: ' + event) })
    let last
    setInterval(() => {
      const now = store.verify(${JSON.stringify(raw)}).ok ? 'yes' : 'no'
      if (now !== last) console.log(now)
      last = now
    }, 50)`
  const child = spawn(
    process.execPath,
    [
      '--permission',
      ...['packages', 'servers', 'node_modules', 'package.json'].map((part) => `--allow-fs-read=${join(root, part)}`),
      `--allow-fs-read=${dirname(realpathSync(join(root, 'node_modules/zod')))}`, // where the links of a copied checkout lead
      `--allow-fs-read=${file}`,
      '--input-type=module',
      '--eval',
      program,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: root, timeout: 60_000, killSignal: 'SIGKILL' },
  )
  const said: string[] = []
  child.stdout.on('data', (chunk) => said.push(...String(chunk).split('\n').filter(Boolean)))
  child.stderr.on('data', (chunk) => said.push(`stderr: ${chunk}`))
  return { said, kill: () => void child.kill('SIGKILL') }
}
