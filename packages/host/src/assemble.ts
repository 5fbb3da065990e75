// Puts one server together: its tools and policies, the guards, the audit trail and the workers become a registry.
import { randomUUID } from 'node:crypto'
import {
  capabilities,
  hiddenCharacters,
  perMinute,
  type Rates,
  rateLimit,
  sampledRefusals,
  type WorkTime,
} from '@hardened-mcp/security-core'
import type { AuditTrail } from './audit/file-sink.ts'
import { ceilingOf, type FrontConfig, parseStrictly, type ServerPolicy } from './config.ts'
import type { ServerDefinition } from './define-server.ts'
import { type Registry, registry } from './mcp/registry.ts'
import type { WorkerPool } from './sandbox/worker-pool.ts'

/** Order of `guards` is the order in which they judge. The secure defaults of every server are these lines. */
export function assemble(options: {
  definition: ServerDefinition
  config: FrontConfig
  audit: Pick<AuditTrail, 'sink' | 'fingerprint'>
  workers: Pick<WorkerPool, 'execute'>
  work?: Pick<WorkTime, 'guard'> | undefined
}): Registry {
  const { definition, config, audit, workers, work } = options
  const { name, title, version, instructions } = definition
  const resources = parseStrictly(definition.resources, config.resources, 'Resources')
  const policy = ceilingOf(config.policy)
  return registry({
    info: { name, title, version, instructions },
    tools: definition.tools(resources),
    views: definition.views?.(resources),
    policy,
    controls: {
      server: name,
      guards: [
        capabilities(policy),
        rateLimit({ rates: ratesOf(config.policy), now: Date.now }),
        ...(work === undefined ? [] : [work.guard]),
      ],
      policies: definition.policies(resources),
      execute: workers.execute,
      filters: [hiddenCharacters],
      audit: sampledRefusals(audit.sink, Date.now),
      fingerprint: audit.fingerprint,
      now: Date.now,
      newCallId: randomUUID,
    },
  })
}

/** The largest answer that a worker of this server may send, in bytes of JSON text. */
export function largestAnswer(definition: ServerDefinition, config: FrontConfig): number {
  const tools = definition.tools(parseStrictly(definition.resources, config.resources, 'Resources'))
  return Math.max(...tools.map((tool) => tool.budget.outputBytes))
}

const ratesOf = (policy: ServerPolicy | null): Rates =>
  Object.fromEntries(
    Object.entries(policy?.rate_limits ?? {}).map(([name, rate]) => [
      name,
      typeof rate === 'number' ? perMinute(rate) : { perMinute: rate.per_minute, burst: rate.burst },
    ]),
  )
