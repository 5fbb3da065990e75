// Paths that were written without a look at the rules, asked of the shipped server: hostile ones show nothing, honest ones are read.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, serving, type TestClient } from '@hardened-mcp/testkit/clients'

type Vector = Readonly<{ name: string; given: string; expect: 'refused' | 'read'; because: string }>
const VECTORS = JSON.parse(
  readFileSync(new URL('../vectors/paths/served.json', import.meta.url), 'utf8'),
) as readonly Vector[]
const SECRET = 'CANARY-outside'
const dir = mkdtempSync(join(tmpdir(), 'file-paths-'))
const root = join(dir, 'root')
const out = join(dir, 'out')
let client: TestClient

before(async () => {
  for (const path of [root, join(out, 'deep'), join(root, '.git')]) mkdirSync(path, { recursive: true })
  for (const path of [join(out, 'secret.txt'), join(root, '.env'), join(root, '.git/config')])
    writeFileSync(path, SECRET)
  linkSync(join(out, 'secret.txt'), join(root, 'hard.txt'))
  const links = { link: join(out, 'secret.txt'), dirlink: out, uplink: '..', abslink: dir, proclink: '/proc' }
  for (const [name, to] of Object.entries(links)) symlinkSync(to, join(root, name))
  execFileSync('mkfifo', [join(root, 'pipe')])
  for (const { given, expect } of VECTORS)
    if (expect === 'read') {
      mkdirSync(dirname(join(root, given)), { recursive: true })
      writeFileSync(join(root, given), `honest ${given}`)
    }
  const policy = join(dir, 'policy.yaml')
  writeFileSync(
    policy,
    `version: 1
servers:
  file:
    allowed_tools: [read_text_file]
    permissions: ['tool:read_only', 'resource:local', 'sys:file_read']
    rate_limits: { '*': { per_minute: 60000, burst: 10000 } }
    resources: { roots: [{ name: docs, path: ${JSON.stringify(root)} }] }
`,
  )
  client = await connect('v2', serving('file', '--policy', policy, '--audit', join(dir, 'audit')))
})
after(async () => {
  await client.close()
  rmSync(dir, { recursive: true })
})

suite('paths asked of the shipped file server', () => {
  for (const { name, given, expect } of VECTORS)
    test(`${name} is ${expect}`, async () => {
      const path = given.replaceAll('$ROOT', root).replaceAll('$OUT', out)
      const outcome = await client.call('read_text_file', { path })
      const { error, text } = outcome.structuredContent as { error?: { code: string }; text?: string }
      assert.doesNotMatch(JSON.stringify(outcome), new RegExp(SECRET))
      if (expect === 'read') assert.equal(text, `honest ${given}`, JSON.stringify(error))
      else assert.match(error?.code ?? 'read', /^(?:path_denied|not_found|invalid_input)$/)
    })
})
