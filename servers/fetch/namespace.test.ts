// The real rules end to end: public addresses on a private wire, traps on every private one, and three recorders outside of our code.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { PROXY, type Report } from './testing/namespace-scenario.ts'
import { ANSWERS, METHODS, nameOf, type Visit, WAYS } from './testing/namespace-visits.ts'
import { haveNamespaces, insideNamespace, NAMES_V4, SITE_V4, SITE_V6 } from './testing/namespace-wire.ts'

suite('in a network namespace', { skip: !haveNamespaces && 'network namespaces are not available here' }, () => {
  let report: Report

  before(() => {
    report = insideNamespace(join(import.meta.dirname, 'testing/namespace-scenario.ts')) as Report
  })

  const judged = (visits: readonly Visit[]) => {
    for (const visit of visits) {
      const seen = report.outcomes[nameOf(visit)] ?? []
      assert.equal(seen.length, visit.times ?? 1, nameOf(visit))
      for (const outcome of seen) assert.ok(visit.ends.includes(outcome), `${nameOf(visit)}: ${outcome}`)
    }
  }

  test('public names and addresses answer over IPv4 and IPv6; every name, literal, redirect and robots.txt that leads inside is refused', () => {
    assert.ok(WAYS.length >= 30, `${WAYS.length} ways`)
    judged(WAYS)
  })

  test('a name that changes with every look-up has answered from the public site and was refused', () => {
    const seen = new Set(report.outcomes['GET https://rebind.example.com/'])
    assert.deepEqual(seen, new Set(['public', 'url_denied address']))
  })

  test('the same holds for HEAD, POST and documents', () => judged(METHODS))

  test('answers that break HTTP, and bombs, end at the limit that is meant for them', () => judged(ANSWERS))

  test('no trap was sprung and no packet went over loopback, by instruments that work', () => {
    assert.deepEqual({ canaries: report.canaries, packets: report.loopbackPackets }, { canaries: 0, packets: 0 })
    assert.equal(report.control.canaries, 1)
    assert.ok(report.control.loopbackPackets > 0)
  })

  test('as strace saw it, the site and the name server were dialled and nobody else', (context) => {
    if (report.dialled === null) return context.skip('strace is not installed')
    assert.deepEqual(report.dialled, [`${SITE_V6}:443`, `${SITE_V4}:443`, `${NAMES_V4}:53`])
  })

  test('through an egress proxy every visit ends as it does without, and no trap is sprung', () => {
    const { outcomes, proxied } = report
    for (const visit of [...WAYS, ...METHODS])
      assert.deepEqual(new Set(proxied.outcomes[nameOf(visit)]), new Set(outcomes[nameOf(visit)]), nameOf(visit))
    assert.equal(proxied.canaries, 0)
  })

  test('as strace saw it, the worker behind a proxy dialled the proxy and nobody else, no name server either', (context) => {
    if (report.proxied.dialled === null) return context.skip('strace is not installed')
    assert.deepEqual(report.proxied.dialled, [PROXY])
  })
})
