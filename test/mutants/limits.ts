// Breaks of what bounds how much: places, budgets and hosts, the counts in memory and in the store, and the broker's exchange.
import type { Mutant } from './mutants.ts'

const CORE = 'packages/security-core/src/limits'
const HOST = 'packages/host/src/limits'
const METER = { file: `${CORE}/meter.ts`, tests: [`${CORE}/meter.test.ts`] }
const LEDGER = { file: `${CORE}/ledger.ts`, tests: [`${CORE}/ledger.test.ts`] }
const SHARED = { file: `${HOST}/shared-ledger.ts`, tests: [`${HOST}/shared-ledger.test.ts`] }
const SCRIPT = { ...SHARED, file: `${HOST}/ledger-script.ts` }
const OPEN = { file: `${HOST}/open-ledger.ts`, tests: [`${HOST}/open-ledger.test.ts`] }
const BROKER = { file: 'packages/host/src/identity/credential-broker.ts', tests: ['test/access/broker.test.ts'] }

type Row = readonly [find: string, replace: string, because: string]
const of = (where: Pick<Mutant, 'file' | 'tests'>, rows: readonly Row[]): readonly Mutant[] =>
  rows.map(([find, replace, because]) => ({ ...where, find, replace, because }))

export const LIMIT_MUTANTS: readonly Mutant[] = [
  ...of(METER, [
    ['held.delete(call.id)', '', 'what was given back is given back again'],
    ['...entriesOf(call, cost, tenant, tenants.get(tenant)),', '', 'what a tenant may use in all is not counted'],
    [
      '2 * call.tool.budget.deadlineMs + SLACK_MS',
      'call.tool.budget.deadlineMs',
      'a place is free while its call works',
    ],
    ["|| entry.key.startsWith('egress ')", '', 'what was sent out is given back'],
    ["[call.tool.name, '*']", '[call.tool.name]', 'places for all tools together are not counted'],
    ["entry?.kind === 'slot'", 'false', 'a full house is told as a budget'],
    ['(used?.rows ?? 0)', '0', 'rows cost nothing'],
    ['(used?.bytes ?? 0)', '0', 'bytes cost nothing'],
    ['new Set(cost.domains)', 'new Set(cost.domains?.slice(0, 1))', 'only the first host of a call counts'],
    ['taken.give ?? options.ledger.give', 'options.ledger.give', 'what was taken here is given back elsewhere'],
    ['`${tenant}\\n${id}`', 'id', 'callers of two tenants share their places'],
    ['amount: amounts[kind], windowMs', 'amount: 1, windowMs', 'a call reserves less than it may use'],
  ]),
  ...of(LEDGER, [
    ['known.has(entry.member) ||', '', 'a host that is known is refused when the list is full'],
    ['Math.max(0, at - bucket.at)', '(at - bucket.at)', 'a counter that goes back empties the bucket'],
    ['if (until <= at) held.delete(id)', 'if (until < at) held.delete(id)', 'a place is free a millisecond late'],
    [
      'if (longest >= 0) return',
      'for (const entry of longest < 0 ? [] : entries) count(entry, at)\n      if (longest >= 0) return',
      'a refused call takes',
    ],
    ["if (entry.kind === 'slot') slots.get(entry.key)?.delete(entry.id)", '', 'places never come back'],
    ['entry.amount > entry.most ? 0 :', '', 'a wait is promised to a call that never fits'],
    [
      'if (alive(table, other, at).size === 0) table.delete(other)',
      'table.delete(other)',
      'a flood of names frees every place',
    ],
    [
      'if (at - since > entry.windowMs) buckets.delete(key)',
      'buckets.delete(key)',
      'a flood of names refills every budget',
    ],
    [
      'alive(slots, entry.key, at).size >= entry.most',
      'alive(slots, entry.key, at).size > entry.most',
      'one place too many',
    ],
  ]),
  ...of(SHARED, [
    ["if (config.on_outage === 'deny')\n", 'if (false)\n', 'an operator who said deny gets a part'],
    [
      'alone.take(entries.map((entry) => partOf(entry, config.replicas)))',
      'alone.take(entries)',
      'in an outage each replica hands out all of it',
    ],
    [
      'notBefore = elapsed() + AGAIN_MS',
      'notBefore = Number.POSITIVE_INFINITY',
      'a store that was gone once is never asked again',
    ],
    [
      'Math.floor(entry.most / replicas)',
      'Math.ceil(entry.most / replicas)',
      'in an outage the parts are more than the whole',
    ],
    ['entry.intervalMs * replicas', 'entry.intervalMs', 'in an outage the rate doubles with each replica'],
  ]),
  ...of(SCRIPT, [
    [
      'if blocking > 0 then return {blocking, math.ceil(longest)} end',
      '',
      'the store takes whatever stands in the way',
    ],
    [
      "if redis.call('ZCARD', key) >= entry.most then wait = 0 end",
      "if redis.call('ZCARD', key) > entry.most then wait = 0 end",
      'the store has one place too many',
    ],
    [
      "if entry.kind == 'slot' then redis.call('ZREM', KEYS[i], entry.id) end",
      '',
      'places of the store never come back',
    ],
    [
      "if entry.kind == 'budget' then move(entry, KEYS[i], -entry.amount) end",
      '',
      'budgets of the store are never given back',
    ],
    [
      '- entry.toleranceMs - now',
      '- entry.toleranceMs - entry.intervalMs - now',
      'the store lets one call too many through',
    ],
    [
      'math.max(now, arrival(entry, key)) + entry.intervalMs',
      'now + entry.intervalMs',
      'the store forgets what was taken before',
    ],
    ["if not redis.call('ZSCORE', key, entry.member) and", 'if', 'the store refuses a host that is known'],
    [
      "if tonumber(held[2]) > now then redis.call('HSET', key, 'a', now) end",
      '',
      'a store whose clock was set back refills nothing',
    ],
    ['local age = math.max(0, now - tonumber(held[2]))', 'local age = 0', 'the store never refills'],
  ]),
  ...of(OPEN, [
    ['if (config === undefined) return', 'if (config !== null) return', 'replicas count each for itself'],
    ['performance.now()', 'Date.now()', 'setting the clock refills every budget'],
    ['trouble: () => shared.trouble()', 'trouble: () => undefined', 'nobody hears that limits are not shared'],
  ]),
  ...of(BROKER, [
    [
      'scope.filter((each) => most.includes(each) && inbound.scopes.includes(each))',
      'scope.filter((each) => most.includes(each))',
      'a caller gets scope that its token does not have',
    ],
    [
      'most.includes(each) && inbound.scopes.includes(each)',
      'inbound.scopes.includes(each)',
      'a server is asked with more scope than the operator gave',
    ],
    [
      'Object.hasOwn(config.targets, resource) ? config.targets[resource] : undefined',
      'config.targets[resource] ?? []',
      'a server that nobody listed is asked about',
    ],
    [
      'narrowed.length !== scope.length || scope.length === 0',
      'scope.length === 0',
      'a call goes on with less scope than it asked for',
    ],
    ['if (answer.status !== 200)', 'if (answer.status >= 500)', 'a refusal of the issuer is read as a token'],
    ['if (!given.every((each) => asked.includes(each)))', 'if (false)', 'an issuer widens the scope'],
    ["type.toLowerCase() !== 'bearer'", 'false', 'a bound token is sent as a plain one'],
    ['!TOKEN68.test(token)', 'false', 'text of the issuer gets into a header'],
    ['Math.min(KEEP_MS, lifeMs - SLACK_MS)', 'lifeMs - SLACK_MS', 'a token is kept for a day'],
    ['lifeMs - SLACK_MS)', 'lifeMs)', 'a token ends on its way'],
    ['elapsed() >= kept.until', 'false', 'a token that is over is sent'],
    [
      "[inbound.token, resource, ...narrowed].join(' ')",
      "[resource, ...narrowed].join(' ')",
      "a caller is given another caller's token",
    ],
    [
      "[inbound.token, resource, ...narrowed].join(' ')",
      "[inbound.token, ...narrowed].join(' ')",
      'a token for one server is sent to another',
    ],
    [
      "[inbound.token, resource, ...narrowed].join(' ')",
      '[inbound.token, resource].join()',
      'a narrow call is made with a wide token',
    ],
    [
      'authorization: `Bearer ${kept.token}`',
      'authorization: `Bearer ${inbound.token}`',
      "the caller's own token is passed on",
    ],
    ["randomBytes(8).toString('hex')", "'b7ad6b7169203331'", 'the next server cannot tell the spans apart'],
  ]),
]
