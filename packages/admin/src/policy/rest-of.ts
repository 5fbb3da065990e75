// What a server takes of a policy file beside its own section, and the file itself, which it follows.
import { resolve } from 'node:path'
import { peopleOfFile, type PolicyReading, type RunOptions } from '@hardened-mcp/host/admin'

export function restOf({ file, id }: PolicyReading, path: string): NonNullable<RunOptions['rest']> {
  const people = peopleOfFile(file)
  const shared = file.limits?.shared
  return {
    ...(people === undefined ? {} : { people }),
    ...(file.dry_run === undefined ? {} : { dryRun: true }),
    ...(shared === undefined ? {} : { sharedLimits: shared }),
    ...(file.screening === undefined ? {} : { screening: file.screening }),
    ...(file.taint === undefined ? {} : { taint: file.taint }),
    ...(file.approvals === undefined ? {} : { approvals: file.approvals }),
    ...(file.telemetry === undefined ? {} : { telemetry: file.telemetry }),
    ...(file.anomaly === undefined ? {} : { anomaly: file.anomaly }),
    policyFile: { path: resolve(path), id },
  }
}
