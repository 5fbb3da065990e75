// The process of the container, fenced as there: what it is told strictly, what it lets pass by its own reading of the policy, how it ends.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { settingsOf } from './settings.ts'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'egress-proxy-'))
const policy = join(folder, 'policy.yaml')
const POLICY = (resources: string) => `version: 1
servers: { fetch: { allowed_tools: [fetch_url], permissions: [], resources: ${resources} } }
`
const LISTED = POLICY('{ allow: [docs.example.com], egress_proxy: "127.0.0.1:3128", robots: ignore }')
const args = (...more: string[]) => ['--policy', policy, '--listen', '127.0.0.1:3128', '--client', '127.0.0.1', ...more]

after(() => rmSync(folder, { recursive: true }))

suite('settingsOf()', () => {
  const ROWS = [
    ['no policy file', ['--listen', '127.0.0.1:3128', '--client', '10.0.0.1'], LISTED, /Usage: egress-proxy/],
    ['no client', ['--policy', policy, '--listen', '127.0.0.1:3128'], LISTED, /Usage: egress-proxy/],
    ['a name to listen on', [...args(), '--listen', 'localhost:3128'], LISTED, /Usage: egress-proxy/],
    ['a client network as wide as the world', [...args(), '--client', '0.0.0.0/0'], LISTED, /small network/],
    ['no section for fetch', args('--listen', '127.0.0.1:3128'), 'version: 1\nservers: {}\n', /must have a section/],
    ['an empty list', args('--listen', '127.0.0.1:3128'), POLICY('{ allow: [] }'), /allows no host/],
    ['a misspelt key', args('--listen', '127.0.0.1:3128'), POLICY('{ alow: ["*"] }'), /resources/],
  ] as const
  for (const [what, given, text, expected] of ROWS)
    test(`refuses ${what}`, () => {
      writeFileSync(policy, text)
      assert.throws(() => settingsOf(given), expected)
    })

  test('reads clients of both families, and nobody else is one', () => {
    writeFileSync(policy, LISTED)
    const { isClient } = settingsOf(
      args('--listen', '[::1]:3128', '--client', '172.30.5.0/24', '--client', '2001:db8::1'),
    )
    for (const address of ['127.0.0.1', '172.30.5.10', '2001:db8::1']) assert.equal(isClient(address), true, address)
    for (const address of ['127.0.0.2', '172.30.4.10', '2001:db8::2', ''])
      assert.equal(isClient(address), false, address)
  })
})

suite('the process', () => {
  test('judges by the list it read itself, says so as JSON, and ends on SIGTERM', async () => {
    writeFileSync(policy, LISTED)
    const port = 30_000 + (process.pid % 20_000)
    const fence = ['--permission', '--disable-sigusr1', `--allow-fs-read=${ROOT}/`, `--allow-fs-read=${policy}`]
    const listen = args('--listen', `127.0.0.1:${port}`)
    const child = spawn(process.execPath, [...fence, join(ROOT, 'deploy/egress-proxy/main.ts'), ...listen], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += String(chunk)
    })
    for (let wait = 0; wait < 200 && !said.includes('egress.serving'); wait += 1) await once(child.stderr, 'data')
    const socket = connect(port, '127.0.0.1')
    socket.write('CONNECT other.example.com:443 HTTP/1.1\r\nHost: other.example.com:443\r\n\r\n')
    assert.match(
      String((await once(socket, 'data'))[0]),
      /^HTTP\/1\.1 403 Forbidden\r\nx-egress-refusal: not_allowed\r\n/,
    )
    await once(socket, 'close')
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    const lines = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; fields: object })
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['egress.serving', 'egress.refused'],
    )
    assert.partialDeepStrictEqual(lines[1]?.fields, {
      code: 'not_allowed',
      status: 403,
      host: 'other.example.com',
      port: 443,
    })
  })
})
