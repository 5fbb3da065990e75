// Where requests for approval are kept: in this process, or in the directory that the operator looks into.
import { randomBytes } from 'node:crypto'
import { type ApprovalStore, memoryApprovals } from '@hardened-mcp/security-core'
import { type ApprovalsSection, approvalsSection } from '../policy/approvals-section.ts'
import { directoryApprovals } from './directory-approvals.ts'

const MINUTE_MS = 60_000
const ELICIT_MS = 2 * MINUTE_MS // a person is there, or is not
const STEP_UP_MS = 5 * MINUTE_MS // a visit at the issuer

export function openApprovals(section: ApprovalsSection | undefined, now: () => number): ApprovalStore {
  const { directory, request_minutes, grant_minutes, pending_per_caller: perCaller } = section ?? DEFAULTS
  const lifeMs = { elicit: ELICIT_MS, step_up: STEP_UP_MS, operator: request_minutes * MINUTE_MS }
  return directory === undefined
    ? memoryApprovals({ lifeMs, perCaller, now, newId: () => `a_${randomBytes(8).toString('hex')}` })
    : directoryApprovals({ dir: directory, lifeMs, grantMs: grant_minutes * MINUTE_MS, perCaller, now })
}

const DEFAULTS = approvalsSection.omit({ rules: true }).parse({})
