// Measures the file server end to end against a bare SDK server and the reference file server: reads, a listing, searches.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Reach, serving, type TestClient } from '@hardened-mcp/testkit/clients'
import { cpuOfTree, header, inTurns, line } from '../bench-kit.ts'

const REFERENCE = '@modelcontextprotocol/server-filesystem@2026.8.31'
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 2)
const only = process.env['BENCH_CASE'] ?? '' // a part of the names of the cases to run
const LARGE = Number(process.env['BENCH_FILES'] ?? 100_000)
const dir = mkdtempSync(join(tmpdir(), 'bench-file-'))
const root = join(dir, 'docs')

function build(): void {
  for (const name of ['list', 'small', 'large']) mkdirSync(join(root, name), { recursive: true })
  const line = `${'a line of text that is sixty-four characters long, as most are'.padEnd(63)}\n`
  writeFileSync(join(root, '1k.txt'), line.repeat(16))
  writeFileSync(join(root, '100k.txt'), line.repeat(1_600))
  writeFileSync(join(root, '5m.txt'), line.repeat(81_920))
  for (let n = 0; n < 1_000; n += 1) writeFileSync(join(root, 'list', `entry-${n}.txt`), '')
  for (const [name, files] of [['small', 2_000], ['large', LARGE]] as const) // biome-ignore format: one row
    for (let n = 0; n < files; n += 1) {
      if (n % 100 === 0) mkdirSync(join(root, name, `d${n / 100}`))
      writeFileSync(
        join(root, name, `d${Math.floor(n / 100)}`, n % (files / 100) === 0 ? `f${n}.found` : `f${n}.md`),
        '',
      )
    }
}

/** What one side is asked. Ours goes on where an answer was cut, until it has all. */
type Case = Readonly<{ name: string; total: number; inFlight: number; ours: Ask; bare: Ask; reference: Ask }>
type Ask = readonly [tool: string, args: Record<string, unknown>]

const absolute = (path: string) => ({ path: join(root, path) })
const read = (path: string): Pick<Case, 'ours' | 'bare' | 'reference'> => ({
  ours: ['read_text_file', { path }],
  bare: ['read_text_file', { path }],
  reference: ['read_text_file', absolute(path)],
})
const search = (path: string): Pick<Case, 'ours' | 'bare' | 'reference'> => ({
  ours: ['search_files', { path, glob: '*.found' }],
  bare: ['search_files', { path, end: '.found' }],
  reference: ['search_files', { ...absolute(path), pattern: '**/*.found' }],
})
const CASES: readonly Case[] = [
  { name: 'read 1 KB', total: 200, inFlight: 1, ...read('1k.txt') },
  { name: 'read 1 KB, 16 in flight', total: 200, inFlight: 16, ...read('1k.txt') },
  { name: 'read 100 KB', total: 60, inFlight: 1, ...read('100k.txt') },
  { name: 'read 5 MB whole', total: 2, inFlight: 1, ...read('5m.txt') },
  { name: 'list 1 000 entries', total: 60, inFlight: 1, ours: ['list_directory', { path: 'list' }], bare: ['list_directory', { path: 'list' }], reference: ['list_directory', absolute('list')] }, // biome-ignore format: one row
  { name: 'list 1 000 entries, theirs with sizes too', total: 60, inFlight: 1, ours: ['list_directory', { path: 'list' }], bare: ['list_directory', { path: 'list', sizes: true }], reference: ['list_directory_with_sizes', absolute('list')] }, // biome-ignore format: one row
  { name: 'search 2 000 files', total: 20, inFlight: 1, ...search('small') },
  { name: `search ${LARGE} files`, total: 2, inFlight: 1, ...search('large') },
]

type Cut = Readonly<{ next?: number | string; next_column?: number }>

// The others may answer with text alone.
const cutOf = ({ structuredContent }: { structuredContent?: Record<string, unknown> }) =>
  (structuredContent?.['truncated'] ?? {}) as Cut

async function whole(client: TestClient, [tool, args]: Ask): Promise<void> {
  let outcome = await client.call(tool, args)
  for (;;) {
    if (outcome.isError === true) throw new Error(JSON.stringify(outcome.content).slice(0, 500))
    const { next, next_column } = cutOf(outcome)
    if (next === undefined) return
    const more = typeof next === 'string' ? { cursor: next } : { offset: next, ...(next_column === undefined ? {} : { column: next_column }) } // biome-ignore format: one row
    outcome = await client.call(tool, { ...args, ...more })
  }
}

function policy(): string {
  const file = join(dir, 'policy.yaml')
  writeFileSync(
    file,
    `version: 1
servers:
  file:
    allowed_tools: [read_text_file, list_directory, search_files]
    permissions: ['tool:read_only', 'resource:local', 'sys:file_read']
    rate_limits: { '*': { per_minute: 1000000, burst: 100000 } }
    resources: { roots: [{ name: docs, path: ${JSON.stringify(root)} }] }
`,
  )
  return file
}

async function measured(each: Case, reaches: readonly (readonly [string, Reach])[]): Promise<string> {
  const clients = await Promise.all(
    reaches.map(async ([name, reach]) => ({ name, client: await connect('v1', reach) })),
  )
  try {
    const sides = clients.map(({ name, client }) => ({
      name,
      cpu: cpuOfTree(client.pid() ?? 0),
      call: () => whole(client, each[name as 'ours' | 'bare' | 'reference']),
    }))
    return line(each.name, await inTurns(sides, { ...each, rounds }))
  } finally {
    for (const { client } of clients) await client.close()
  }
}

try {
  build()
  const prefix = join(dir, 'reference')
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', prefix, REFERENCE]) // biome-ignore format: one command
  const program = join(prefix, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js')
  const reaches = {
    ours: serving('file', '--policy', policy(), '--audit', join(dir, 'audit')),
    bare: { node: [join(import.meta.dirname, 'bare.ts'), root] },
    reference: { node: [program, root] },
  } as const
  process.stdout.write(`${header(['bare', 'reference'])}\n`)
  for (const each of CASES.filter(({ name }) => name.includes(only))) {
    const row = await measured(each, Object.entries(reaches)).catch((failed: unknown) =>
      // An answer of 11 MB, sent as text and as structure, closes the official client: then without the reference server.
      measured(each, Object.entries(reaches).slice(0, 2)).then(
        (cells) => `${cells} reference: ${String(failed)} | | |`,
        () => `| ${each.name} | ${String(failed)} |`, // a machine too busy for anybody's deadline
      ),
    )
    process.stdout.write(`${row}\n`)
  }
} finally {
  rmSync(dir, { recursive: true })
}
