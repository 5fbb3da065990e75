// One small tool, one caller and one set of controls that allow it: what a test of a single rule starts from.
import {
  allow,
  type CallContext,
  type CallRequest,
  type Capability,
  type Controls,
  defineTool,
  hiddenCharacters,
  memoryTaint,
  type Principal,
  principal,
  taint,
  type ToolDefinition,
  unapproved,
  unmetered,
} from '@hardened-mcp/security-core'
import { z } from 'zod'
import { fakeAudit } from './fake-audit.ts'
import { fakeClock } from './fake-clock.ts'
import { fakeExecutor } from './fake-executor.ts'

export type NoteOperation = { op: 'read_note'; name: string; lines?: number[] }

export const aTool = (
  over: Partial<ToolDefinition<unknown, NoteOperation>> = {},
): ToolDefinition<unknown, NoteOperation> => ({
  ...defineTool({
    name: 'read_note',
    title: 'Read a note',
    description: 'Reads one note by its name',
    input: z.strictObject({ name: z.string().min(1).max(40) }),
    output: z.object({ note: z.string() }),
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    needs: ['tool:read_only'],
    effect: 'read',
    yields: { integrity: 'untrusted', secrecy: 'private' },
    budget: { deadlineMs: 1_000, outputBytes: 1_024 },
    plan: ({ name }): NoteOperation => ({ op: 'read_note', name }),
  }),
  ...over,
})

export const aCaller = (can: readonly Capability[] = ['tool:read_only'], id = 'agent-1', tenant = 'acme'): Principal =>
  principal({ id, tenant, auth: 'api_key', can })

export const aCall = (over: Partial<CallContext> = {}): CallContext => ({
  id: 'call-1',
  server: 'notes',
  tool: aTool(),
  caller: aCaller(),
  at: Date.UTC(2026, 0, 1),
  ...over,
})

export const aRequest = (over: Partial<CallRequest<NoteOperation>> = {}): CallRequest<NoteOperation> => ({
  tool: aTool(),
  input: { name: 'shopping' },
  caller: aCaller(),
  stop: new AbortController().signal,
  ...over,
})

export const aControl = (over: Partial<Controls<NoteOperation>> = {}): Controls<NoteOperation> => ({
  server: 'notes',
  guards: [() => allow()],
  policies: [() => allow()],
  taint: taint({ mode: 'enforce', store: memoryTaint({ windowMs: 60_000, now: fakeClock().now }) }),
  approvals: unapproved,
  meter: unmetered,
  execute: fakeExecutor<NoteOperation>().execute,
  filters: [hiddenCharacters],
  audit: fakeAudit().sink,
  fingerprint: () => 'hmac-of-arguments',
  now: fakeClock().now,
  newCallId: () => 'call-1',
  pause: () => new Promise((resolve) => setImmediate(resolve)),
  ...over,
})
