// A pipeline whose every step writes a line, so that a test can read the order in which a call went.
import { allow, type Answer, type Controls, pipeline } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { fakeAudit } from './fake-audit.ts'
import { fakeExecutor } from './fake-executor.ts'
import { aControl, aRequest, aTool, type NoteOperation } from './samples.ts'

export const codeOf = (answer: Answer) => (answer.ok ? 'released' : answer.denial.code)

export function recordedPipeline(effect: 'read' | 'write' | 'egress', over: Partial<Controls<NoteOperation>> = {}) {
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const audit = fakeAudit(log)
  const executor = fakeExecutor<NoteOperation>(undefined, log)
  const said = (line: string) => () => {
    log(line)
    return allow()
  }
  const tool = aTool({
    effect,
    input: z.strictObject({ name: z.string() }).transform((input) => {
      log('parse')
      return input
    }),
    plan: (input) => {
      log('plan')
      return { op: 'read_note', name: (input as { name: string }).name }
    },
  })
  const controls = aControl({
    guards: [said('guard 1'), said('guard 2')],
    policies: [said('policy 1'), said('policy 2')],
    taint: () => ({
      gate: async () => said('gate')(),
      places: [],
      arriving: () => '',
      async carry() {
        log('carry')
        return ''
      },
    }),
    approvals({ gate }) {
      log('approval')
      return { decision: gate }
    },
    execute: executor.execute,
    audit: audit.sink,
    filters: [
      {
        name: 'logging',
        suspects: /^/,
        says: (count) => `${count} removed`,
        clean: (text) => {
          log('filter')
          return { text, removed: 0 }
        },
      },
    ],
    ...over,
  })
  return { lines, audit, executor, answer: () => pipeline(controls)(aRequest({ tool })) }
}
