// What a caller costs before any work: each way to prove oneself, the policy and the limits, and what a flood of forgeries does to the others.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { capabilities, Denial, localLedger, meter, perMinute, principal, rateLimit } from '@hardened-mcp/security-core'
import { aCall, aTool } from '@hardened-mcp/testkit'
import { store } from '@hardened-mcp/testkit/store'
import { mintKey } from '../../../packages/host/src/identity/api-key.ts'
import { updateKeysFile } from '../../../packages/host/src/identity/api-key-file.ts'
import { apiKeyStore } from '../../../packages/host/src/identity/api-key-store.ts'
import { httpAuthenticator } from '../../../packages/host/src/identity/http-authenticator.ts'
import { oauthSection } from '../../../packages/host/src/identity/oauth/config.ts'
import { dpopProof } from '../../../packages/host/src/identity/oauth/dpop-proof.ts'
import { tokenVerifier } from '../../../packages/host/src/identity/oauth/token-verifier.ts'
import { scopeTable } from '../../../packages/security-core/src/access/scopes.ts'
import { sharedLedger } from '../../../packages/host/src/limits/shared-ledger.ts'
import { effectivePolicy, peopleOfFile } from '../../../packages/host/src/policy/effective-policy.ts'
import { policySchema } from '../../../packages/host/src/policy/policy-file.ts'
import { ask } from '../../identity/ask.ts'
import { publicJwk, rsaKey } from '../../identity/authorization-server.ts'
import { forge, proof, proofKey } from '../../identity/forge.ts'
import { stand } from '../../identity/served.ts'
import { measure } from '../bench-kit.ts'

const TOTAL = Number(process.env['TOTAL'] ?? 2_000)
const ROUNDS = 3
const dir = mkdtempSync(join(tmpdir(), 'bench-access-'))
const key = mintKey({ name: 'bench', tenant: 'acme', can: ['tool:read_only'], now: Date.now(), ttlMs: 3_600_000 })
await updateKeysFile(join(dir, 'keys.json'), () => [key.record])
const keys = apiKeyStore({ file: join(dir, 'keys.json'), now: Date.now })

const issuer = 'https://issuer.example.com'
const resource = 'https://mcp.example.com/mcp'
const signing = rsaKey('rsa-1')
const scopes = scopeTable({ 'notes:read': ['tool:read_only'] })
const verify = tokenVerifier({
  config: oauthSection.parse({
    ...{ resource, scopes: { 'notes:read': ['tool:read_only'] } },
    issuers: [{ name: 'corp', issuer, jwks_uri: `${issuer}/jwks`, tenant: 'acme' }],
  }),
  client: () => ({ keySet: async () => ({ keys: [publicJwk(signing)] }), introspect: async () => ({}) }),
  now: Date.now,
  elapsed: () => performance.now(),
})
const elapsed = () => performance.now()
const authenticate = httpAuthenticator(keys, {
  ...{ verify, scopes },
  proof: dpopProof({ url: resource, now: Date.now, elapsed }),
})
const tokens = forge({ issuer, resource, scope: 'notes:read', key: signing, tenant: 'acme' })
const good = tokens.token()
const holder = proofKey()
const bound = tokens.token({ claims: { cnf: { jkt: holder.jkt } } })
type Many = Readonly<{ sign(): void; next(): string }>
/** Signed before the clock of a round runs, and used in it: a proof is good for a minute. */
const many = (make: () => string): Many => {
  let made: string[] = []
  return {
    sign: () => void (made = Array.from({ length: Math.ceil(TOTAL * 1.2) }, make)),
    next: () => made.pop() ?? '',
  }
}
const fresh = many(() => tokens.token())
const forged = many(() => `${tokens.token().slice(0, -6)}AAAAAA`)
// 2 000 proofs a minute and key are what the replay cache takes: each of ten keys signs its share.
const holders = Array.from({ length: 10 }, () => proofKey())
const withProof = holders.map((each) => tokens.token({ claims: { cnf: { jkt: each.jkt } } }))
let turn = 0
const proofs = many(() => {
  const at = turn++ % holders.length
  return `${at} ${proof(holders[at] ?? holder, resource, withProof[at] ?? bound)}`
})

const file = policySchema.parse({
  version: 2,
  servers: { file: { allowed_tools: ['read_note'], permissions: ['tool:read_only'] } },
  roles: Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [
      `role-${n}`,
      { servers: { file: { allowed_tools: ['read_note'], permissions: ['tool:read_only'] } } },
    ]),
  ),
  tenants: { acme: { servers: { file: { allowed_tools: ['read_note'], permissions: ['tool:read_only'] } } } },
  subjects: Array.from({ length: 1_000 }, (_, n) => ({
    id: `corp:user-${n}`,
    tenant: 'acme',
    roles: [`role-${n % 20}`],
  })),
})
const whole = effectivePolicy('file', file.servers.file, peopleOfFile(file)).ceiling
const plain = effectivePolicy('file', file.servers.file).ceiling
const caller = principal({ id: 'corp:user-999', tenant: 'acme', auth: 'oauth', can: ['tool:read_only'] })
const call = aCall({ caller, tool: aTool() })
const bounds = {
  rates: new Map([
    ['read_note', perMinute(1_000_000)],
    ['*', perMinute(1_000_000)],
  ]),
  concurrent: new Map([['*', 100]]),
  budgets: { windowMs: 60_000, rows: 1e12, bytes: 1e12, domains: 100 },
}
const limits = { caller: bounds, tenants: new Map([['acme', bounds]]) }
const backing = await store()
const shared = sharedLedger({
  config: { address: backing.address, replicas: 2, on_outage: 'deny' },
  elapsed: () => performance.now(),
  onEvent: () => undefined,
})
await shared.ready
let late = 0
// On a full machine the store may not answer within its 250 ms: the call is made again, and the round is not the best.
const inTime = async (step: () => unknown): Promise<unknown> => {
  try {
    return await step()
  } catch (thrown) {
    if (!(thrown instanceof Denial && thrown.code === 'busy') || ++late > 50) throw thrown
    await delay(thrown.retryAfterMs)
    return inTime(step)
  }
}
const limited = (ledger: typeof shared | ReturnType<typeof localLedger>) => {
  const rate = rateLimit({ current: () => limits, ledger })
  const counts = meter({ current: () => limits, ledger, cost: () => ({ rows: 100, domains: ['example.com'] }) })
  let n = 0
  return async () => {
    const one = { ...call, id: `call-${n++}` }
    await inTime(() => rate(one))
    await inTime(() => counts.reserve(one, {}))
    await counts.settle(one, { rows: 10, bytes: 100 })
  }
}
const [guardPlain, guardWhole] = [capabilities(() => plain), capabilities(() => whole)]
const present = (authorization: string, dpop: readonly string[] = []) =>
  authenticate({ authorization: [authorization], dpop })
const mustBe = async (ok: boolean, answer: ReturnType<typeof present>) => {
  const got = await answer
  if (got.ok !== ok) throw new Error(got.ok ? 'a forgery came in' : got.reason)
}

const SIDES: readonly [name: string, call: () => Promise<unknown>, credentials?: Many][] = [
  ['API key', () => mustBe(true, present(`Bearer ${key.raw}`))],
  ['JWT, seen before', () => mustBe(true, present(`Bearer ${good}`))],
  ['JWT, new', () => mustBe(true, present(`Bearer ${fresh.next()}`)), fresh],
  ['JWT, forged signature', () => mustBe(false, present(`Bearer ${forged.next()}`)), forged],
  [
    'JWT seen before, with a DPoP proof',
    () => {
      const [at, text = ''] = proofs.next().split(' ')
      return mustBe(true, present(`DPoP ${withProof[Number(at)]}`, [text]))
    },
    proofs,
  ],
  ['policy, ceiling alone', async () => guardPlain(call)],
  ['policy, 20 roles and 1 000 subjects', async () => guardWhole(call)],
  ['rate, places and budgets in memory', limited(localLedger(() => performance.now()))],
  ['the same in a shared store', limited(shared)],
]
console.log('| before the work | µs a call, best of three rounds | × API key |\n|---|--:|--:|')
const best = new Map<string, number>()
for (let round = 0; round < ROUNDS; round++)
  for (const [name, each, credentials] of SIDES) {
    credentials?.sign()
    const { perSecond } = await measure({ name, cpu: () => process.cpuUsage().user / 1_000, call: each }, TOTAL, 1)
    best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, 1e6 / perSecond))
  }
for (const [name, us] of best)
  console.log(`| ${name} | ${us.toFixed(1)} | ${(us / (best.get('API key') ?? us)).toFixed(1)} |`)
if (late > 0) console.log(`\n${late} times the store did not answer within 250 ms`)
shared.close()
await backing.stop()
keys.close()

const at = await stand()
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
const steady = at.forge.token()
const known = () => ask({ url: at.served.url }, { authorization: `Bearer ${steady}` }, list)
await known()
let flooding = true
let floods = 0
const side = { name: 'legitimate', cpu: () => process.cpuUsage().user / 1_000, call: known }
console.log('\n| legitimate callers, 4 at a time | calls/s | p50 ms | p99 ms |\n|---|--:|--:|--:|')
const quiet = await measure(side, 400, 4)
const flood = Array.from({ length: 8 }, async () => {
  while (flooding) {
    await ask({ url: at.served.url }, { authorization: `Bearer ${at.forge.token().slice(0, -6)}AAAAAA` }, list)
    floods += 1
  }
})
const flooded = await measure(side, 400, 4)
flooding = false
await Promise.all(flood)
for (const [name, { perSecond, p50Ms, p99Ms }] of [
  ['quiet', quiet],
  [`under a flood of ${floods} forged tokens, 8 at a time, made in this very process`, flooded],
] as const)
  console.log(`| ${name} | ${perSecond.toFixed(0)} | ${p50Ms.toFixed(1)} | ${p99Ms.toFixed(1)} |`)
await at.close()
rmSync(dir, { recursive: true })
process.exit(0)
