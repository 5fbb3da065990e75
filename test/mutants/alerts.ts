// Breaks of what notices, tells, holds and switches off: detector, suppression, quarantine, canaries, kill switch, webhook.
import type { Mutant } from './mutants.ts'

const core = (name: string, ...tests: readonly string[]) => ({
  file: `packages/security-core/src/alerts/${name}.ts`,
  tests: (tests.length === 0 ? [name] : tests).map((test) => `packages/security-core/src/alerts/${test}.test.ts`),
})
const host = (name: string) => ({
  file: `packages/host/src/alerts/${name}.ts`,
  tests: [`packages/host/src/alerts/${name}.test.ts`],
})

export const ALERT_MUTANTS: readonly Mutant[] = [
  {
    ...core('detector'),
    find: 'JSON.stringify([tenant, caller])',
    replace: 'JSON.stringify([caller])',
    because: 'the same id in another tenant counts for this one',
  },
  {
    ...core('detector'),
    find: 'caller === undefined || tenant === undefined ? undefined',
    replace: "caller === undefined || tenant === undefined ? 'anonymous'",
    because: 'what nobody verified is counted for somebody',
  },
  {
    ...core('detector'),
    find: 'if (n < most) return undefined',
    replace: 'if (n <= most) return undefined',
    because: 'a threshold is one too high',
  },
  {
    ...core('detector'),
    find: 'part * 100 < percent * whole',
    replace: 'part * 100 <= percent * whole',
    because: 'half of the calls is not enough for half',
  },
  {
    ...core('detector'),
    find: 'if (at - since >= windowMs) things.delete(old)',
    replace: 'if (at < since) things.delete(old)',
    because: 'different names add up for ever',
  },
  {
    ...core('rules', 'detector'),
    find: "'quarantined', 'switched_off']\nconst REFUSALS",
    replace: "'switched_off']\nconst REFUSALS",
    because: 'the quarantine feeds itself',
  },
  {
    ...core('rules', 'detector'),
    find: "except: ['quarantined', 'switched_off', 'approval_required', ...SERVER_FAULTS]",
    replace: "except: ['quarantined', 'switched_off', 'approval_required']",
    because: 'an outage puts every caller into quarantine',
  },
  {
    ...core('sliding-counts', 'detector'),
    find: 'window.counts[gone % STEPS] = 0',
    replace: 'void gone',
    because: 'a window never forgets',
  },
  {
    ...core('sliding-counts', 'detector'),
    find: 'if (kept.size > most)',
    replace: 'if (kept.size < 0)',
    because: 'the table of callers grows without end',
  },
  {
    ...core('suppression'),
    find: 'if (isSame || room.told >= PER_RULE)',
    replace: 'if (room.told >= PER_RULE)',
    because: 'the same alert is told again and again',
  },
  {
    ...core('suppression'),
    find: '|| room.told >= PER_RULE',
    replace: '',
    because: 'a thousand callers flood the operator',
  },
  {
    ...core('alerts'),
    find: "if (event.type === 'alert.raised') note(event)",
    replace: "if (event.type === 'config.loaded') note(event)",
    because: 'alerts of other parts reach nobody',
  },
  {
    ...core('alerts'),
    find: 'callEach(counting, alert)\n    const told = quiet.admit(alert)\n    if (told === undefined) return',
    replace: 'const told = quiet.admit(alert)\n    if (told === undefined) return\n    callEach(counting, alert)',
    because: 'what is held back is not counted',
  },
  {
    ...core('quarantine'),
    find: 'const keyOf = ({ tenant, id }: Who) => JSON.stringify([tenant, id])',
    replace: 'const keyOf = ({ tenant }: Who) => JSON.stringify([tenant])',
    because: 'one caller gets its whole tenant locked out',
  },
  {
    ...core('quarantine'),
    find: 'waitMs <= 0) return allow()',
    replace: 'waitMs > 0) return allow()',
    because: 'whoever is in quarantine passes',
  },
  {
    ...core('kill-switch'),
    find: "if (state === 'broken') return deny",
    replace: "if (state === 'broken') return allow() ?? deny",
    because: 'a switch that cannot be read is off',
  },
  {
    ...core('kill-switch'),
    find: "if (judge(call).verdict !== 'allow') off.abort()",
    replace: 'void judge(call)',
    because: 'what runs goes on when it is switched off',
  },
  {
    ...core('kill-switch'),
    find: 'if (off.signal.aborted) must(judge(call))',
    replace: 'void off',
    because: 'what ended while it was switched off goes out',
  },
  {
    ...core('kill-switch'),
    find: '(tenant === undefined || tenant === call.caller.tenant) &&',
    replace: '',
    because: 'a tenant that is switched off stops all others',
  },
  {
    ...core('canaries'),
    find: "if (bait?.test(result.text) === true) await touched(call, 'canary_value', 'A canary value stood in the answer')",
    replace: '',
    because: 'bait goes out unseen',
  },
  {
    ...core('canaries'),
    find: "if (refuse) throw new Denial('policy_denied', err)",
    replace: '',
    because: 'bait goes out although the operator said refuse',
  },
  {
    ...core('canaries'),
    find: "join('|'), 'i')",
    replace: "join('|'))",
    because: 'lower() hides a bait value',
  },
  {
    ...host('kill-switch-file'),
    find: "if (state !== 'broken') take('broken',",
    replace: "if (state === 'broken') take('broken',",
    because: 'a broken file leaves on what was on',
  },
  {
    ...host('kill-switch-file'),
    find: 'if (now === stamp) return',
    replace: 'return',
    because: 'the switch is not followed',
  },
  {
    file: 'packages/host/src/outbound/json-post.ts',
    tests: ['packages/host/src/alerts/webhook.test.ts'],
    find: 'answer.status > 299',
    replace: 'answer.status > 399',
    because: 'a redirect counts as heard',
  },
  {
    ...host('webhook'),
    find: 'if (waiting.length >= MAX_WAITING) {',
    replace: 'if (waiting.length < 0) {',
    because: 'a receiver that is gone fills the memory',
  },
  {
    ...host('webhook'),
    find: 'internal: insideHost(config.inside, url, WHAT)',
    replace: "internal: [{ host: url.host, port: url.port, network: '127.0.0.0', prefix: 8 }]",
    because: 'any receiver inside may be dialled',
  },
  {
    file: 'packages/host/src/identity/api-key-store.ts',
    tests: ['packages/host/src/identity/api-key-store.test.ts'],
    find: 'if (entry.canary)',
    replace: 'if (entry.canary && entry.revoked)',
    because: 'a bait key opens the door',
  },
  {
    file: 'packages/security-core/src/alerts/alerts.ts',
    tests: ['packages/security-core/src/alerts/alerts.test.ts'],
    find: 'quiet.admit(alert, alert.caller === undefined)',
    replace: 'quiet.admit(alert, false)',
    because: 'a policy that is refused for a second reason is not told',
  },
  {
    file: 'packages/security-core/src/alerts/alerts.ts',
    tests: ['packages/security-core/src/alerts/alerts.test.ts'],
    find: 'quiet.admit(alert, alert.caller === undefined)',
    replace: 'quiet.admit(alert, true)',
    because: 'one caller makes the same word be told twenty times',
  },
  {
    file: 'packages/admin/src/policy/alert-lint.ts',
    tests: ['packages/admin/src/policy/alert-lint.test.ts'],
    find: 'if (set.most <= possible) return []',
    replace: 'if (set.most <= possible + 1) return []',
    because: 'a threshold one above the limit is not found',
  },
  {
    file: 'packages/admin/src/policy/alert-lint.ts',
    tests: ['packages/admin/src/policy/alert-lint.test.ts'],
    find: 'host.endsWith(name.slice(1))',
    replace: 'host.endsWith(name.slice(2))',
    because: 'bait on a host that only ends alike counts as reachable',
  },
]
