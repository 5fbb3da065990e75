// Runs inside a mount namespace: fills the small disk at argv[2] through the writer, and prints what became of it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { denialOf } from '@hardened-mcp/security-core'
import type { Operation } from '../operations.ts'
import { hashOf } from '../whole-file.ts'
import { writer } from '../writer.ts'

const root = process.argv[2] ?? ''
const change = writer({ roots: [{ name: 'docs', path: root, writable: true }] })
const old = 'old'.repeat(40_000)
writeFileSync(join(root, 'a'), old)
const code = (operation: Operation) =>
  change(operation, { deadlineMs: 10_000, outputBytes: 65_536 }).then(
    () => 'done',
    (thrown: unknown) => denialOf(thrown).code,
  )
const if_hash = hashOf(Buffer.from(old))
const denied = await code({ op: 'write', path: 'a', content: 'x'.repeat(199_000), if_hash })
const made = await code({ op: 'write', path: 'b', content: 'x'.repeat(199_000) })
const seen = {
  denied,
  made,
  old: readFileSync(join(root, 'a'), 'utf8') === old,
  names: readdirSync(root).filter((name) => name !== '.hardened-mcp'),
  staged: readdirSync(join(root, '.hardened-mcp/tmp')),
}
await change({ op: 'write', path: 'a', content: 'new', if_hash }, { deadlineMs: 10_000, outputBytes: 65_536 })
process.stdout.write(JSON.stringify({ ...seen, after: readFileSync(join(root, 'a'), 'utf8') }))
