// Which files of test/attacks and test/e2e run against the containers, and why the others do not.

/** They ask for their servers with `openTarget()` (test/target.ts), and nothing in them knows where these run. */
export const IN_CONTAINERS: readonly string[] = [
  'test/attacks/db-query-bombs.test.ts',
  'test/attacks/db-query-known.test.ts',
  'test/attacks/known-attacks.test.ts',
  'test/e2e/client-matrix.test.ts',
  'test/e2e/demo-steps.test.ts',
  'test/e2e/resources.test.ts',
]

/** File to the reason, with what stands for it in a container. */
export const ON_THIS_MACHINE: Readonly<Record<string, string>> = {
  'test/attacks/fetch-known.test.ts':
    'gives the server public addresses in a network namespace of its own and traces its calls; egress.test.ts does that to the containers',
  'test/e2e/command.test.ts':
    'the command line on files of this machine; in an image deploy/up runs policy check and keys mint, and soak.test.ts audit verify',
  'test/e2e/drain.test.ts': 'a signal to a process of this machine; soak.test.ts stops the containers in the same way',
  'test/e2e/kill.test.ts':
    'kills single processes of a fixture that no image holds, by process id; soak.test.ts kills the containers and their processes',
  'test/e2e/sandbox-filter.test.ts': 'the filter of --sandbox bwrap; in a container breaking.test.ts asks the profile',
  'test/e2e/sandbox-mode.test.ts': '--sandbox: the walls for a machine without containers',
}
