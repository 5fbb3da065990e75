// Three running file servers for the known attacks: read-only, writable, and with every guard off that policy can turn off.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { connect, type Outcome, type Reach, serving, type TestClient } from '@hardened-mcp/testkit/clients'

export const CANARY = 'CANARY-outside'
export const dir = mkdtempSync(join(tmpdir(), 'file-known-'))
export const docs = join(dir, 'docs')
export const drafts = join(dir, 'drafts')
export const out = join(dir, 'docs-secret') // its name begins like the root's
export let reader: TestClient
export let writer: TestClient
export let loose: TestClient // every guard that policy can turn off is off

export const policy = (name: string, roots: string, write: boolean, more = ''): Reach => {
  const file = join(dir, `${name}.yaml`)
  const tools = 'read_text_file, read_multiple_files, read_media_file, list_directory, directory_tree, search_files, search_content, get_file_info, list_allowed_directories' // biome-ignore format: one list
  const writing = write ? ', write_file, edit_file, create_directory, move_file, delete_file' : ''
  const rights = write ? ", 'tool:write', 'sys:file_write'" : ''
  writeFileSync(file, `version: 1
servers:
  file:
    allowed_tools: [${tools}${writing}]
    permissions: ['tool:read_only', 'resource:local', 'sys:file_read'${rights}]
    rate_limits: { '*': { per_minute: 60000, burst: 10000 } }
    resources: { roots: [${roots}]${more} }
`) // biome-ignore format: one file
  return serving('file', '--policy', file, '--audit', join(dir, `audit-${name}`))
}

/** For clients that are more than the small interface shows. */
export const stdioOf = (reach: Reach) =>
  new StdioClientTransport({
    command: process.execPath,
    args: 'node' in reach ? [...reach.node] : [],
    stderr: 'ignore',
  })

export async function open(): Promise<void> {
  for (const path of [docs, drafts, join(out, 'deep'), join(docs, 'd')]) mkdirSync(path, { recursive: true })
  for (const path of ['secret.txt', 'deep/secret.txt', 'pic.bin']) writeFileSync(join(out, path), CANARY)
  writeFileSync(join(docs, 'a.txt'), 'plain\n')
  writeFileSync(join(docs, 'd/b.txt'), 'beside\n')
  writeFileSync(join(drafts, 'own.txt'), 'mine\n')
  for (const root of [docs, drafts]) {
    symlinkSync(out, join(root, 'dir-link'))
    symlinkSync(join(out, 'secret.txt'), join(root, 'link.txt'))
    linkSync(join(out, 'secret.txt'), join(root, 'hard.txt'))
  }
  reader = await connect('v2', policy('reader', `{ name: docs, path: ${docs} }`, false))
  writer = await connect('v2', policy('writer', `{ name: drafts, path: ${drafts}, writable: true }, { name: docs, path: ${docs} }`, true)) // biome-ignore format: one row
  loose = await connect('v2', policy('loose', `{ name: docs, path: ${docs}, symlinks: follow-inside }`, false))
}

export async function close(): Promise<void> {
  for (const client of [reader, writer, loose]) await client.close()
  rmSync(dir, { recursive: true })
}

export const errorOf = ({ structuredContent }: Outcome) =>
  structuredContent['error'] as { code: string; message: string } | undefined
export const read = (path: string) => reader.call('read_text_file', { path })

/** Every tool that takes a path, asked for the same one. */
export const WAYS = (path: string): readonly (readonly [string, Record<string, unknown>])[] => [
  ['read_text_file', { path }],
  ['read_text_file', { path, tail: 1 }],
  ['read_multiple_files', { paths: ['a.txt', path] }],
  ['read_media_file', { path }],
  ['list_directory', { path }],
  ['list_directory', { path, sort: 'size' }],
  ['directory_tree', { path }],
  ['search_files', { path, glob: '*' }],
  ['search_content', { path, pattern: '.' }],
]
export const CHANGES = (path: string): readonly (readonly [string, Record<string, unknown>])[] => [
  ['write_file', { path, content: 'x' }],
  ['edit_file', { path, edits: [{ old_text: 'C', new_text: 'x' }] }],
  ['create_directory', { path }],
  ['move_file', { source: 'own.txt', destination: path }],
  ['move_file', { source: path, destination: 'got.txt' }],
  ['delete_file', { path }],
]
export const shows = (outcome: Outcome) => JSON.stringify(outcome).includes(CANARY)
const state = () => JSON.stringify([out, drafts].map((at) => readdirSync(at, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('.hardened-mcp')).toSorted())) + readFileSync(join(out, 'secret.txt'), 'utf8') + readFileSync(join(drafts, 'own.txt'), 'utf8') // biome-ignore format: one text

export async function closed(...paths: readonly string[]): Promise<void> {
  for (const path of paths)
    for (const [tool, args] of WAYS(path)) {
      const outcome = await reader.call(tool, args)
      assert.equal(shows(outcome), false, `${tool} ${path}`)
      const answer = JSON.stringify(outcome.structuredContent)
      assert.match(answer, /"code":"(?:path_denied|not_found|invalid_input)"/, `${tool} ${path}: ${answer}`)
    }
}

export async function unchanged(...paths: readonly string[]): Promise<void> {
  const at = state()
  for (const path of paths)
    for (const [tool, args] of CHANGES(path)) {
      const error = errorOf(await writer.call(tool, args))
      assert.match(error?.code ?? 'done', /^(?:path_denied|not_found|invalid_input|conflict)$/, `${tool} ${path}`)
    }
  assert.equal(state(), at)
}

export async function swapping<T>(root: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(join(root, 'x/deep'), { recursive: true })
  mkdirSync(join(root, 'z/inner'), { recursive: true })
  for (const name of ['x/secret.txt', 'x/deep/secret.txt', 'y.bin']) writeFileSync(join(root, name), 'inside')
  for (const name of ['x-link', 'z-link']) symlinkSync(out, join(root, name))
  symlinkSync(join(out, 'pic.bin'), join(root, 'y-link'))
  const script = fileURLToPath(new URL('../../servers/file/testing/exchange.pl', import.meta.url))
  const attacker = spawn('perl', [script, root], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(attacker.stdout, 'data')
  try {
    return await work()
  } finally {
    attacker.kill()
    await once(attacker, 'exit')
    for (const name of ['x', 'x-link', 'z', 'z-link', 'y.bin', 'y-link']) rmSync(join(root, name), { recursive: true, force: true }) // biome-ignore format: one row
  }
}
