// The real rules end to end: public addresses on a private wire, traps on every private one, and three recorders outside of our code.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { NAMES_V4, PROXY, type Report, SITE_V4, SITE_V6 } from './testing/namespace-scenario.ts'

// As root no user namespace is needed; else one is tried.
const flags = process.getuid?.() === 0 ? '-n' : '-rn'
const possible =
  process.platform === 'linux' &&
  spawnSync('unshare', [flags, 'sh', '-c', 'ip link set lo up && command -v nsenter && unshare -n true']).status === 0

suite('in a network namespace', { skip: !possible && 'network namespaces are not available here' }, () => {
  let report: Report

  before(() => {
    const scenario = join(import.meta.dirname, 'testing/namespace-scenario.ts')
    const { stdout, stderr, status } = spawnSync('unshare', [flags, process.execPath, scenario], { timeout: 90_000 })
    assert.equal(status, 0, stderr.toString())
    report = JSON.parse(stdout.toString()) as Report
  })

  test('public names and addresses answer over IPv4 and IPv6', () => {
    for (const url of ['https://good.example.com/', 'https://six.example.com/', `https://${SITE_V4}/`])
      assert.deepEqual(new Set(report.outcomes[url]), new Set(['public']), url)
  })

  test('everything that leads inside is refused', () => {
    const open = ['good.example.com', 'six.example.com', 'rebind.example.com', SITE_V4]
    const others = Object.entries(report.outcomes).filter(([url]) => !open.some((host) => url === `https://${host}/`))
    assert.ok(others.length >= 23, `${others.length} ways`)
    for (const [url, outcome] of others)
      assert.deepEqual(outcome, [url.endsWith('/http') ? 'url_denied scheme' : 'url_denied address'], url)
  })

  test('a name that changes with every look-up answers from the public site or not at all', () => {
    const seen = new Set(report.outcomes['https://rebind.example.com/'])
    assert.deepEqual(seen, new Set(['public', 'url_denied address']))
  })

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
    for (const [url, seen] of Object.entries(outcomes))
      assert.deepEqual(new Set(proxied.outcomes[url]), new Set(seen), url)
    assert.equal(proxied.canaries, 0)
  })

  test('as strace saw it, the worker behind a proxy dialled the proxy and nobody else, no name server either', (context) => {
    if (report.proxied.dialled === null) return context.skip('strace is not installed')
    assert.deepEqual(report.proxied.dialled, [PROXY])
  })
})
