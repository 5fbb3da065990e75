// The breaking table: what code that took over a server tries, the layer that refuses it, and the proof that it was that layer.
import { chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { deploy, freshState, gvisorRelease, prepare, ROOT, STATE } from './machine.ts'
import { buildProbe, probeIn, type Weaken } from './probing.ts'

const SERVER = 'db-query'
const HOST_PORT = 18_999
const SECCOMP: Weaken = (service) => {
  service.security_opt = ['no-new-privileges:true', 'seccomp=unconfined']
}

let hostService: ReturnType<typeof createServer> | undefined

before(
  async () => {
    await prepare()
    await freshState()
    await deploy('up', ['--sample'], { MCP_RUNTIME: 'runc' }) // makes state and firewall; the probes run in its place
    await deploy('compose', ['stop', '-t', '12'])
    await buildProbe()
    chmodSync(join(STATE, 'data/db'), 0o777) // so that only the mount can refuse
    hostService = createServer((socket) => socket.end()).listen(HOST_PORT, '0.0.0.0')
  },
  { timeout: 900_000 },
)
after(async () => {
  hostService?.close()
  await deploy('down')
})

// Under gVisor the sandbox's own kernel answers: what it grants, it grants inside itself. `own` says so in the table.
const SECCOMP_ROWS = [
  // name, under runc, runc without seccomp, under gVisor, gVisor with --oci-seccomp
  ['ptrace', 'EPERM', 'ok', 'own', 'EPERM'],
  ['io_uring', 'EPERM', 'ok', 'ENOSYS', 'EPERM'],
  ['userfaultfd', 'EPERM', 'ok', 'ENOSYS', 'EPERM'],
  ['keyctl', 'EPERM', 'ok', 'own', 'EPERM'],
  ['unshare-user', 'EPERM', 'ok', 'own', 'EPERM'],
  ['clone-user', 'EPERM', 'ok', 'own', 'EPERM'],
  ['memfd', 'EPERM', 'ok', 'own', 'EPERM'],
  ['process_vm_readv', 'EPERM', 'ok', 'own', 'EPERM'],
  ['netlink', 'EPERM', 'ok', 'EPROTONOSUPPORT', 'EPERM'],
  ['vsock', 'EPERM', 'ok', 'EAFNOSUPPORT', 'EPERM'],
  ['udp', 'EPERM', 'ok', 'own', 'EPERM'],
  ['bpf', 'EPERM', 'EINVAL', 'EPERM', 'EPERM'],
  ['alg', 'EPERM', 'EAFNOSUPPORT', 'EAFNOSUPPORT', 'EPERM'],
  // refused by the missing capability too
  ['mount', 'EPERM', 'EPERM', 'EPERM', 'EPERM'],
  ['packet', 'EPERM', 'EPERM', 'EPERM', 'EPERM'],
  ['raw-socket', 'EPERM', 'EPERM', 'EPERM', 'EPERM'],
] as const

suite('system calls', { timeout: 300_000 }, () => {
  const columns = [
    ['runc', undefined, 1],
    ['runc', SECCOMP, 2],
    ['runsc', undefined, 3],
    ['runsc-seccomp', gvisorProfile(SERVER), 4],
  ] as const
  for (const [runtime, weaken, column] of columns) {
    const how = weaken === SECCOMP ? ' without the seccomp profile' : ''
    test(`${runtime}${how}: each call is answered as the table says`, async () => {
      const said = await probe(runtime, ['calls'], weaken)
      const expected = SECCOMP_ROWS.map((row) => [row[0], row[column] === 'own' ? 'ok' : row[column]])
      assert.deepEqual(
        SECCOMP_ROWS.map(([name]) => [name, said[name]]),
        expected,
      )
    })
  }
  for (const server of ['file', 'fetch', 'egress-proxy']) {
    for (const runtime of ['runc', 'runsc-seccomp'])
      test(`${runtime}: the profile of ${server} refuses them too`, async () => {
        const weaken = runtime === 'runc' ? () => undefined : gvisorProfile(server)
        const said = await probeIn(server, { runtime, words: ['calls'], weaken })
        const answered = SECCOMP_ROWS.flatMap(([name]) => (said[name] === 'EPERM' ? [] : [`${name} ${said[name]}`]))
        assert.deepEqual(answered, server === 'egress-proxy' ? ['udp ok'] : []) // the proxy asks name servers
      })
  }
})

const REFUSED_WRITE = 'EROFS'
for (const runtime of ['runc', 'runsc'] as const) {
  suite(`files under ${runtime}`, { timeout: 300_000 }, () => {
    test('nothing can be written but the audit folder, and nothing of root or of Docker can be opened', async () => {
      const said = await probe(runtime, ['files'])
      for (const name of ['write-tmp', 'write-var-tmp', 'write-data', 'write-keys'])
        assert.equal(said[name], REFUSED_WRITE, name)
      for (const name of ['write-app', 'write-policy', 'core-pattern']) assert.notEqual(said[name], 'ok', name)
      assert.equal(said['read-roots-file'], 'EACCES')
      assert.equal(said['docker-socket'], 'ENOENT')
      assert.equal(said['write-audit'], 'ok')
    })
    test('without read_only the root can be written', async () => {
      const said = await probe(runtime, ['files'], (service) => {
        service['read_only'] = false
      })
      assert.equal(said['write-var-tmp'], 'ok')
      assert.equal(said['write-data'], REFUSED_WRITE)
    })
    test('without read_only of the data mount the data can be written', async () => {
      const said = await probe(runtime, ['files'], (service) => {
        service.volumes = service.volumes.map((volume) => ({ ...(volume as object), read_only: false }))
      })
      assert.equal(said['write-data'], 'ok')
      assert.equal(said['write-var-tmp'], REFUSED_WRITE)
    })
    test('without the user of its own what belongs to root can be read', async () => {
      const said = await probe(runtime, ['files'], (service) => {
        service['user'] = '0:0'
      })
      assert.equal(said['read-roots-file'], 'ok')
    })
  })
}

// Defects of gVisor that these rows meet, and the releases without them. A row says on what it ran.
const NOEXEC_MAPPED_BEFORE = 20250127 // maps code from a noexec mount
const HANGS_BEFORE = 20250328 // on systrap, when the memory of the container runs out

suite('the temporary folder', { timeout: 300_000 }, () => {
  for (const runtime of ['runc', 'runsc'] as const)
    test(`${runtime}: nothing runs from it: read-only; were it writable, by noexec; without either it does`, async (t) => {
      const shipped = await probe(runtime, ['temporary'])
      assert.deepEqual([shipped['map-tmp'], shipped['exec-tmp']], ['EROFS', 'EROFS'])
      const writable =
        (options: string): Weaken =>
        (service) => {
          service['tmpfs'] = [`/tmp:rw,${options},nosuid,nodev,size=4m,uid=65532`]
        }
      const held = await probe(runtime, ['temporary'], writable('noexec'))
      assert.equal(held['exec-tmp'], 'EACCES')
      const release = await gvisorRelease()
      const defect = runtime === 'runsc' && release < NOEXEC_MAPPED_BEFORE
      if (defect) t.diagnostic(`gVisor ${release} maps code from noexec mounts: the read-only mount alone refuses it`)
      assert.equal(held['map-tmp'], defect ? 'ok' : 'EPERM')
      const open = await probe(runtime, ['temporary'], writable('exec'))
      assert.deepEqual([open['map-tmp'], open['exec-tmp'], open['euid']], ['ok', undefined, '65532'])
    })

  test('gVisor: without the read-only one, there is a writable one of its own', async () => {
    const said = await probe('runsc', ['files'], (service) => {
      delete service['tmpfs']
    })
    assert.equal(said['write-tmp'], 'ok')
  })
})

suite('privileges', { timeout: 300_000 }, () => {
  for (const runtime of ['runc', 'runsc'] as const)
    test(`${runtime}: a setuid program of root runs as the server's user`, async () => {
      assert.equal((await probe(runtime, ['suid']))['euid'], '65532')
    })
  test('runc: without no-new-privileges it runs as root', async () => {
    const said = await probe('runc', ['suid'], (service) => {
      service.security_opt = ['seccomp=unconfined']
    })
    assert.equal(said['euid'], '0')
  })
  for (const runtime of ['runc', 'runsc'] as const) {
    test(`${runtime}: root without capabilities opens no raw socket; with Docker's default ones it does`, async () => {
      const root: Weaken = (service) => {
        service['user'] = '0:0'
        service.security_opt = ['seccomp=unconfined']
      }
      const capable: Weaken = (service, compose) => {
        root(service, compose)
        delete service['cap_drop']
      }
      assert.equal((await probe(runtime, ['calls'], root))['raw-socket'], 'EPERM')
      // gVisor keeps raw sockets off for everybody unless --net-raw: there a second layer holds
      assert.equal((await probe(runtime, ['calls'], capable))['raw-socket'], runtime === 'runc' ? 'ok' : 'EPERM')
    })
  }
})

suite('limits', { timeout: 300_000 }, () => {
  test('runc: a fork bomb ends at the limit of processes; without the limit it goes on', async () => {
    const held = Number((await probe('runc', ['forks']))['forks'])
    assert.ok(held > 0 && held < 256, `${held} processes`)
    const free = await probe('runc', ['forks'], (service) => {
      delete service['pids_limit']
    })
    assert.equal(free['forks'], '600')
  })
  test('gVisor: a fork bomb ends the sandbox or stops at the limit; without the limit it makes them all', async () => {
    const said = await probe('runsc', ['forks'])
    assert.ok(said['forks'] === undefined ? said['exit'] !== '0' : Number(said['forks']) < 256, JSON.stringify(said))
    const free = await probe('runsc', ['forks'], (service) => {
      delete service['pids_limit']
    })
    assert.equal(free['forks'], '600')
  })
  for (const kernel of ['runc', 'gVisor'] as const)
    test(`${kernel}: a memory bomb is killed; without the limit it gets its 1.5 GB`, async (t) => {
      const release = await gvisorRelease()
      const hangs = kernel === 'gVisor' && release < HANGS_BEFORE
      if (hangs) t.diagnostic(`gVisor ${release} hangs on systrap when memory runs out: this row ran on ptrace`)
      const runtime = kernel === 'runc' ? 'runc' : hangs ? 'runsc-ptrace' : 'runsc'
      const held = await probe(runtime, ['memory'])
      assert.deepEqual([held['memory'], held['exit']], [undefined, '137'])
      const free = await probe(runtime, ['memory'], (service) => {
        delete service['mem_limit']
        delete service['memswap_limit']
      })
      assert.equal(free['memory'], 'ok')
    })
})

const REACH = [
  'reach',
  'the-host',
  '172.30.1.1',
  String(HOST_PORT),
  'reach',
  'host-by-another-address',
  '172.30.3.1',
  String(HOST_PORT),
  'reach',
  'metadata',
  '169.254.169.254',
  '80',
  'reach',
  'another-server',
  '172.30.2.10',
  '8080',
]
const OPEN_NETWORK: Weaken = (service) => {
  SECCOMP(service, { services: {}, networks: {} })
}

suite('networks', { timeout: 300_000 }, () => {
  test('runc: the profile of db-query has no connect at all', async () => {
    const said = await probe('runc', REACH)
    for (const name of ['the-host', 'metadata', 'another-server']) assert.equal(said[name], 'EPERM', name)
  })
  for (const runtime of ['runc', 'runsc'] as const) {
    test(`${runtime}: with connect, the network and the firewall still reach nothing`, async () => {
      const said = await probe(runtime, REACH, OPEN_NETWORK)
      for (const name of ['the-host', 'host-by-another-address', 'metadata', 'another-server'])
        assert.ok(['ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH'].includes(said[name] ?? ''), `${name}: ${said[name]}`)
    })
    test(`${runtime}: without the firewall an internal network reaches the host's own services`, async () => {
      await deploy('firewall', ['del'])
      try {
        assert.equal((await probe(runtime, REACH, OPEN_NETWORK))['the-host'], 'ok')
      } finally {
        await deploy('firewall', ['add'])
        await deploy('firewall', ['check'])
      }
    })
  }
})

function gvisorProfile(server: string): Weaken {
  return (service) => {
    service.security_opt = ['no-new-privileges:true', `seccomp=${ROOT}/seccomp/${server}.gvisor.json`]
  }
}

const probe = (runtime: string, words: readonly string[], weaken?: Weaken) =>
  probeIn(SERVER, { runtime, words, ...(weaken === undefined ? {} : { weaken }) })
