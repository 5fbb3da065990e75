// A client of either era subscribes to a file over stdio, hears that it has changed, and hears nothing of what it may not see.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { connect, serving } from '@hardened-mcp/testkit/clients'

const PATIENCE_MS = 120_000 // a look comes every ten seconds
const dir = mkdtempSync(join(tmpdir(), 'file-changes-'))
after(() => rmSync(dir, { recursive: true }))

suite('changes of files', { concurrency: 2 }, () => {
  for (const kind of ['v1', 'v2-2026-07-28'] as const)
    test(`are told to a subscriber with the ${kind} client`, async () => {
      const root = join(dir, kind)
      mkdirSync(root)
      for (const name of ['a.txt', 'same.txt', '.env']) writeFileSync(join(root, name), 'one')
      const client = await connect(kind, serving('file', '--root', `docs=${root}`, '--audit', `${root}-audit`))
      const heard: string[] = []
      const hear = (uri: string) => void heard.push(uri)
      try {
        const secret = client.subscribe(['root://docs/.env'], hear)
        if (kind === 'v1') await assert.rejects(secret, { code: -32002 })
        else await secret // acknowledged by the library, and never told of
        await client.subscribe(['root://docs/a.txt', 'root://docs/same.txt'], hear)
        const endMs = performance.now() + PATIENCE_MS
        for (let text = 'two'; heard.length === 0 && performance.now() < endMs; text += ' and more') {
          for (const name of ['a.txt', '.env']) writeFileSync(join(root, name), text)
          await setTimeout(1_000)
        }
        assert.deepEqual([...new Set(heard)], ['root://docs/a.txt'])
      } finally {
        await client.close()
      }
    })
})
