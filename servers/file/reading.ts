// What all reading tools have in common: rights, hints, label, budget.
import type { Budget, ToolHints } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { CONTENT } from './flow.ts'

export const READ = ['tool:read_only', 'resource:local', 'sys:file_read'] as const
const BUDGET: Budget = { deadlineMs: 10_000, outputBytes: 65_536 }
const HINTS: ToolHints = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }
export const COMMON = { needs: READ, effect: 'read', yields: CONTENT, budget: BUDGET, annotations: HINTS } as const

// Two outputs list what is always there. The others are seen in the first answer: schemas were a third of tools/list.
export const ANSWER = z.looseObject({})
