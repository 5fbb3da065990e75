// Prometheus' view of a real server that real clients call: what is counted, what never becomes a label, and who may read it.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect } from '@hardened-mcp/testkit/clients'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'
import { commandLine, descendants } from '@hardened-mcp/testkit/processes'

const dir = mkdtempSync(join(tmpdir(), 'metrics-'))
const keysFile = join(dir, 'keys.json')
const SECRET = 'zebra-quartz-7731'
const HOSTILE = [
  'a"} 1\nevil_total{x="',
  'x'.repeat(60),
  '../../etc/passwd',
  'read_text_file\u202e',
  'mcp_secret_tool',
  '',
]
let server: RunningServer
let key = ''

before(async () => {
  mkdirSync(join(dir, 'docs'))
  writeFileSync(join(dir, 'docs', 'note.txt'), `${SECRET}\n`)
  const minted = await command([...['keys', 'mint', '--keys', keysFile, '--name', SECRET, '--tenant', 'acme']])
  key = (JSON.parse(minted.stdout) as { key: string }).key
  server = await serveOverHttp([
    ...['file', '--root', `docs=${join(dir, 'docs')}`, '--keys', keysFile, '--audit', join(dir, 'audit')],
    ...['--http', '127.0.0.1:0', '--workers', '2', '--metrics', '127.0.0.1:0'],
  ])
  figures = await metricsOf(server)
})
after(async () => {
  await server.stop()
  rmSync(dir, { recursive: true })
})

/** The line that says where comes on a way of its own, and may be a moment later. */
async function metricsOf(running: RunningServer): Promise<string> {
  for (let waited = 0; waited < 300; waited += 1) {
    const url = /"metrics":"(http:[^"]+)"/.exec(running.stderr())?.[1]
    if (url !== undefined) return url
    await new Promise((turn) => setTimeout(turn, 100))
  }
  return assert.fail('no line says where the figures are')
}
let figures = ''
const metricsUrl = () => figures

type Got = Readonly<{ status: number; type: string; body: string }>
const get = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<Got>((resolve, fail) => {
    const asked = request(url, { method, headers, agent: false }, (answer) => {
      let body = ''
      answer.on('data', (chunk) => (body += String(chunk)))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', body }),
      )
    })
    asked.on('error', fail).end()
  })
/** Past the half second for which a text is kept. */
const scrape = async () => {
  await new Promise((resolve) => setTimeout(resolve, 600))
  return (await get(metricsUrl())).body
}
const value = (text: string, series: string) => {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}
const call = (credential: string, name: string, args: object) =>
  new Promise<number>((resolve, fail) => {
    const headers = {
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      authorization: `Bearer ${credential}`,
    }
    const asked = request(server.url, { method: 'POST', headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }
    asked.on('error', fail).end(JSON.stringify(message))
  })

suite('metrics of a running server', () => {
  test('calls of real clients are counted by tool and by how they end', async () => {
    const client = await connect('v2-auto', { url: server.url, key })
    for (let n = 0; n < 3; n += 1) await client.call('read_text_file', { path: 'docs:/note.txt' })
    const refused = await client.call('read_text_file', { path: 'docs:/../../etc/passwd' })
    assert.equal(refused.isError, true)
    await client.close()
    const text = await scrape()
    const of = (labels: string) => value(text, `hardened_mcp_calls_total{${labels},server="file"}`)
    assert.equal(of('tool="read_text_file",decision="allow",code="ok"'), 3)
    assert.equal(of('tool="read_text_file",decision="deny",code="path_denied"'), 1)
    assert.equal(value(text, 'hardened_mcp_call_duration_seconds_count{server="file",tool="read_text_file"}'), 4)
    assert.ok((value(text, 'hardened_mcp_answer_bytes_total{tool="read_text_file",server="file"}') ?? 0) > 60)
    assert.equal(value(text, 'hardened_mcp_workers{state="alive",server="file"}'), 2)
    assert.equal(value(text, 'hardened_mcp_workers_started_total{server="file"}'), 2)
    assert.equal(value(text, 'hardened_mcp_audit_healthy{server="file"}'), 1)
    assert.ok((value(text, 'hardened_mcp_audit_records_total{server="file"}') ?? 0) >= 8)
    assert.ok((value(text, 'hardened_mcp_audit_free_bytes{server="file"}') ?? 0) > 0)
    assert.equal(value(text, 'hardened_mcp_policy_info{policy="flags",server="file"}'), 1)
    assert.equal(value(text, 'hardened_mcp_ready{server="file"}'), 1)
    assert.ok((value(text, 'process_resident_memory_bytes{server="file"}') ?? 0) > 1e6)
  })

  test('failed authentications are counted, those too that are throttled and not recorded', async () => {
    const before = value(await scrape(), 'hardened_mcp_auth_failures_total{failure="invalid",server="file"}') ?? 0
    const wrong = `mcp_${'A'.repeat(43)}`
    const answers = []
    for (let n = 0; n < 25; n += 1) answers.push(await call(wrong, 'x', {}))
    assert.deepEqual(new Set(answers), new Set([401, 429]))
    const text = await scrape()
    assert.equal(value(text, 'hardened_mcp_auth_failures_total{failure="invalid",server="file"}'), before + 25)
  })

  test('hostile names and arguments are no labels: every unknown tool is one series', async () => {
    // The flood itself may raise alerts: one series for each rule, and the rules are ours.
    const series = (text: string) => text.split('\n').filter((line) => !line.startsWith('hardened_mcp_alerts_total'))
    const before = series(await scrape()).length
    for (let n = 0; n < 300; n += 1) {
      const name = n < HOSTILE.length ? (HOSTILE[n] as string) : `tool_${n}_${SECRET}`
      await call(key, name, { path: SECRET, [SECRET]: name })
    }
    const text = await scrape()
    assert.ok(
      (value(text, 'hardened_mcp_calls_total{tool="unknown",decision="deny",code="unknown_tool",server="file"}') ??
        0) >= 290,
    )
    for (const word of [SECRET, 'evil', 'passwd', 'secret_tool', 'acme', 'k_'])
      assert.ok(!text.includes(word), `the text holds ${word}`)
    assert.ok(series(text).length <= before + 2, 'new series')
    for (const line of text.split('\n')) assert.match(line, /^[ -~]*$/)
  })

  test('a worker that is killed is counted, and the one that takes its place', async () => {
    const killed = () =>
      scrape().then((text) => value(text, 'hardened_mcp_workers_ended_total{end="crashed",server="file"}'))
    const started = () => scrape().then((text) => value(text, 'hardened_mcp_workers_started_total{server="file"}'))
    assert.deepEqual([await killed(), await started()], [0, 2])
    const [worker] = workersOf(server.pid)
    process.kill(worker as number, 'SIGKILL')
    for (let waited = 0; (await started()) !== 3; waited += 1) assert.ok(waited < 50, 'no new worker')
    assert.equal(await killed(), 1)
  })
})

suite('who may read them', () => {
  const paths: readonly [path: string, status: number][] = [
    ['/metrics', 200],
    ['/healthz', 200],
    ['/readyz', 200],
    ['/mcp', 404],
    ['/', 404],
    ['/metrics?x=1', 404],
    ['/__proto__', 404],
  ]
  test('three paths and no other, none of them on the port of the callers', async () => {
    for (const [path, status] of paths) assert.equal((await get(new URL(path, metricsUrl()).href)).status, status, path)
    assert.equal((await get(metricsUrl(), {}, 'POST')).status, 405)
    assert.equal((await get(new URL('/metrics', server.url).href)).status, 404)
    assert.match((await get(metricsUrl())).type, /^text\/plain; version=0\.0\.4/)
  })

  test('a name of somebody else, and a page of a browser, get nothing', async () => {
    const port = new URL(metricsUrl()).port
    const hosts: readonly [host: string, status: number][] = [
      [`127.0.0.1:${port}`, 200],
      [`localhost:${port}`, 200],
      [`[::1]:${port}`, 200],
      [`rebound.example:${port}`, 421],
      ['127.0.0.1.rebound.example', 421],
    ]
    for (const [host, status] of hosts) assert.equal((await get(metricsUrl(), { host })).status, status, host)
    assert.equal((await get(metricsUrl(), { origin: 'https://page.example' })).status, 403)
  })

  test('off loopback it wants to be told who reads, and nobody else gets an answer', async () => {
    const args = ['file', '--root', join(dir, 'docs'), '--audit', join(dir, 'audit-2'), '--keys', keysFile]
    const open = await command(['serve', ...args, '--metrics', '0.0.0.0:0'])
    assert.equal(open.code, 78)
    assert.match(open.stderr, /need the networks that may read them \(--metrics-from CIDR\)/)
    const wrong = await command(['serve', ...args, '--metrics', 'metrics.example:9464'])
    assert.match(wrong.stderr, /must be ADDRESS:PORT/)
    const outside = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
    const told = await serveOverHttp([
      ...args,
      '--http',
      '127.0.0.1:0',
      '--metrics',
      '0.0.0.0:0',
      '--metrics-from',
      '127.0.0.2/32',
    ])
    try {
      const { port } = new URL(await metricsOf(told))
      await assert.rejects(get(`http://127.0.0.1:${port}/metrics`), /hang up|ECONNRESET/)
      if (outside !== undefined) await assert.rejects(get(`http://${outside}:${port}/metrics`), /hang up|ECONNRESET/)
    } finally {
      await told.stop()
    }
  })

  test('without the flag nothing listens', async () => {
    const args = ['file', '--root', join(dir, 'docs'), '--audit', join(dir, 'audit-3'), '--keys', keysFile]
    const quiet = await serveOverHttp([...args, '--http', '127.0.0.1:0'])
    try {
      assert.equal(listening(quiet.pid), 1)
      assert.ok(!quiet.stderr().includes('"metrics"'))
      assert.equal(listening(server.pid), 2)
    } finally {
      await quiet.stop()
    }
  })
})

const workersOf = (pid: number) => descendants(pid).filter((child) => commandLine(child).includes('worker.ts'))

/** How many TCP ports a server's front listens on. */
function listening(pid: number): number {
  const front = descendants(pid).find((child) => commandLine(child).includes('front.ts'))
  const own = readdirSync(`/proc/${front}/fd`).map((fd) => readlinkSync(`/proc/${front}/fd/${fd}`))
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${front}/net/${table}`, 'utf8').split('\n'))
  const fields = rows.map((row) => row.trim().split(/\s+/))
  return fields.filter(([, , , state, , , , , , inode]) => state === '0A' && own.includes(`socket:[${inode}]`)).length
}
