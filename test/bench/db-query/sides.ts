// The servers that the benchmark compares, each started as its own documentation says: ours, a bare SDK server, and dbhub.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connect, type Reach, serving, type TestClient } from '@hardened-mcp/testkit/clients'
import { command, serveOverHttp } from '@hardened-mcp/testkit/command'

/** A question, and how to put it to each of the servers. dbhub binds no parameters: it gets `literal`. */
export type Question = Readonly<{ sql: string; params: readonly unknown[]; literal: string; paged: boolean }>
export type Running = Readonly<{
  name: string
  pid: number
  ask(question: Question): Promise<void>
  end(): Promise<unknown>
}>
export const TRANSPORTS = ['stdio', 'HTTP'] as const
export type Transport = (typeof TRANSPORTS)[number]

const PAGE_ROWS = 1000

export async function ours(transport: Transport, file: string, dir: string): Promise<Running> {
  const policy = join(dir, 'policy.yaml')
  // Limits of rate and working time are not what is measured.
  writeFileSync(
    policy,
    `version: 1
servers:
  db-query:
    allowed_tools: [query_sql]
    permissions: ['tool:read_only', 'resource:local']
    rate_limits: { '*': { per_minute: 1000000, burst: 100000 } }
    deadline_seconds: 60
    resources: { work_seconds_per_minute: 3600, databases: [{ name: facts, file: ${JSON.stringify(file)}, tables: '*' }] }
`,
  )
  const args = ['db-query', '--policy', policy, '--audit', join(dir, `audit-${transport}`)]
  const ask = (client: TestClient) => async (question: Question) => {
    const input = { sql: question.sql, params: question.params, ...(question.paged ? { max_rows: PAGE_ROWS } : {}) }
    let answer = await answerOf(client, 'query_sql', input)
    while (question.paged && nextOf(answer) !== undefined)
      answer = await answerOf(client, 'query_sql', { ...input, cursor: nextOf(answer) })
  }
  if (transport === 'stdio') {
    const client = await connect('v1', serving(...args))
    return { name: 'ours', pid: client.pid() ?? 0, ask: ask(client), end: client.close }
  }
  const keys = join(dir, 'keys.json')
  const minted = await command(['keys', 'mint', '--keys', keys, '--name', 'bench', '--ttl', '1d'])
  const { key } = JSON.parse(minted.stdout) as { key: string }
  const server = await serveOverHttp([...args, '--http', '127.0.0.1:0', '--keys', keys])
  const client = await connect('v1', { url: server.url, key })
  return { name: 'ours', pid: server.pid, ask: ask(client), end: () => client.close().then(() => server.stop()) }
}

/** The same query in process with better-sqlite3. */
export function bare(transport: Transport, file: string): Promise<Running> {
  const program = [join(import.meta.dirname, 'bare.ts'), file, ...(transport === 'stdio' ? [] : ['http'])]
  return theirs('bare', program, transport, (client, { sql, params }) => answerOf(client, 'query_sql', { sql, params }))
}

const DBHUB = '@bytebase/dbhub@1.4.0'

/** Installs dbhub under `dir` and returns its program. Its drivers for other databases are left out. */
export async function installDbhub(dir: string): Promise<string> {
  const args = ['install', '--prefix', dir, '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', DBHUB]
  await promisify(execFile)('npm', args)
  return join(dir, 'node_modules/@bytebase/dbhub/dist/index.js')
}

export function dbhub(transport: Transport, file: string, dir: string, program: string): Promise<Running> {
  const config = join(dir, 'dbhub.toml')
  writeFileSync(
    config,
    `[[sources]]\nid = "facts"\ndsn = "sqlite://${file}"\n[[tools]]\nname = "execute_sql"\nsource = "facts"\nreadonly = true\n`,
  )
  const reach =
    transport === 'stdio' ? ['--transport', 'stdio'] : ['--transport', 'http', '--host', '127.0.0.1', '--port', '0']
  return theirs('dbhub', [program, '--config', config, ...reach], transport, (client, { literal }) =>
    answerOf(client, 'execute_sql', { sql: literal }),
  )
}

async function theirs(
  name: string,
  program: readonly string[],
  transport: Transport,
  put: (client: TestClient, question: Question) => Promise<unknown>,
): Promise<Running> {
  const ask = (client: TestClient) => async (question: Question) => {
    await put(client, question)
  }
  if (transport === 'stdio') {
    const client = await connect('v1', { node: program })
    return { name, pid: client.pid() ?? 0, ask: ask(client), end: client.close }
  }
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = await urlSaidBy(child)
  // dbhub says the address of its page first; MCP is beside it.
  const reach: Reach = { url: name === 'dbhub' ? new URL('/mcp', said).href : said, key: 'none' }
  const client = await connect('v1', reach)
  return { name, pid: child.pid ?? 0, ask: ask(client), end: () => client.close().then(() => ended(child)) }
}

function urlSaidBy(child: ChildProcess): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    const hear = (chunk: unknown) => {
      said += String(chunk)
      const url = /http:\/\/\S+:[0-9]+\/(?:mcp)?\s/.exec(said)?.[0].trim()
      if (url !== undefined) resolve(url.replace('localhost', '127.0.0.1'))
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.on('exit', (code) => reject(new Error(`Ended with ${code}: ${said}`)))
  })
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill()
  await gone
}

type Answer = Readonly<{ truncated?: { next?: string } }>
const nextOf = ({ truncated }: Answer) => truncated?.next

async function answerOf(client: TestClient, tool: string, input: Record<string, unknown>): Promise<Answer> {
  const { isError, structuredContent, content } = await client.call(tool, input)
  if (isError === true) throw new Error(JSON.stringify(content))
  return structuredContent ?? {}
}
