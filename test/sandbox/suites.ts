// Which files of test/attacks and test/e2e run against the containers, and why the others do not.

/** They ask for their servers with `openTarget()` (test/target.ts), and nothing in them knows where these run. */
export const IN_CONTAINERS: readonly string[] = [
  'test/e2e/client-matrix.test.ts', // the longest
  'test/attacks/db-query-bombs.test.ts',
  'test/attacks/db-query-known.test.ts',
  'test/attacks/file-bombs.test.ts',
  'test/attacks/known-attacks.test.ts',
  'test/e2e/demo-steps.test.ts',
  'test/e2e/file-media.test.ts',
  'test/e2e/resources.test.ts',
]

/** The longest as two parts that run side by side: file to a pattern of test names, which are one part and all others the other. */
export const IN_TWO_PARTS: Readonly<Record<string, string>> = { 'test/e2e/client-matrix.test.ts': '^db-query' }

/** File to the reason, with what stands for it in a container. */
export const ON_THIS_MACHINE: Readonly<Record<string, string>> = {
  'test/attacks/approvals.test.ts':
    'the operator looks into a folder of requests from this machine, and a root can be written; no container has such a folder',
  'test/attacks/db-query-callers.test.ts':
    'four keys of two tenants, and a policy of its own over HTTP; the deployment has one key, and its policy is the sample',
  'test/attacks/fetch-known.test.ts':
    'gives the server public addresses in a network namespace of its own and traces its calls; egress.test.ts does that to the containers',
  'test/attacks/file-known.test.ts':
    'needs a root that can be written and the folders beside it; the shipped mounts are read-only and end at the root: known-attacks.test.ts has these paths',
  'test/attacks/file-paths.test.ts':
    'hundreds of odd names and links of both kinds below a root of its own; known-attacks.test.ts asks the containers for such paths',
  'test/attacks/injected-content.test.ts':
    'a site of its own and rows and files made here, whose labels three servers share; no two of the containers share a folder',
  'test/attacks/log-injection.test.ts':
    'reads trails and logs of servers of its own line by line, over raw sockets; soak.test.ts verifies the trails of the containers',
  'test/attacks/polluted-model.test.ts':
    'three servers with labels of their own places, one with a root that can be written; deployment.test.ts asks the containers for what they share',
  'test/e2e/alerts.test.ts': 'writes a policy and keys of its own; the containers have those of the sample',
  'test/e2e/audit-disk.test.ts':
    'disks that fail below a trail are made of tmpfs and loop devices, in mount namespaces of this machine',
  'test/e2e/command.test.ts':
    'the command line on files of this machine; in an image deploy/up runs policy check and keys mint, and soak.test.ts audit verify',
  'test/e2e/deadline.test.ts': 'writes a policy of its own; the containers have the policy of the sample',
  'test/e2e/drain.test.ts': 'a signal to a process of this machine; soak.test.ts stops the containers in the same way',
  'test/e2e/file-changes.test.ts':
    'files are changed from this machine and the client is told over stdio; the mounts of the containers are read-only',
  'test/e2e/hostile-answers.test.ts':
    'the worker of a fixture that no image holds answers what it is told; db-query-bombs.test.ts pings the containers',
  'test/e2e/kill-switch.test.ts': 'writes a policy and keys of its own; the containers have those of the sample',
  'test/e2e/kill.test.ts':
    'kills single processes of a fixture that no image holds, by process id; soak.test.ts kills the containers and their processes',
  'test/e2e/metrics.test.ts':
    'a listener on loopback that the compose files do not open; workers are killed and ports counted by process id',
  'test/e2e/sandbox-filter.test.ts': 'the filter of --sandbox bwrap; in a container breaking.test.ts asks the profile',
  'test/e2e/sandbox-mode.test.ts': '--sandbox: the walls for a machine without containers',
  'test/e2e/sandbox-network.test.ts': '--sandbox bwrap on stdio; the networks of the containers are those of compose',
  'test/e2e/sandbox-start.test.ts': '--sandbox bwrap that is ended while it starts',
  'test/e2e/traces.test.ts': 'a collector of its own on loopback; the containers can dial nothing but their proxy',
}
