// What is in the images, and what is not: traced files of root, one addon, no shell, no npm, a bill of materials, layers that build again the same.
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { docker, must, prepare, ROOT, run } from './machine.ts'

const SERVERS = ['db-query', 'file', 'fetch'] as const
const IMAGES = [...SERVERS, 'egress-proxy'] as const
const MAX_MIB = 160 // Node itself is 121 of them
const MAX_FILES = 1250 // node modules of OAuth and metrics, the commands of audit, policy, manifest and doctor among them; 1171 for file

before(prepare, { timeout: 900_000 })

for (const server of IMAGES) {
  suite(`image ${server}`, { timeout: 300_000 }, () => {
    const image = `hardened-mcp/${server}:local`
    let entries: readonly string[] = [] // as tar lists them: mode, owner, size, date, time, path

    before(async () => {
      entries = await listing(image)
    })

    test('holds no shell, no package manager, no test, no source of native code', () => {
      const banned =
        /(?:^|\/)(?:sh|bash|dash|busybox|npm|npx|apt|dpkg|perl|python3?)$|\.test\.[jt]s$|^app\/(?:packages|servers|deploy)\/.*(?<!\.d)\.ts$|\/(?:fixture|testing)\/|\.(?:c|cc|h|gyp)$/
      assert.deepEqual(
        entries.filter((entry) => banned.test(pathOf(entry))),
        [],
      )
    })

    test('holds one executable and, where the driver needs it, one addon', () => {
      const runnable = entries.filter((entry) => /^-..x/.test(entry)).map(pathOf)
      const ofDocker = /^(?:\.dockerenv|dev\/console|etc\/(?:hostname|hosts|resolv\.conf))$/ // `docker create` adds them
      const library = /\.so(?:\.|$)|^usr\/lib\/|^lib\//
      assert.deepEqual(
        runnable.filter((path) => !library.test(path) && !ofDocker.test(path)),
        ['nodejs/bin/node'],
      )
      const addons = entries.map(pathOf).filter((path) => path.endsWith('.node'))
      assert.equal(addons.length, server === 'db-query' ? 1 : 0, addons.join(' '))
    })

    test('holds only its own worker', () => {
      const workers = entries.map(pathOf).filter((path) => /^app\/servers\/[^/]+\/worker\.js$/.test(path))
      assert.deepEqual(workers, server === 'egress-proxy' ? [] : [`app/servers/${server}/worker.js`])
    })

    test('belongs to root below /app, where nobody else may write', () => {
      const app = entries.filter((entry) => pathOf(entry).startsWith('app/') && !entry.startsWith('l'))
      assert.ok(app.length > 50)
      assert.deepEqual(
        app.filter((entry) => !/^[-d].{4}-.{2}-.\s+0\/0\s/.test(entry)),
        [],
      )
    })

    test('runs as a user of its own, within its budget, with a bill of materials', async () => {
      assert.equal(await docker('inspect', '-f', '{{.Config.User}}', image), '65532:65532')
      const mib = Number(await docker('inspect', '-f', '{{.Size}}', image)) / 1024 ** 2
      const files = entries.filter((entry) => entry.startsWith('-') && pathOf(entry).startsWith('app/')).length
      assert.ok(mib < MAX_MIB, `${mib} MiB`)
      assert.ok(files < MAX_FILES, `${files} files`)
      const sbom = JSON.parse(
        await docker(
          'run',
          '--rm',
          '--network',
          'none',
          '--entrypoint',
          '/nodejs/bin/node',
          image,
          '-p',
          'require("fs").readFileSync("/sbom.cdx.json","utf8")',
        ),
      ) as { bomFormat: string; components: { name: string }[] }
      assert.equal(sbom.bomFormat, 'CycloneDX')
      const own = server === 'egress-proxy' ? '@hardened-mcp/host' : `@hardened-mcp/${server}`
      assert.ok(sbom.components.some(({ name }) => name === own))
      assert.equal(
        sbom.components.some(({ name }) => name === 'better-sqlite3'),
        server === 'db-query',
      )
    })

    test('refuses to start without a grant, in one line', async () => {
      const words = server === 'egress-proxy' ? [] : ['serve', server]
      const started = await run('/usr/bin/docker', ['run', '--rm', '--network', 'none', image, ...words])
      assert.equal(started.code, 78)
      assert.equal(started.stderr.trim().split('\n').length, 1)
    })
  })
}

test('the same sources give the same layer', { timeout: 600_000 }, async () => {
  try {
    const once = await layers('hardened-mcp/file:local')
    await must(
      '/usr/bin/docker',
      [
        'build',
        '-q',
        '--no-cache',
        '--target',
        'file',
        '-t',
        'hardened-mcp/file:again',
        '--build-arg',
        'BUILD_BASE=hardened-mcp/build-base:local',
        '--build-arg',
        'RUNTIME_BASE=hardened-mcp/runtime-base:local',
        '--build-arg',
        'EDGE_BASE=hardened-mcp/edge-base:local',
        '--secret',
        'id=extra_ca,src=/etc/ssl/certs/ca-certificates.crt',
        '-f',
        join(ROOT, 'deploy/Dockerfile'),
        ROOT,
      ],
      { env: { DOCKER_BUILDKIT: '1' } },
    )
    assert.deepEqual(await layers('hardened-mcp/file:again'), once)
  } finally {
    await run('/usr/bin/docker', ['rmi', '-f', 'hardened-mcp/file:again'])
  }
})

const layers = async (image: string) => docker('inspect', '-f', '{{json .RootFS.Layers}}', image)

// `docker export` of a container that never ran.
async function listing(image: string): Promise<readonly string[]> {
  const id = await docker('create', image)
  try {
    return (await must('sh', ['-c', `/usr/bin/docker export ${id} | tar -tv --numeric-owner`])).split('\n')
  } finally {
    await docker('rm', id)
  }
}

const pathOf = (entry: string) =>
  entry
    .split(/\s+/)
    .slice(5)
    .join(' ')
    .replace(/ -> .*$| link to .*$/, '')
