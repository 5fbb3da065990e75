// For every test process: one seed for all property tests, so that a red run can be run again, and an end even when something was left open.
import { after } from 'node:test'
import fc from 'fast-check'

const wanted = process.env['FUZZ_SEED'] ?? '20261124' // random, or a number, goes elsewhere
fc.configureGlobal({ seed: wanted === 'random' ? Date.now() : Number(wanted) })

const GRACE_MS = 60_000

// A hook that threw leaves its servers behind, and the process would wait for them for ever.
after(() => {
  const overdue = setTimeout(() => {
    console.error(`The tests are over, and this is still open: ${process.getActiveResourcesInfo().join(' ')}`)
    process.exit(1)
  }, GRACE_MS)
  overdue.unref()
})
