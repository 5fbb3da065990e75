// Every attack and end-to-end test runs against the containers too, or the table of test/sandbox/suites.ts says why it does not.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IN_CONTAINERS, ON_THIS_MACHINE } from '../sandbox/suites.ts'

const ROOT = join(import.meta.dirname, '../..')

test('each file of test/attacks and test/e2e stands in the table once', () => {
  const files = ['test/attacks', 'test/e2e'].flatMap((dir) =>
    readdirSync(join(ROOT, dir)).flatMap((name) => (name.endsWith('.test.ts') ? [`${dir}/${name}`] : [])),
  )
  assert.deepEqual([...IN_CONTAINERS, ...Object.keys(ON_THIS_MACHINE)].sort(), files.sort())
})
