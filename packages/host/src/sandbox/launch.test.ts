// Which process gets a network follows from what the policy and the flags name, and from nothing else.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { launchOf, networkOf } from './launch.ts'
import type { Role } from './seccomp-filter.ts'

suite('networkOf()', () => {
  const address = '127.0.0.1:6379'
  const stdio = { transport: { kind: 'stdio' } } as const
  const otlp = { endpoint: 'https://collector.example.com', interval_seconds: 60 }
  const webhook = { url: 'https://hooks.example.com/x' }
  const ROWS: readonly [what: string, config: Parameters<typeof networkOf>[0], front: boolean][] = [
    ['nothing', stdio, false],
    ['HTTP', { transport: { kind: 'http' } }, true],
    ['a webhook', { ...stdio, anomaly: { webhook } as never }, true],
    ['alerts without one', { ...stdio, anomaly: {} as never }, false],
    ['a collector', { ...stdio, telemetry: { otlp } }, true],
    ['figures that nobody asked an address for', { ...stdio, telemetry: { metrics: { tenants: ['acme'] } } }, false],
    ['an address for figures', { ...stdio, metrics: { host: '127.0.0.1', port: 9464 } }, true],
    ['shared limits', { ...stdio, sharedLimits: { address, replicas: 2, on_outage: 'local' } }, true],
    ['shared labels', { ...stdio, taint: { mode: 'enforce', window_minutes: 1, shared: { address } } }, true],
    ['a directory of labels', { ...stdio, taint: { mode: 'enforce', window_minutes: 1, directory: '/l' } }, false],
  ]
  for (const [what, config, front] of ROWS)
    test(`${what}: the front has ${front ? 'a' : 'no'} network, and the worker as it says`, () => {
      assert.deepEqual(networkOf(config, {}), { front, worker: false })
      assert.deepEqual(networkOf(config, { network: true }), { front, worker: true })
    })

  test('what it says is what the wall is told', () => {
    const told = (config: object, network: boolean) => {
      const roles: (Role & { resolves: boolean })[] = []
      launchOf({
        config: { ...stdio, module: import.meta.url, auditDir: '/audit', ...config } as never,
        resources: {},
        worker: {
          entry: import.meta.url,
          memoryMb: 64,
          count: 1,
          fsRead: () => [],
          fsWrite: () => [],
          network,
        } as never,
        sandbox: {
          mode: 'bwrap',
          start(_, { reads }, role) {
            roles.push({ ...role, resolves: reads.includes('/etc/resolv.conf') })
            return { file: '', args: [] }
          },
        },
        onServing: () => undefined,
      })
      return roles.map(({ kind, local, resolves }) => [kind, local, resolves])
    }
    assert.deepEqual(told({}, false), [['front', true, false], ['worker', true, false]]) // biome-ignore format: one table
    assert.deepEqual(told({ telemetry: { otlp } }, false), [['front', false, true], ['worker', true, false]]) // biome-ignore format: one table
    assert.deepEqual(told({}, true), [['front', true, false], ['worker', false, false]]) // biome-ignore format: one table
  })
})
