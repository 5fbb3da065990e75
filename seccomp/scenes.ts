// What each server is asked to do while its system calls are recorded: its whole tool surface, refusals, and work that is killed.
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { allow } from '@hardened-mcp/security-core'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { egressProxy } from '../packages/host/src/outbound/egress-proxy.ts'

/** `refused` where the server has to refuse it. */
export type Call = readonly [name: string, input: Record<string, unknown>, refused?: 'refused']
type Stage = Readonly<{ args: readonly string[]; calls: readonly Call[]; close: () => void }>
export type Scene = Readonly<{ server: string; prepare: (dir: string) => Promise<Stage> }>

// Ends at its deadline by SIGKILL: the supervisor then starts another worker.
const RUNAWAY = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'

export const SCENES: readonly Scene[] = [
  {
    server: 'db-query',
    async prepare(dir) {
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      const file = join(dir, 'shop.sqlite')
      const db = new DatabaseSync(file)
      db.exec('CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT, picture BLOB)')
      const insert = db.prepare('INSERT INTO goods (name, picture) VALUES (?, ?)')
      for (let row = 0; row < 2000; row++) insert.run(`thing ${row}`, Buffer.alloc(300, row))
      db.close()
      return {
        args: ['--db', file],
        close: () => undefined,
        calls: [
          ['list_tables', {}],
          ['describe_table', { table: 'goods' }],
          ['query_sql', { sql: 'SELECT a.name, length(b.picture) FROM goods a, goods b ORDER BY 2, 1 LIMIT 50' }],
          ['query_sql', { sql: 'SELECT * FROM goods WHERE id = ?', params: [7] }],
          ['query_sql', { sql: 'DROP TABLE goods' }, 'refused'],
          ['query_sql', { sql: RUNAWAY }, 'refused'],
          ['query_sql', { sql: 'SELECT count(*) FROM goods' }],
        ],
      }
    },
  },
  {
    server: 'file',
    async prepare(dir) {
      const root = join(dir, 'files')
      mkdirSync(join(root, 'deep/deeper'), { recursive: true })
      writeFileSync(join(root, 'a.md'), '# A\n')
      writeFileSync(join(root, 'deep/big.txt'), 'line of text\n'.repeat(50_000))
      writeFileSync(join(root, 'deep/deeper/needle.txt'), 'needle\n')
      const drafts = join(dir, 'drafts')
      mkdirSync(drafts)
      return {
        args: ['--root', root, '--write-root', drafts],
        close: () => undefined,
        calls: [
          ['list_allowed_directories', {}],
          ['list_directory', { path: 'files:/' }],
          ['list_directory', { path: 'files:/', sort: 'modified' }],
          ['directory_tree', { path: 'files:/' }],
          ['read_text_file', { path: 'files:/a.md' }],
          ['read_text_file', { path: 'files:/deep/big.txt' }],
          ['read_multiple_files', { paths: ['files:/a.md', 'files:/none.md'] }],
          ['read_text_file', { path: '../keys.json' }, 'refused'],
          ['get_file_info', { path: 'files:/deep/big.txt' }],
          ['search_files', { path: 'files:/', glob: '**/*.txt' }],
          ['search_content', { path: 'files:/', pattern: 'needle' }],
          ['write_file', { path: 'files:/refused.md', content: 'x' }, 'refused'],
          ['write_file', { path: 'drafts:/new.md', content: 'one\n' }],
          ['edit_file', { path: 'drafts:/new.md', edits: [{ old_text: 'one', new_text: 'two' }], dry_run: false }],
          ['create_directory', { path: 'drafts:/folder' }],
          ['move_file', { source: 'drafts:/new.md', destination: 'drafts:/folder/moved.md' }],
          ['delete_file', { path: 'drafts:/folder/moved.md' }],
          ['delete_file', { path: 'drafts:/folder' }],
        ],
      }
    },
  },
  {
    server: 'fetch',
    async prepare(dir) {
      const { here, port, ca, close } = await sampleSite(dir)
      const proxy = egressProxy({
        judge: () => ({ decision: allow() }),
        internal: [{ host: SITE, port, network: '127.0.0.1', prefix: 32 }],
        isClient: () => true,
        log: () => undefined,
      }).listen(0, '127.0.0.1')
      await once(proxy, 'listening')
      const way = ['--egress-proxy', `127.0.0.1:${(proxy.address() as AddressInfo).port}`]
      return {
        args: ['--internal', `${SITE}=127.0.0.1:${port}`, '--ca', ca, '--allow', '*', ...way],
        close: () => {
          proxy.close()
          close()
        },
        calls: [
          ['fetch_url', { url: here }],
          ['fetch_url', { url: `${here}?again`, format: 'text' }],
          ['fetch_url', { url: 'https://no-such-host.example.com/' }, 'refused'],
          ['fetch_url', { url: 'https://93.184.215.14/' }, 'refused'],
          ['fetch_url', { url: 'https://169.254.169.254/' }, 'refused'],
        ],
      }
    },
  },
]

export const SITE = 'site.corp.example.com'

/** A site over TLS on loopback, with a page of 100 kB. */
export async function sampleSite(dir: string) {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const authority = await certificateAuthority('recorder CA')
  const ca = join(dir, 'ca.pem')
  writeFileSync(ca, authority.ca)
  const site = createServer(await authority.issue([SITE]), (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${'text '.repeat(20_000)}</p>`)
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  const { port } = site.address() as AddressInfo
  return { here: `https://${SITE}:${port}/`, port, ca, close: () => void site.close() }
}
