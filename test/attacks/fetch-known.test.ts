// What other fetch servers fell to, one test for each: P21 was measured on a published server, 32–43 come from advisories and reports.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { command, serveOverHttp } from '@hardened-mcp/testkit/command'
import {
  haveNamespaces,
  insideNamespace,
  NAMES_V4,
  SITE_V4,
  SITE_V6,
} from '../../servers/fetch/testing/namespace-wire.ts'
import type { Report, Row } from './fetch-known-scenario.ts'

suite('what other fetch servers fell to', {
  skip: !haveNamespaces && 'network namespaces are not available here',
}, () => {
  let report: Report

  before(() => {
    report = insideNamespace(join(import.meta.dirname, 'fetch-known-scenario.ts')) as Report
  })

  /** Every ask of the row ended as it says, and while it was played nobody inside was touched. */
  function held(row: Row, least: number): void {
    const { asks, canaries, loopbackPackets } = report.rows[row] ?? { asks: [], canaries: -1, loopbackPackets: -1 }
    assert.ok(asks.length >= least, `${asks.length} asks`)
    for (const { ask, expect, seen } of asks) assert.equal(seen, expect, ask)
    assert.deepEqual({ canaries, loopbackPackets }, { canaries: 0, loopbackPackets: 0 })
  }

  test('P21 loopback as mapped IPv6, in every spelling, as a literal, a record and a redirect', () => held('P21', 12))
  test('32 the metadata address, a redirect to loopback, and a robots.txt that leads there', () => held('32', 6))
  test('33 a robots.txt that fails or is a bomb is no permission, by any method', () => held('33', 6))
  test('34 CVE-2026-49857 an IPv4 address in any IPv6 dress', () => held('34', 12))
  test('35 a name that changes between check and connection, and a redirect that is followed first', () =>
    held('35', 30))
  test('36 a check of the scheme alone', () => held('36', 10))
  test('37 metadata in two steps: the name of the role, then its credentials', () => held('37', 6))
  test('38 CVE-2026-26118 an identity token of a cloud, with the header it wants', () => held('38', 5))
  test('39 CVE-2026-27826 a request header that chooses another target', () => held('39', 14))
  test('40 CVE-2026-5323 and its kin: the same class in other spellings', () => held('40', 20))
  test('41 CVE-2025-9611 file URLs and local services', () => held('41', 5))
  test('42 a NUL between the allowed name and the one that is dialled', () => held('42', 6))
  test('43 CVE-2026-45609 key sets and introspection go through the same guard', () => held('43', 9))

  test('as strace saw all of its processes, the server dialled the public site and the name server', (context) => {
    if (report.dialled === null) return context.skip('strace is not installed')
    assert.deepEqual(report.dialled, [`${SITE_V6}:443`, `${SITE_V4}:443`, `${NAMES_V4}:53`])
  })

  test('the instruments work: one connection of our own is counted by both', () => {
    assert.equal(report.control.canaries, 1)
    assert.ok(report.control.loopbackPackets > 0)
  })

  test('no answer and no refusal of the server names an address inside', () => assert.deepEqual(report.leaks, []))
})

test('41 CVE-2025-9611 a web page of a stranger cannot speak to the server', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fetch-known-'))
  const keys = join(folder, 'keys.json')
  const { stdout } = await command(['keys', 'mint', '--keys', keys, '--name', 'test', '--ttl', '1d'])
  const { key } = JSON.parse(stdout) as { key: string }
  const args = ['fetch', '--allow', 'docs.example.com', '--audit', join(folder, 'audit')]
  const server = await serveOverHttp([...args, '--http', '127.0.0.1:0', '--keys', keys])
  const post = (headers: readonly string[]) =>
    spawnSync('curl', [
      ...['-s', '-o', '/dev/null', '-w', '%{http_code}', '-X', 'POST', '--max-time', '20', server.url],
      ...['-H', `Authorization: Bearer ${key}`, '-H', 'Content-Type: application/json'],
      ...['-H', 'Accept: application/json, text/event-stream', ...headers.flatMap((header) => ['-H', header])],
      ...['-d', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}'],
    ]).stdout.toString()
  try {
    assert.equal(post(['Origin: https://evil.example']), '403')
    assert.equal(post(['Origin: null']), '403')
    assert.equal(post(['Host: evil.example']), '421')
    assert.equal(post([]), '200')
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})
