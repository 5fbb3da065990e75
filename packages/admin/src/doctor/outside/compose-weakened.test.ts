// Every layer of the shipped compose file, taken out by one line: the line of the doctor that names it turns, and no other. Clean, all hold.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { readCompose } from './compose-file.ts'
import { judgeDeployment } from './rule.ts'
import { RULES } from './rules.ts'

const DEPLOY = join(import.meta.dirname, '../../../../../deploy')
const shipped = readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8')
const dir = mkdtempSync(join(tmpdir(), 'doctor-compose-'))
after(() => rmSync(dir, { recursive: true }))

const ENVIRONMENT = { MCP_SECCOMP: join(DEPLOY, '../seccomp'), MCP_STATE: '/srv/mcp/state', MCP_DATA: '/srv/mcp/data' }
let files = 0
function judged(text: string, environment: Readonly<Record<string, string>> = {}): readonly string[] {
  const file = join(dir, `${files++}.yaml`)
  writeFileSync(file, text)
  return judgeDeployment(readCompose(file, { ...ENVIRONMENT, ...environment }), RULES).flatMap(({ id, verdict }) =>
    verdict === 'ok' ? [] : [`${id} ${verdict}`],
  )
}
/** Puts `line` into the named service, as its first. */
const into = (service: string, line: string) =>
  shipped.replace(new RegExp(`^  ${service}:.*\n`, 'm'), (head) => `${head}    ${line}\n`)
const changed = (from: string, to: string) => shipped.replace(from, to)

// What was done, the file, what turns. Each file differs from the shipped one in one line.
const WEAKENED: readonly (readonly [name: string, text: string, turns: string])[] = [
  ['another runtime', changed('runtime: ${MCP_RUNTIME:-runsc}', 'runtime: runc'), 'own_kernel bad'],
  ['root', changed('user: "65532:65532"', 'user: "0:0"'), 'user bad'],
  ["root's group", changed('user: "65532:65532"', 'user: "65532:0"'), 'user bad'],
  ['no user', changed('  user: "65532:65532"\n', ''), 'user bad'],
  ['privileged', into('file', 'privileged: true'), 'privileged bad'],
  ['capabilities as Docker has them', changed('  cap_drop: ["ALL"]\n', ''), 'capabilities bad'],
  ['one capability back', into('fetch', 'cap_add: [NET_RAW]'), 'capabilities bad'],
  ['setuid programs', changed('["no-new-privileges:true", "seccomp=${MCP_SECCOMP:-../seccomp}/file.json"]', '["seccomp=${MCP_SECCOMP:-../seccomp}/file.json"]'), 'no_new_privileges bad'],
  ['no-new-privileges said, and denied', changed('security_opt: ["no-new-privileges:true"]', 'security_opt: ["no-new-privileges:false"]'), 'no_new_privileges bad'],
  ['no filter', changed('seccomp=${MCP_SECCOMP:-../seccomp}/db-query.json', 'seccomp=unconfined'), 'call_filter bad'],
  ["Docker's filter", changed(', "seccomp=${MCP_SECCOMP:-../seccomp}/file.json"', ''), 'call_filter bad'],
  ['the filter of another server', changed('seccomp=${MCP_SECCOMP:-../seccomp}/db-query.json', 'seccomp=${MCP_SECCOMP}/fetch.json'), 'call_filter bad'],
  ['a filter that is not there', changed('seccomp=${MCP_SECCOMP:-../seccomp}/db-query.json', 'seccomp=/nowhere.json'), 'call_filter unknown'],
  ['AppArmor off', changed('["no-new-privileges:true"]', '["no-new-privileges:true", "apparmor=unconfined"]'), 'security_options bad'],
  ['/proc unmasked', changed('["no-new-privileges:true"]', '["no-new-privileges:true", "systempaths=unconfined"]'), 'security_options bad'],
  ["the host's processes", into('file', 'pid: host'), 'namespaces bad'],
  ["the host's user namespace", into('file', 'userns_mode: host'), 'namespaces bad'],
  ["another's processes", into('file', 'pid: "service:gateway"'), 'namespaces bad'],
  ['shared memory', changed('  ipc: none', '  ipc: private'), 'no_shared_memory bad'],
  ['a sysctl', into('gateway', 'sysctls: { net.ipv4.ip_forward: "1" }'), 'kernel_settings bad'],
  ['a device', into('db-query', 'devices: ["/dev/kvm:/dev/kvm"]'), 'kernel_settings bad'],
  ["Docker's group", into('file', 'group_add: ["999"]'), 'kernel_settings bad'],
  ['swap', changed('  memswap_limit: 1024m', '  memswap_limit: 2g'), 'limit_swap bad'],
  ['endless processes', changed('  pids_limit: 256', '  pids_limit: -1'), 'limit_pids bad'],
  ['far too many processes', changed('    pids_limit: 64', '    pids_limit: 100000'), 'limit_pids bad'],
  ['all of the processor', changed('  cpus: 1.0\n', ''), 'limit_cpu bad'],
  ['core dumps', changed('ulimits: { core: 0, nofile', 'ulimits: { core: -1, nofile'), 'no_core_dumps bad'],
  ['files without limit', changed('nofile: { soft: 4096, hard: 4096 }', 'nofile: { soft: 4096, hard: -1 }'), 'limit_files bad'],
  ['always up', changed('  restart: "on-failure:5"', '  restart: always'), 'restart bad'],
  ['killed at once', changed('  stop_grace_period: 12s', '  stop_grace_period: 1s'), 'drain bad'],
  ['endless logs', changed('options: { max-size: "10m", max-file: "3" }', 'options: { max-file: "3" }'), 'log_rotation bad'],
  ['no logs', changed('driver: json-file', 'driver: none'), 'log_rotation bad'],
  ['a root to write to', changed('  read_only: true', '  read_only: false'), 'root_read_only bad'],
  ['data to write to', changed('target: /data, read_only: true', 'target: /data'), 'nothing_writable bad'],
  ['verdicts to write to', changed('target: /approvals/verdicts, read_only: true', 'target: /approvals/verdicts'), 'nothing_writable bad'],
  ['a short volume to write to', changed('    volumes:\n', '    volumes:\n      - /srv/more:/more\n'), 'nothing_writable bad'],
  ['/tmp as gVisor makes it', changed('  tmpfs: ["/tmp:ro,noexec,nosuid,nodev,size=4k"]\n', ''), 'tmp_covered bad'],
  ['/tmp to run from', changed('/tmp:ro,noexec,nosuid', '/tmp:ro,nosuid'), 'tmp_covered bad'],
  ['another tmpfs to write to', changed('size=4k"]', 'size=4k", "/scratch:noexec,nosuid,nodev"]'), 'tmp_covered bad'],
  ["Docker's socket", changed('    volumes:\n', '    volumes:\n      - /var/run/docker.sock:/docker.sock:ro\n'), 'host_paths bad'],
  ['the whole host', changed('    volumes:\n', '    volumes:\n      - /:/host:ro\n'), 'host_paths bad'],
  ["the host's /var", changed('    volumes:\n', '    volumes:\n      - /var:/var-of-host:ro\n'), 'host_paths bad'],
  ["another's volumes", into('gateway', 'volumes_from: ["file:ro"]'), 'nothing_writable bad,host_paths bad'],
  ['mounts passed on', changed('target: /data, read_only: true', 'target: /data, read_only: true, bind: { propagation: rshared }'), 'propagation bad'],
  ['a secret in the environment', into('db-query', 'environment: { MCP_KEY: abc }'), 'environment bad'],
  ['an option of Node in the environment', into('file', 'environment: ["NODE_OPTIONS=--inspect"]'), 'environment bad'],
  ['an environment from a file', into('fetch', 'env_file: ./secrets.env'), 'environment bad'],
  ['another program', into('fetch', 'entrypoint: ["/bin/sh"]'), 'entrypoint bad'],
  ['no sandbox', changed('        serve,\n        file,\n', '        serve,\n        file, --sandbox, none,\n'), 'server_arguments bad'],
  ['no keys', changed('        --keys,\n        /etc/hardened-mcp/keys/keys.json,\n        --http,\n        "172.30.2', '        --http,\n        "172.30.2'), 'server_arguments bad'],
  ['listening everywhere', changed('"172.30.1.10:8080"', '"0.0.0.0:8080"'), 'server_arguments bad'],
  ['everybody may say where a request came from', changed('172.30.1.2/32', '0.0.0.0/0'), 'trusted_peers bad'],
  ['everybody may use the proxy', changed('        172.30.5.16/28,', '        172.30.0.0/16,'), 'trusted_peers bad'],
  ['whatever is the latest', changed('hardened-mcp/file:${MCP_TAG:-local}', 'hardened-mcp/file:latest'), 'image bad'],
  ["another server's image", changed('hardened-mcp/file:${MCP_TAG:-local}', 'hardened-mcp/fetch:local'), 'image bad'],
  ['a port of a server', into('db-query', 'ports: ["127.0.0.1:9000:8080"]'), 'published_ports bad'],
  ['the gateway on every address', changed('"${MCP_BIND:-127.0.0.1}:${MCP_PORT:-8443}:8443"', '"8443:8443"'), 'published_ports bad'],
  ['the gateway on every address, in the long form', changed('["${MCP_BIND:-127.0.0.1}:${MCP_PORT:-8443}:8443"]', '[{ target: 8443, published: "8443" }]'), 'published_ports bad'],
  ['a server on the internet', changed('  mcp-db:\n    internal: true\n', '  mcp-db:\n'), 'networks_internal bad'],
  ['fetch beside a server', changed('{ mcp-file: { ipv4_address: 172.30.2.10 } }', '{ mcp-file: { ipv4_address: 172.30.2.10 }, mcp-fetch: {} }'), 'networks_apart bad'],
  ['fetch past its proxy', changed('mcp-proxy: { ipv4_address: 172.30.5.10 } }', 'mcp-proxy: { ipv4_address: 172.30.5.10 }, mcp-egress: {} }'), 'networks_apart bad'],
  ['a bridge that the firewall does not know', changed('bridge.name: mcp-file0', 'bridge.name: br-file'), 'networks_known bad'],
  ['IPv6', changed('  mcp-file:\n    internal: true\n', '  mcp-file:\n    internal: true\n    enable_ipv6: true\n'), 'networks_known bad'],
  ['a network of somebody else', changed('  mcp-file:\n    internal: true\n', '  mcp-file:\n    internal: true\n    external: true\n'), 'networks_known bad'],
  ["Docker's resolver", changed('  dns: ["127.0.0.1"]', '  dns: ["8.8.8.8"]'), 'no_resolver bad'],
  ['the host by name', into('fetch', 'extra_hosts: ["host.docker.internal:host-gateway"]'), 'names bad'],
  ['a setting that nobody judged', into('file', 'post_start: [{ command: ["/bin/true"], user: root }]'), 'known_settings unknown'],
  ['a service that nobody judged', changed('services:\n', 'services:\n  cache: { image: "a/cache:7", user: "999:999", read_only: true, cap_drop: [ALL], security_opt: ["no-new-privileges:true"], mem_limit: 9m, memswap_limit: 9m, pids_limit: 9, cpus: 1, ulimits: { core: 0, nofile: 9 }, logging: { driver: local }, networks: [mcp-egress] }\n').replace('  mcp-egress:', '  mcp-own: { internal: true, driver_opts: { com.docker.network.bridge.name: mcp-own0 } }\n  mcp-egress:').replace('networks: [mcp-egress]', 'networks: [mcp-own]'), 'known_settings unknown'],
  ['another file', `include: [other.yaml]\n${shipped}`, 'known_settings unknown'],
] // biome-ignore format: a table

suite('the compose file', () => {
  test('holds every layer as it is shipped, the whole and each copy for one server', () => {
    for (const name of ['compose.yaml', 'compose.db-query.yaml', 'compose.file.yaml', 'compose.fetch.yaml'])
      assert.deepEqual(judged(readFileSync(join(DEPLOY, name), 'utf8')), [], name)
  })

  for (const [name, text, turns] of WEAKENED)
    test(`${name}: ${turns}`, () => {
      assert.notEqual(text, shipped, 'the line was not found')
      assert.deepEqual(judged(text), turns.split(','))
    })

  test('memory without limit turns the line of swap too, because there is nothing to compare', () =>
    assert.deepEqual(judged(changed('  mem_limit: 1024m', '  mem_limit: 0')), ['limit_memory bad', 'limit_swap bad']))

  test('the environment and the file .env count as they do for compose', () => {
    assert.deepEqual(judged(shipped, { MCP_RUNTIME: 'runc' }), ['own_kernel bad'])
    assert.deepEqual(judged(shipped, { MCP_BIND: '0.0.0.0' }), ['published_ports bad'])
    writeFileSync(join(dir, '.env'), 'MCP_RUNTIME=runc\n')
    assert.deepEqual(judged(shipped), ['own_kernel bad'])
    assert.deepEqual(judged(shipped, { MCP_RUNTIME: 'runsc' }), [], 'the environment wins')
    rmSync(join(dir, '.env'))
  })

  test('what an operator may change passes: another place, another address, a digest, a tag, a smaller limit, labels', () => {
    assert.deepEqual(judged(shipped, { MCP_BIND: '192.0.2.7', MCP_PORT: '443', MCP_TAG: 'v1.2.3' }), [])
    assert.deepEqual(judged(changed('hardened-mcp/file:${MCP_TAG:-local}', `registry.example.com:5000/hardened-mcp/file@sha256:${'a'.repeat(64)}`)), []) // biome-ignore format: one line
    assert.deepEqual(judged(changed('  mem_limit: 1024m', '  mem_limit: "536870912"').replace('  memswap_limit: 1024m', '  memswap_limit: 512m')), []) // biome-ignore format: one line
    assert.deepEqual(judged(into('file', 'labels: { owner: docs }')), [])
    assert.deepEqual(judged(into('file', 'x-note: mine')), [])
    assert.deepEqual(judged(changed('  runtime: ${MCP_RUNTIME:-runsc}', '  runtime: runsc-seccomp').replaceAll(/(\/[a-z-]+)\.json"\]/g, '$1.gvisor.json"]')), []) // biome-ignore format: one line
  })
})
