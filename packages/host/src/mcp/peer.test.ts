// Which addresses count as the client, and which proxies are believed.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { peerOf, proxyList } from './peer.ts'

const from = (remoteAddress: string, headersDistinct: Record<string, string[]> = {}) =>
  ({ socket: { remoteAddress }, headersDistinct }) as unknown as Parameters<typeof peerOf>[0]

const HTTPS = { 'x-forwarded-proto': ['https'] }
const proxies = proxyList(['172.30.0.2/32', 'fd00::/64'])
const address = (peer: ReturnType<typeof peerOf>) =>
  'address' in peer ? peer.address : `rejected ${peer.rejection.status}`

suite('peerOf()', () => {
  const CASES: readonly [name: string, got: ReturnType<typeof peerOf>, expected: string][] = [
    [
      'without a proxy the connection is the truth',
      peerOf(from('203.0.113.9', { 'x-forwarded-for': ['1.2.3.4'] }), undefined),
      '203.0.113.9',
    ],
    ['a mapped IPv4 peer is shown plainly', peerOf(from('::ffff:203.0.113.9'), undefined), '203.0.113.9'],
    ['a listed proxy that says https', peerOf(from('172.30.0.2', HTTPS), proxies), '172.30.0.2'],
    [
      'its last forwarded address counts',
      peerOf(from('172.30.0.2', { ...HTTPS, 'x-forwarded-for': ['1.1.1.1, 198.51.100.7'] }), proxies),
      '198.51.100.7',
    ],
    [
      'a forwarded text that is no address does not',
      peerOf(from('172.30.0.2', { ...HTTPS, 'x-forwarded-for': ['me'] }), proxies),
      '172.30.0.2',
    ],
    ['an IPv6 proxy inside the prefix', peerOf(from('fd00::1', HTTPS), proxies), 'fd00::1'],
    ['an IPv6 peer outside the prefix', peerOf(from('fd00:0:0:1::1', HTTPS), proxies), 'rejected 403'],
    ['the neighbour of a listed proxy', peerOf(from('172.30.0.3', HTTPS), proxies), 'rejected 403'],
    [
      'a listed proxy that says http',
      peerOf(from('172.30.0.2', { 'x-forwarded-proto': ['http'] }), proxies),
      'rejected 403',
    ],
    ['a listed proxy that says nothing', peerOf(from('172.30.0.2'), proxies), 'rejected 403'],
    [
      'a listed proxy that says both',
      peerOf(from('172.30.0.2', { 'x-forwarded-proto': ['https', 'http'] }), proxies),
      'rejected 403',
    ],
    [
      'a proxy chain in one header',
      peerOf(from('172.30.0.2', { 'x-forwarded-proto': ['https,http'] }), proxies),
      'rejected 403',
    ],
  ]
  for (const [name, got, expected] of CASES) test(name, () => assert.equal(address(got), expected))
})

suite('proxyList()', () => {
  for (const bad of ['172.30.0.2', '172.30.0.2/33', 'fd00::/129', 'proxy.local/32', '10.0.0.0/', '10.0.0.0/-1', '']) {
    test(`refuses ${JSON.stringify(bad)}`, () => assert.throws(() => proxyList([bad]), /must be a CIDR/))
  }
})
