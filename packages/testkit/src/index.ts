// The public surface of the test kit: fakes that record, fail and wait on demand.
export { type FakeAudit, fakeAudit } from './fake-audit.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export { type FakeExecutor, fakeExecutor } from './fake-executor.ts'
export { aCall, aCaller, aControl, aRequest, aTool, type NoteOperation } from './samples.ts'
export { HOSTILE_TEXTS } from './hostile-texts.ts'
export { codeOf, recordedPipeline } from './recorded-pipeline.ts'
