// Hostile texts wherever a client can put one, sent to real servers: each line of trail and log stays one ASCII line of known form.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { HOSTILE_TEXTS } from '@hardened-mcp/testkit'
import { COMMAND, command, serveOverHttp } from '@hardened-mcp/testkit/command'
import { argumentHash } from '@hardened-mcp/host/admin'
import Database from 'better-sqlite3'
import { raw } from '../../packages/host/src/mcp/fixture/http.ts'

const base = mkdtempSync(join(realpathSync(tmpdir()), 'log-injection-'))
const at = (...names: string[]) => join(base, ...names)
mkdirSync(at('docs'))
writeFileSync(at('docs', 'a.txt'), 'a')
new Database(at('shop.sqlite')).exec('CREATE TABLE t (id INTEGER PRIMARY KEY)').close()

/** Where the text of a call goes, by server. Nearly all of them are refused or fail. */
const CALLS = {
  file: {
    tool: 'read_text_file',
    args: (text: string) => ({ path: text }),
    resources: `{ roots: [{ name: docs, path: ${at('docs')} }] }`,
    permissions: '["tool:read_only", "resource:local", "sys:file_read"]',
  },
  'db-query': {
    tool: 'query_sql',
    args: (text: string) => ({ sql: `SELECT '${text}' FROM "${text}"` }),
    resources: `{ databases: [{ name: shop, file: ${at('shop.sqlite')}, tables: { t: {} } }] }`,
    permissions: '["tool:read_only", "resource:local"]',
  },
  fetch: {
    tool: 'fetch_url',
    args: (text: string) => ({ url: `https://docs.example.com/${text}` }),
    resources: '{ allow: [docs.example.com] }',
    permissions: '["tool:read_only", "tool:network", "resource:remote"]',
  },
} as const
type Call = (typeof CALLS)[keyof typeof CALLS]

/** The flags of a server that grants one tool, and never says that a caller asks too often. */
function grants(name: string, { tool, resources, permissions }: Call): string[] {
  const policy = at(`${name}.yaml`)
  const section = `allowed_tools: [${tool}], permissions: ${permissions}, rate_limits: { "*": 100000 }, resources: ${resources}`
  writeFileSync(policy, `version: 1\nservers:\n  ${name}: { ${section} }\n`)
  return [name, '--policy', policy]
}

let key = ''
before(async () => {
  const minted = await command(['keys', 'mint', '--name', 'tester', '--ttl', '1h', '--keys', at('keys.json')])
  key = /mcp_[A-Za-z0-9_-]+/.exec(minted.stdout)?.[0] ?? ''
})
after(() => rmSync(base, { recursive: true }))

const message = (method: string, params: object, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })

let calls = 0
const callId = () => `call-${(calls += 1)}`

/** Everything in a message that a client chooses, and bodies that are no message. */
const bodies = (text: string, { tool, args }: Call) => [
  message('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: text, version: text } }),
  message('initialize', { protocolVersion: text, capabilities: {}, clientInfo: { name: 'x', version: '1' } }),
  message('tools/call', { name: tool, arguments: args(text) }, callId()),
  message('tools/call', { name: tool, arguments: args(text), _meta: { traceparent: text, [text]: text } }, callId()),
  message('tools/call', { name: tool, arguments: { [text]: text } }, callId()),
  message('tools/call', { name: text, arguments: {} }, callId()),
  message('tools/call', { name: tool, arguments: args(text), _meta: { progressToken: text } }, text),
  message('resources/read', { uri: text }),
  message(text, {}),
  `{"jsonrpc":"2.0","id":1,"method":"tools/call",${JSON.stringify(text)}:1,${text}`,
  text,
]

/** Everything in the head of a request that a client chooses, byte for byte. */
function heads(text: string, host: string): string[] {
  const good = {
    Host: host,
    Authorization: `Bearer ${key}`,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
  }
  const named = [
    'User-Agent',
    'traceparent',
    'Authorization',
    'Origin',
    'Host',
    'Content-Type',
    'Mcp-Session-Id',
    'MCP-Protocol-Version',
  ]
  const headOf = (fields: object, target = '/mcp') =>
    `POST ${target} HTTP/1.1\r\n${Object.entries({ ...fields, Connection: 'close' })
      .map(([name, value]) => `${name}: ${value}`)
      .join('\r\n')}`
  return [
    ...named.map((name) => headOf({ ...good, [name]: text })),
    headOf({ ...good, Authorization: `Bearer ${text}` }),
    headOf({ ...good, [text]: 'x' }),
    headOf(good, `/${text}`),
  ]
}

type Line = Readonly<Record<string, unknown>>

/** Every line of a log: one of the command's own, or an event of known form. */
function logged(stderr: string): readonly Line[] {
  assert.match(stderr, /^[ -~\n]*$/)
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('hardened-mcp: '))
  return lines.map((line) => {
    const read = JSON.parse(line) as Line
    assert.deepEqual(Object.keys(read), ['level', 'time', 'name', 'pid', 'event', 'fields'])
    assert.equal(JSON.stringify(read).replace(/[^ -~]/g, escaped), line, 'no key stands there twice')
    return read
  })
}

const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Every line of a trail that verifies. */
async function recorded(dir: string): Promise<readonly Line[]> {
  const { code, stdout } = await command(['audit', 'verify', dir])
  assert.equal(code, 0, stdout)
  const files = readdirSync(dir).filter((name) => name.endsWith('.jsonl'))
  return files.flatMap((name) => {
    const text = readFileSync(join(dir, name), 'latin1')
    assert.match(text, /^[ -~\n]*$/)
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
  })
}

/** The arguments of every call stand in the trail as their hash, however odd they are. */
async function mustHoldCalls(records: readonly Line[], name: string, dir: string, tenant: string): Promise<void> {
  const { tool, args } = CALLS[name as keyof typeof CALLS]
  const ends = records.filter(({ type }) => type !== 'tool_call.request')
  for (const text of TEXTS) {
    const hash = await argumentHash(dir, tenant, args(text))
    const found = ends.filter((record) => record['args'] === hash && record['tool'] === tool)
    assert.ok(found.length >= CALL_BODIES, JSON.stringify(text).slice(0, 80))
  }
}

const TEXTS = HOSTILE_TEXTS.map(([, text]) => text)
const CALL_BODIES = 2 // of each text carry these arguments

suite('hostile texts over stdio', { timeout: 300_000 }, () => {
  for (const [name, call] of Object.entries(CALLS))
    test(name, async () => {
      const dir = at(`${name}-stdio`)
      const lines = TEXTS.flatMap((text) => bodies(text, call)).filter((line) => !/[\n\r]/.test(line))
      const { stderr, code } = await overStdio([...grants(name, call), '--audit', dir], lines)
      assert.equal(code, 0, stderr)
      assert.ok(logged(stderr).some(({ event }) => event === 'serving'))
      const records = await recorded(dir)
      await mustHoldCalls(records, name, dir, 'local')
      const clients = records.flatMap(({ client }) => (typeof client === 'string' ? [client] : []))
      assert.ok(clients.length > 0 && clients.every((client) => /^[!-~]{1,64}$/.test(client)))
    })
})

const CALL_ID = /"id":"(call-\d+)"/

/** Sends all lines, waits until every call is answered, and ends the input. */
function overStdio(
  flags: readonly string[],
  lines: readonly string[],
): Promise<{ stderr: string; code: number | null }> {
  const child = spawn(process.execPath, [COMMAND, 'serve', ...flags], { stdio: 'pipe' })
  const due = new Set(lines.flatMap((line) => CALL_ID.exec(line)?.[1] ?? []))
  let stderr = ''
  child.stderr.on('data', (chunk) => void (stderr += String(chunk)))
  createInterface(child.stdout).on('line', (line) => {
    due.delete(CALL_ID.exec(line)?.[1] ?? '')
    if (due.size === 0) child.stdin.end()
  })
  for (const line of lines) child.stdin.write(`${line}\n`)
  return new Promise((resolve, fail) => {
    child.on('error', fail)
    child.on('close', (code) => resolve({ stderr, code }))
  })
}

suite('hostile texts over HTTP', { timeout: 300_000 }, () => {
  test('in every body, and byte for byte in the head of a request', async () => {
    const dir = at('file-http')
    const flags = [...grants('file', CALLS.file), '--http', '127.0.0.1:0', '--keys', at('keys.json'), '--audit', dir]
    const server = await serveOverHttp(flags)
    const { host } = new URL(server.url)
    const send = (head: string, body: string) =>
      raw(server.url, Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)).catch(
        () => 'closed',
      )
    const good = heads('x', host)[0] ?? ''
    let answers = 0
    for (const text of TEXTS) {
      for (const body of bodies(text, CALLS.file)) answers += (await send(good, body)).startsWith('HTTP/1.1 ') ? 1 : 0
      await Promise.all(heads(text, host).map((head) => send(head, message('tools/list', {}))))
    }
    assert.equal(answers, TEXTS.length * bodies('', CALLS.file).length, 'each body is answered')
    const { stderr } = await server.stop()
    assert.ok(logged(stderr).some(({ event }) => event === 'serving'))
    await mustHoldCalls(await recorded(dir), 'file', dir, 'default')
  })
})
