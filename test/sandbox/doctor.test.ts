// Containers that were started weaker than the manifest: the doctor that looks at Docker and the host names each layer, whatever the file says.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { parse, stringify } from 'yaml'
import { deploy, freshState, prepare, ROOT, run, STATE } from './machine.ts'
import type { Compose, Service } from './probing.ts'

const ENV = { MCP_RUNTIME: 'runc', NODE: process.execPath }

before(
  async () => {
    await prepare()
    await freshState()
    await deploy('up', ['--sample'], ENV)
  },
  { timeout: 900_000 },
)
after(async () => {
  await deploy('down')
})

suite('doctor, containers weaker than their manifest', { timeout: 300_000 }, () => {
  test('each layer that one container lacks turns its line in the view of Docker, and none in that of the file', async () => {
    const compose = parse(readFileSync(join(ROOT, 'deploy/compose.yaml'), 'utf8'), { merge: true }) as Compose
    const file = compose.services['file'] as Service
    Object.assign(file, {
      read_only: false,
      cap_add: ['NET_RAW'],
      security_opt: ['seccomp=unconfined', 'apparmor=unconfined'],
      ipc: 'private',
      pid: 'host',
      user: '0:0',
      tmpfs: ['/tmp:noexec'],
      environment: { SECRET: 'in the open' },
      ports: ['18999:8080'],
      dns: ['192.0.2.1'],
      extra_hosts: ['inside:192.0.2.2'],
      restart: 'always',
      logging: { driver: 'json-file' },
      stop_grace_period: '2s',
      ulimits: {},
      sysctls: { 'net.ipv4.ip_default_ttl': '65' },
    })
    for (const limit of ['mem_limit', 'memswap_limit', 'pids_limit', 'cpus', 'cap_drop']) delete file[limit]
    file.volumes.push({ type: 'bind', source: '/etc', target: '/host-etc', read_only: true })
    const weak = join(STATE, 'weak.yaml')
    writeFileSync(weak, stringify(compose, { version: '1.1' }))
    // It runs as root: with state of somebody else it would not start, and a container that does not run has no address.
    await run('chown', ['-R', '0:0', ...['audit/file', 'labels', 'keys'].map((name) => join(STATE, name))])
    await deploy('compose', ['up', '-d', '--no-deps', 'file'], { ...ENV, MCP_COMPOSE: weak })
    const seen = await wrong()
    const expected = ['call_filter', 'capabilities', 'drain', 'environment', 'host_paths', 'kernel_settings', 'limit_cpu', 'limit_files', 'limit_memory', 'limit_pids', 'limit_swap', 'log_rotation', 'names', 'namespaces', 'no_core_dumps', 'no_new_privileges', 'no_resolver', 'no_shared_memory', 'own_kernel', 'published_ports', 'restart', 'root_read_only', 'security_options', 'tmp_covered', 'user'] // biome-ignore format: one list
    assert.deepEqual(seen.filter((line) => line.startsWith('docker ')).toSorted(), expected.map((id) => `docker ${id} bad`)) // biome-ignore format: one call
    assert.deepEqual(seen.filter((line) => line.startsWith('compose ')), ['compose own_kernel bad']) // biome-ignore format: one call
  })

  test('a firewall that is gone, a key that others read, an old review and a stopped container are named', async () => {
    await deploy('firewall', ['del'])
    await run('chmod', ['0644', join(STATE, 'keys/keys.json')])
    await deploy('compose', ['stop', '-t', '1', 'db-query'], ENV)
    try {
      const seen = await wrong('--reviewed', '2020-01-31')
      for (const id of ['firewall', 'keys_private', 'audit_reviewed', 'containers_run'])
        assert.ok(seen.includes(`host ${id} bad`), `${id} of ${seen.join(', ')}`)
      assert.ok(seen.includes('in db-query inside unknown'))
    } finally {
      await deploy('firewall', ['add'])
    }
  })
})

async function wrong(...flags: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await run(join(ROOT, 'deploy/doctor'), ['--json', ...flags], { env: ENV })
  assert.notEqual(stdout, '', stderr)
  return stdout.trimEnd().split('\n').flatMap((line) => {
    const { view, id, verdict } = JSON.parse(line) as Record<string, string>
    return verdict === 'ok' ? [] : [`${view} ${id} ${verdict}`]
  }) // biome-ignore format: one chain
}
