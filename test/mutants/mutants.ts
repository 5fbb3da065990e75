// One-line breaks of the controls. Each has to turn a test red: a check that stays green does not guard what it names.

import { APPROVAL_MUTANTS } from './approvals.ts'
import { ALERT_MUTANTS } from './alerts.ts'
import { AUDIT_MUTANTS } from './audit.ts'
import { CORE_MUTANTS } from './core.ts'
import { DATA_MUTANTS } from './data.ts'
import { EDGE_MUTANTS } from './edges.ts'
import { FETCH_MUTANTS } from './fetch.ts'
import { HOST_MUTANTS } from './host.ts'
import { IDENTITY_MUTANTS } from './identity.ts'
import { LIMIT_MUTANTS } from './limits.ts'
import { MANIFEST_MUTANTS } from './manifest.ts'
import { SCREENING_MUTANTS } from './screening.ts'
import { SERVER_MUTANTS } from './servers.ts'
import { TELEMETRY_MUTANTS } from './telemetry.ts'

/** Replaces the only occurrence of `find` in `file`; at least one of `tests` then has to fail. */
export type Mutant = Readonly<{
  file: string
  find: string
  replace: string
  because: string
  tests: readonly string[]
}>

export const MUTANTS: readonly Mutant[] = [
  ...APPROVAL_MUTANTS,
  ...ALERT_MUTANTS,
  ...AUDIT_MUTANTS,
  ...CORE_MUTANTS,
  ...DATA_MUTANTS,
  ...EDGE_MUTANTS,
  ...FETCH_MUTANTS,
  ...HOST_MUTANTS,
  ...IDENTITY_MUTANTS,
  ...LIMIT_MUTANTS,
  ...MANIFEST_MUTANTS,
  ...SCREENING_MUTANTS,
  ...SERVER_MUTANTS,
  ...TELEMETRY_MUTANTS,
]
