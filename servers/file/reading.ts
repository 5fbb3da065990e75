// What all reading tools have in common: rights, hints, label, budget.
import type { Budget, Label, ToolHints } from '@hardened-mcp/security-core'
import { z } from 'zod'

export const READ = ['tool:read_only', 'resource:local', 'sys:file_read'] as const
const YIELDS: Label = { integrity: 'untrusted', secrecy: 'private' } // anybody may have written the files
const BUDGET: Budget = { deadlineMs: 10_000, outputBytes: 65_536 }
const HINTS: ToolHints = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }
export const COMMON = { needs: READ, effect: 'read', yields: YIELDS, budget: BUDGET, annotations: HINTS } as const

// Two outputs list what is always there. The others are seen in the first answer: schemas were a third of tools/list.
export const ANSWER = z.looseObject({})
