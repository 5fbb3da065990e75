// The wall clock is read where a date is meant, and nowhere else: what counts time must not jump when somebody sets the clock.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isTestCode, sourceFiles } from './source-files.ts'

// How often each file reads it, and for which date.
const DATES: Readonly<Record<string, readonly [uses: number, date: string]>> = {
  'assemble.ts': [1, 'the time of a call, in its record'],
  'front.ts': [4, 'records, alerts, labels and approvals, which outlive the process'],
  'policy/live-policy.ts': [1, 'the last day of a weakening'],
  'sandbox/run-server.ts': [1, 'the last day of a weakening'],
  'serve.ts': [2, 'the ends of keys and tokens'],
  'servers/file/entries.ts': [1, 'the name of what is moved to the trash'],
  'telemetry/telemetry.ts': [1, 'the times of spans'],
}
const WALL = /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)/g
const HOST = 'packages/host/src/'

const readings = () =>
  sourceFiles()
    .filter(({ path }) => (path.startsWith(HOST) || path.startsWith('servers/')) && !isTestCode(path))
    .map(({ path, text }) => [path.replace(HOST, ''), text.match(WALL)?.length ?? 0] as const)
    .filter(([, uses]) => uses > 0)

suite('the wall clock of a running server', () => {
  test('is read for the dates of this table', () => {
    const expected = Object.fromEntries(Object.entries(DATES).map(([path, [uses]]) => [path, uses]))
    assert.deepEqual(Object.fromEntries(readings()), expected)
  })
})
