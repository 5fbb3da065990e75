// One seed for every property test of a run, so that a red run can be run again; FUZZ_SEED=random (or a number) goes elsewhere.
import fc from 'fast-check'

const wanted = process.env['FUZZ_SEED'] ?? '20261124'
fc.configureGlobal({ seed: wanted === 'random' ? Date.now() : Number(wanted) })
