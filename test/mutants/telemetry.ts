// Breaks of what is measured, of who may read it, and of what is said about readiness.
import type { Mutant } from './mutants.ts'

const at = (path: string, test: string) => ({ file: `packages/host/src/${path}.ts`, tests: [test] })
const UNIT = 'packages/host/src/telemetry'

export const TELEMETRY_MUTANTS: readonly Mutant[] = [
  {
    ...at('telemetry/outcome', `${UNIT}/outcome.test.ts`),
    find: "tool: tools.has(tool) ? tool : 'unknown'",
    replace: 'tool',
    because: 'every invented tool name becomes a series',
  },
  {
    ...at('telemetry/outcome', `${UNIT}/outcome.test.ts`),
    find: "isDenialCode(rule) || rule === 'unknown_tool' ? rule : 'internal'",
    replace: 'rule',
    because: 'any text can become a code',
  },
  {
    ...at('traceparent', `${UNIT}/outcome.test.ts`),
    find: '(?!0{32})',
    replace: '',
    because: 'a trace without an id is continued',
  },
  {
    ...at('telemetry/outcome', `${UNIT}/outcome.test.ts`),
    find: 'UUID.test(callId)',
    replace: "callId !== ''",
    because: 'a text in place of an id leaves with a span',
  },
  {
    ...at('telemetry/observed-sink', `${UNIT}/outcome.test.ts`),
    find: '      throw thrown\n',
    replace: '',
    because: 'figures turn a trail that takes nothing into one that takes all',
  },
  {
    ...at('telemetry/prometheus', `${UNIT}/outcome.test.ts`),
    find: "from.tenants.includes(tenant) ? tenant : 'other'",
    replace: 'tenant',
    because: 'every tenant is a series',
  },
  {
    ...at('telemetry/prometheus', `${UNIT}/outcome.test.ts`),
    find: 'rules.size < MAX_RULES',
    replace: 'true',
    because: 'the series of alerts have no bound',
  },
  {
    ...at('telemetry/metrics-listener', `${UNIT}/metrics-listener.test.ts`),
    find: 'hosts.length !== 1 || !isAddress(hosts[0] as string)',
    replace: 'hosts.length !== 1',
    because: 'a page reads the figures through a name that leads here (DNS rebinding)',
  },
  {
    ...at('telemetry/metrics-listener', `${UNIT}/metrics-listener.test.ts`),
    find: '=== false) socket.destroy()',
    replace: '=== false) socket.unref()',
    because: 'anybody on the network reads the figures',
  },
  {
    ...at('telemetry/metrics-listener', `${UNIT}/metrics-listener.test.ts`),
    find: 'server.maxConnections = MAX_CONNECTIONS',
    replace: '',
    because: 'readers hold connections without end',
  },
  {
    ...at('policy/telemetry-section', `${UNIT}/metrics-listener.test.ts`),
    find: '!LOOPBACK.test(host) && from === undefined',
    replace: 'false',
    because: 'figures are open to a network that nobody named',
  },
  {
    ...at('telemetry/otlp-json', `${UNIT}/otlp-json.test.ts`),
    find: 'parentSpanId: trace.parentId',
    replace: 'parentSpanId: ids.spanId',
    because: 'spans stand below the wrong parent',
  },
  {
    ...at('telemetry/otlp-json', `${UNIT}/otlp-json.test.ts`),
    find: 'seconds <= bound',
    replace: 'seconds < bound',
    because: 'a duration at a bound is in the wrong bucket',
  },
  {
    ...at('telemetry/standing', `${UNIT}/standing.test.ts`),
    find: "['workers', workers.alive === 0]",
    replace: "['workers', false]",
    because: 'a server without workers says that it is ready',
  },
  {
    ...at('telemetry/standing', `${UNIT}/standing.test.ts`),
    find: 'serving?.knowsCallers() === false',
    replace: 'false',
    because: 'a server that can let nobody in says that it is ready',
  },
  {
    ...at('identity/oauth/key-source', 'packages/host/src/identity/oauth/key-source.test.ts'),
    find: '      if (mayAsk()) void refresh().catch(() => undefined)\n',
    replace: '',
    because: 'an issuer that is back is noticed only when a caller is sent here, and none is',
  },
  {
    ...at('audit/free-space', 'packages/host/src/audit/free-space.test.ts'),
    find: "low && (type === 'tool_call.request' ||",
    replace: "low && (type === 'alert.raised' ||",
    because: 'calls are begun on a disk that has no room for their end',
  },
  {
    ...at('traceparent', 'packages/host/src/mcp/http-clients.test.ts'),
    find: '(?!0{32})',
    replace: '',
    because: 'a trace of zeros is on record as a trace',
  },
]
