// The sample data of the demo: a shop database, a documents folder, an HTTPS site, and the policy that grants some of it.
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import Database from 'better-sqlite3'
import { serveSite, SITE } from './site.ts'

export type Sample = Readonly<{
  /** Policy file for all three servers. */
  policy: string
  /** The database file and the documents folder, on this machine. */
  database: string
  documents: string
  siteUrl: string
  close(): void
}>

/** Where the servers find each part: in a container, not where it lies on this machine. */
export type Places = Readonly<{
  database: string
  documents: string
  site: Readonly<{ address: string; port: number; ca: string }>
  /** `host:port` of the egress proxy, where the deployment has one. */
  proxy?: string
}>

/** Builds everything below `dir`, which must be empty, and starts the site on loopback. */
export async function buildSample(dir: string): Promise<Sample> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const [database, documents, ca] = [join(dir, 'shop.sqlite'), join(dir, 'documents'), join(dir, 'site-ca.pem')]
  sampleData(database, documents)
  const authority = await certificateAuthority('demo CA')
  writeFileSync(ca, authority.ca)
  const site = await serveSite(await authority.issue([SITE]), '127.0.0.1')
  const policy = join(dir, 'policy.yaml')
  writeFileSync(policy, policyText({ database, documents, site: { address: '127.0.0.1', port: site.port, ca } }))
  return { policy, database, documents, siteUrl: `https://${SITE}:${site.port}`, close: site.close }
}

/** The database and the documents, with traps beside and between them. */
export function sampleData(database: string, documents: string): void {
  shopDatabase(database)
  documentsFolder(documents, dirname(documents))
}

export const policyText = ({
  database,
  documents,
  site,
  proxy,
}: Places) => `# What each server may do. Everything that is not written here is refused.
version: 1
servers:
  db-query:
    allowed_tools: [query_sql, list_tables, describe_table, explain_query]
    permissions: ["tool:read_only", "resource:local"]
    rate_limits: { "*": 600 }
    resources:
      databases:
        - name: shop
          file: ${database}
          tables:
            products: {}
            orders: {}
            customers: { columns: [id, name, city] }   # not their e-mail addresses
  file:
    allowed_tools: [read_text_file, read_multiple_files, read_media_file, list_directory, directory_tree, search_files, search_content, get_file_info, list_allowed_directories]
    permissions: ["tool:read_only", "resource:local", "sys:file_read"]
    rate_limits: { "*": 600 }
    resources:
      roots: [{ name: documents, path: ${documents} }]
  fetch:
    allowed_tools: [fetch_url]
    permissions: ["tool:read_only", "tool:network", "resource:remote"]
    rate_limits: { "*": 600 }
    resources:
      internal: [{ host: ${SITE}, cidr: ${site.address}/32, port: ${site.port}, ca_file: ${site.ca} }]
${proxy === undefined ? '' : `      egress_proxy: ${proxy}\n`}`

function shopDatabase(file: string): void {
  const db = new Database(file)
  db.exec(`
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL);
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL, email TEXT NOT NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id),
      product_id INTEGER NOT NULL REFERENCES products(id), quantity INTEGER NOT NULL, ordered_on TEXT NOT NULL);
    CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL, password_hash TEXT NOT NULL);
    INSERT INTO users VALUES (1, 'admin', 'pbkdf2$not-for-you');
  `)
  const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Ken', 'Frances']
  const cities = ['Berlin', 'Lisbon', 'Osaka', 'Quito']
  const goods = ['lamp', 'chair', 'kettle', 'clock', 'bicycle', 'notebook']
  const product = db.prepare('INSERT INTO products VALUES (?, ?, ?)')
  const customer = db.prepare('INSERT INTO customers VALUES (?, ?, ?, ?)')
  const order = db.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?)')
  db.transaction(() => {
    goods.forEach((name, index) => product.run(index + 1, name, 500 + index * 1750))
    names.forEach((name, index) =>
      customer.run(index + 1, name, cities[index % 4], `${name.toLowerCase()}@example.com`),
    )
    for (let id = 1; id <= 2000; id++) {
      order.run(
        id,
        1 + ((id * 7) % 8),
        1 + ((id * 5) % 6),
        1 + (id % 3),
        `2026-${String(1 + (id % 12)).padStart(2, '0')}-15`,
      )
    }
  })()
  db.close()
}

function documentsFolder(root: string, outside: string): void {
  mkdirSync(join(root, 'notes'), { recursive: true })
  writeFileSync(
    join(root, 'welcome.md'),
    '# Welcome\n\nThis folder is what the file server may read. Nothing else is.\n',
  )
  writeFileSync(join(root, 'notes', 'meeting.txt'), 'Agenda\n1. Shop figures\n2. Handbook\n')
  writeFileSync(join(root, '.env'), 'DATABASE_PASSWORD=not-for-you\n')
  writeFileSync(join(outside, 'secret.txt'), 'outside of the root\n')
  symlinkSync(join(outside, 'secret.txt'), join(root, 'notes', 'link-out.txt'))
  linkSync(join(outside, 'secret.txt'), join(root, 'notes', 'hard-link.txt'))
  execFileSync('mkfifo', [join(root, 'notes', 'pipe')])
}
