// Breaks of the host: who is asking, what HTTP lets in, and who ends a worker.
import type { Mutant } from './mutants.ts'

const inside = (folder: string, name: string, ...tests: readonly string[]) => ({
  file: `packages/host/src/${folder}/${name}.ts`,
  tests: (tests.length === 0 ? [name] : tests).map((test) => `packages/host/src/${folder}/${test}.test.ts`),
})

export const HOST_MUTANTS: readonly Mutant[] = [
  {
    ...inside('identity', 'api-key-store'),
    find: 'if (!(now < entry.until))',
    replace: 'if (!(now <= entry.until))',
    because: 'a key is valid at the moment it expires',
  },
  {
    ...inside('identity', 'api-key-store'),
    find: 'if (entry.revoked)',
    replace: 'if (false)',
    because: 'a revoked key still opens the door',
  },
  {
    file: 'packages/host/src/operator-file.ts',
    tests: ['packages/host/src/identity/api-key-file.test.ts'],
    find: '0o077',
    replace: '0o070',
    because: 'a keys file that everybody may read is accepted',
  },
  {
    ...inside('policy', 'trusted-file'),
    find: 'const OTHERS_WRITE = 0o022',
    replace: 'const OTHERS_WRITE = 0o002',
    because: 'the group of the policy file widens the policy',
  },
  {
    ...inside('policy', 'trusted-file'),
    find: 'if (isOpen(above) &&',
    replace: 'if (false &&',
    because: 'a policy file is replaced in a directory that is open to all',
  },
  {
    ...inside('policy', 'trusted-file'),
    find: 'owner !== uid && owner !== 0',
    replace: 'false && owner !== 0',
    because: 'the policy file of another user grants',
  },
  {
    ...inside('policy', 'live-policy'),
    find: 'if (distrust !== undefined) throw',
    replace: 'if (false) throw',
    because: 'a policy that others can write to is taken over while serving',
  },
  {
    ...inside('mcp', 'http-guard', 'http'),
    find: 'hosts.length !== 1 || !limits.allowedHosts.has',
    replace: 'hosts.length !== 1 && !limits.allowedHosts.has',
    because: 'any Host is served: DNS rebinding',
  },
  {
    ...inside('mcp', 'http-guard', 'http'),
    find: 'origins[0] !== undefined && !limits.allowedOrigins.has(origins[0])',
    replace: "origins[0] === 'null'",
    because: 'any web page may speak to the server',
  },
  {
    ...inside('mcp', 'http-guard', 'http'),
    find: 'if (!onLoopback && tls === undefined && trustedProxies === undefined)',
    replace: "if (host === 'nowhere')",
    because: 'keys travel over plain HTTP',
  },
  {
    ...inside('identity', 'http-authenticator'),
    find: "if (credential === 'missing') return refused('missing', 'No Authorization header')",
    replace: "if (credential === 'missing') return { ok: true, caller: {} as Principal }",
    because: 'a request without a credential is served',
  },
  {
    ...inside('mcp', 'http-admission', 'http'),
    find: 'const waitMs = authentication.ok ? 0 : throttle(address)',
    replace: 'const waitMs = 0',
    because: 'keys can be guessed without end',
  },
  {
    ...inside('mcp', 'strict-json'),
    find: 'if (keys.has(key))',
    replace: "if (keys.has(key) && key !== 'method')",
    because: 'two readers of one message can see two methods',
  },
  {
    ...inside('mcp', 'peer'),
    find: "protocols.length !== 1 || protocols[0] !== 'https'",
    replace: "protocols[0] !== 'https'",
    because: 'a client behind the proxy forges its https',
  },
  {
    ...inside('mcp', 'failure-throttle'),
    find: 'if (waitMs === 0) limit.take(key, now())',
    replace: '',
    because: 'failures are never counted',
  },
  {
    ...inside('sandbox', 'worker-pool'),
    find: 'if (job.worker?.job === job) doom(job.worker)',
    replace: '',
    because: 'a worker that overran is left running',
  },
  {
    ...inside('sandbox', 'worker-pool'),
    find: 'for (const job of [...waiting.all(), ...working]) job.end(shuttingDown())',
    replace: '',
    because: 'a server that is told to stop cuts off what runs',
  },
  {
    ...inside('sandbox', 'worker-pool'),
    find: 'if (slot.ready) return doom(slot)',
    replace: '',
    because: 'a worker may come to life again and again',
  },
  {
    ...inside('sandbox', 'placement'),
    find: '(tenants.get(id) ?? tenant) === tenant',
    replace: 'true',
    because: 'a worker serves whoever comes, also where each tenant has its own',
  },
  {
    ...inside('sandbox', 'placement'),
    find: 'if (tenant !== undefined) tenants.set(slot.id, tenant)',
    replace: '',
    because: 'nobody remembers whom a worker served',
  },
  {
    ...inside('sandbox', 'placement'),
    find: 'gone: (worker) => void tenants.delete(worker)',
    replace: 'gone: () => undefined',
    because: 'the book of workers grows with each that comes',
  },
  {
    ...inside('sandbox', 'worker-pool'),
    find: 'options.perTenant === true ? tenantOf(call) : undefined',
    replace: 'undefined',
    because: 'the pool is not told whose call it is',
  },
  {
    ...inside('sandbox', 'watchdog', 'worker-pool'),
    find: 'process.memoryUsage.rss() > limit',
    replace: 'process.memoryUsage.rss() > Infinity',
    because: 'nobody watches the memory of a worker',
  },
  {
    ...inside('sandbox', 'worker-runtime', 'worker-pool'),
    find: ".on('end', goodbye).resume()",
    replace: '.resume()',
    because: 'an idle worker outlives its supervisor',
  },
  {
    file: 'packages/host/src/sandbox/launch.ts',
    tests: ['packages/host/src/sandbox/launch.test.ts'],
    find: 'telemetry?.otlp, metrics, sharedLimits, taint?.shared]',
    replace: 'telemetry?.otlp, metrics, sharedLimits]',
    because: 'the store of labels is out of reach behind the wall',
  },
  {
    file: 'packages/host/src/sandbox/launch.ts',
    tests: ['packages/host/src/sandbox/launch.test.ts'],
    find: 'front: transport.kind === ',
    replace: 'front: true || transport.kind === ',
    because: 'a front that needs no network has one',
  },
]
