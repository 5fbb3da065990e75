// A disk without room: nothing changes under any name, nothing is left over, and the caller is told.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { suite, test } from 'node:test'

const FILL = join(import.meta.dirname, 'testing/fill-disk.ts')

suite('a full disk', () => {
  test('refuses the write and keeps the old file whole', () => {
    // A small disk of its own, in a mount namespace that ends with the process.
    const script = 'mount -t tmpfs -o size=300k tmpfs /mnt && exec "$0" "$1" /mnt'
    const out = execFileSync('unshare', ['-r', '-m', 'sh', '-c', script, process.execPath, FILL], { timeout: 60_000 })
    const seen = JSON.parse(String(out)) as Record<string, unknown>
    assert.deepEqual(seen, {
      denied: 'too_large',
      made: 'too_large',
      old: true,
      names: ['a'],
      staged: [],
      after: 'new',
    })
  })
})
