// Joins a registry to the transport the operator chose, and every transport to an identity.
import type { AuditEvent, AuditSink, Capability } from '@hardened-mcp/security-core'
import type { FrontConfig } from './config.ts'
import { apiKeyStore } from './identity/api-key-store.ts'
import { localIdentity } from './identity/local.ts'
import { serveHttp } from './mcp/http.ts'
import type { Registry } from './mcp/registry.ts'
import { serveStdioOn } from './mcp/stdio.ts'

/** `close` stops taking calls and resolves when those in flight have been answered. */
export type Serving = Readonly<{ url?: string; close(): Promise<void> }>
