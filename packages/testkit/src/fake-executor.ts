// An executor that records what it was given, refuses what was not cleared, and answers what a test asks it to.
import { assertCleared, type Cleared, type Executor, type Result } from '@hardened-mcp/security-core'

export type FakeExecutor<Operation extends object> = Readonly<{
  execute: Executor<Operation>
  seen: readonly Cleared<Operation>[]
}>

export function fakeExecutor<Operation extends object>(
  answer: () => Result | Promise<Result> = () => ({ text: '{"note":"hello"}' }),
  log: (line: string) => void = () => undefined,
): FakeExecutor<Operation> {
  const seen: Cleared<Operation>[] = []
  return {
    seen,
    async execute(operation) {
      assertCleared(operation)
      seen.push(operation)
      log('execute')
      return answer()
    },
  }
}
