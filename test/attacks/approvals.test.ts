// One yes for one call, at the real server: through every client, by the operator, and never for anything else.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import {
  CLIENT_KINDS,
  type ClientKind,
  connect,
  type Outcome,
  type Person,
  serving,
} from '@hardened-mcp/testkit/clients'
import { command, type RunningServer, serveOverHttp } from '@hardened-mcp/testkit/command'

const dir = mkdtempSync(join(tmpdir(), 'approvals-'))
const at = (name: string) => join(dir, name)
const policy = `version: 1
approvals:
  directory: ${at('desk')}
  pending_per_caller: 24
  rules:
    - { server: file, tools: [delete_file], strength: operator }
    - { server: file, tools: [write_file], places: [site], when: tainted, strength: elicit }
servers:
  file:
    allowed_tools: [read_text_file, write_file, delete_file]
    permissions: ['tool:read_only', 'tool:write', 'resource:local', 'sys:file_read', 'sys:file_write']
    resources:
      roots:
        - { name: notes, path: ${at('notes')}, writable: true }
        - { name: site, path: ${at('site')}, writable: true, label: { secrecy: public } }
`
let http: RunningServer
let key = ''

before(async () => {
  for (const name of ['notes', 'site']) mkdirSync(at(name))
  writeFileSync(at('notes/diary.txt'), 'PRIVATE')
  writeFileSync(at('policy.yaml'), policy)
  const can = ['tool:read_only', 'tool:write', 'resource:local', 'sys:file_read', 'sys:file_write']
  const flags = can.flatMap((each) => ['--can', each])
  const minted = await command(['keys', 'mint', '--keys', at('keys.json'), '--name', 'tests', ...flags])
  key = (JSON.parse(minted.stdout) as { key: string }).key
  http = await serveOverHttp([
    ...['file', '--policy', at('policy.yaml'), '--keys', at('keys.json'), '--http', '127.0.0.1:0', '--workers', '1'],
    ...['--audit', at('audit-http')],
  ])
})
after(async () => {
  assert.equal((await http.stop()).code, 0)
  rmSync(dir, { recursive: true })
})

let runs = 0
const overStdio = (kind: ClientKind, person?: Person) =>
  connect(
    kind,
    serving('file', '--policy', at('policy.yaml'), '--audit', at(`audit-${runs++}`), '--workers', '1'),
    person,
  )
const overHttp = (kind: ClientKind, person?: Person) => connect(kind, { url: http.url, key }, person)
const errorOf = ({ structuredContent }: Outcome) =>
  structuredContent['error'] as { code: string; message: string } | undefined
const recordsOf = (audit: string) =>
  readFileSync(at(`${audit}/slot-0.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
const write = (name: string, content = 'PRIVATE') => ({ path: `site:/${name}`, content })

suite('elicitation', () => {
  const ways: readonly (readonly [string, ClientKind, typeof overStdio])[] = [
    ...CLIENT_KINDS.map((kind) => [`${kind} over stdio`, kind, overStdio] as const),
    ['v2-2026-07-28 over HTTP', 'v2-2026-07-28', overHttp],
  ]
  for (const [title, kind, reach] of ways)
    test(`${title}: the person is asked for each call, and one yes writes one file`, async () => {
      const asked: string[] = []
      const answers: ReturnType<Person>[] = []
      const client = await reach(kind, (message) => {
        asked.push(message)
        return answers.shift() ?? { action: 'cancel' }
      })
      const name = `${title.replaceAll(' ', '-')}.txt`
      try {
        assert.equal(errorOf(await client.call('read_text_file', { path: 'notes:/diary.txt' })), undefined)
        answers.push({ action: 'accept', approve: true })
        assert.equal(errorOf(await client.call('write_file', write(name))), undefined)
        assert.equal(readFileSync(at(`site/${name}`), 'utf8'), 'PRIVATE')
        assert.match(asked[0] ?? '', /^Allow one call of write_file on server file at "site"\? .* private,untrusted/)
        rmSync(at(`site/${name}`))
        const rows = [
          ['put away', { action: 'cancel' }, /who was not asked or gave no answer/],
          ['accepted without the box', { action: 'accept', approve: false }, /refused by the person/],
          ['refused, and asked no more', undefined, /refused by the person/],
        ] as const
        for (const [because, answer, says] of rows) {
          const before = asked.length
          if (answer !== undefined) answers.push(answer)
          const error = errorOf(await client.call('write_file', write(name)))
          assert.equal(error?.code, 'approval_required', because)
          assert.match(error.message, says, because)
          assert.equal(asked.length - before, answer === undefined ? 0 : 1, because)
        }
        answers.push({ action: 'decline' })
        const other = errorOf(await client.call('write_file', write(name, 'other')))
        assert.match(other?.message ?? '', /refused by the person/)
        assert.ok(!existsSync(at(`site/${name}`)))
      } finally {
        await client.close()
      }
    })

  const without: readonly (readonly [string, () => ReturnType<typeof overStdio>])[] = [
    ['a client that does not say that it can', () => overStdio('v1')],
    ['the same of the newest edition', () => overStdio('v2-2026-07-28')],
    [
      'an older edition over HTTP, where there is no way back',
      () => overHttp('v1', () => ({ action: 'accept', approve: true })),
    ],
  ]
  for (const [title, reach] of without)
    test(`${title} is refused, and told how else`, async () => {
      const client = await reach()
      try {
        await client.call('read_text_file', { path: 'notes:/diary.txt' })
        const error = errorOf(await client.call('write_file', write('never.txt')))
        assert.equal(error?.code, 'approval_required')
        assert.match(error.message, /Clients with form elicitation can ask/)
        assert.ok(!existsSync(at('site/never.txt')))
      } finally {
        await client.close()
      }
    })
})

suite('the operator', () => {
  const list = async () =>
    (await command(['approvals', 'list', at('desk')])).stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, string>)

  test('a call waits until it is approved, passes once, and no other passes by it', async () => {
    const client = await overHttp('v2')
    try {
      for (const name of ['a', 'b']) writeFileSync(at(`notes/${name}.txt`), name)
      const remove = async (name: string) => errorOf(await client.call('delete_file', { path: `notes:/${name}.txt` }))
      const first = await remove('a')
      const id = /request (a_[0-9a-f]{16})/.exec(first?.message ?? '')?.[1] ?? ''
      assert.equal((await remove('a'))?.message, first?.message, 'asking again makes no second request')
      const [waiting] = await list()
      assert.deepEqual([waiting?.['id'], waiting?.['tool'], waiting?.['state']], [id, 'delete_file', 'waiting'])
      const shown = await command(['approvals', 'show', at('desk'), id])
      assert.match(shown.stdout, /"operation": ".*notes:\/a\.txt/)
      assert.equal((await command(['approvals', 'approve', at('desk'), id, '--by', 'olga'])).code, 0)
      assert.equal((await remove('b'))?.code, 'approval_required', 'other arguments')
      assert.equal(await remove('a'), undefined)
      assert.ok(!existsSync(at('notes/a.txt')) && existsSync(at('notes/b.txt')))
      writeFileSync(at('notes/a.txt'), 'again')
      assert.equal((await remove('a'))?.code, 'approval_required', 'the yes is used')
      const used = recordsOf('audit-http').filter(
        ({ approval, type }) => approval === id && type !== 'tool_call.denied',
      )
      assert.deepEqual(
        used.map(({ type }) => type),
        ['tool_call.request', 'tool_call.success'],
      )
      const granted = recordsOf('desk/audit').find(({ type }) => type === 'approval.granted')
      assert.deepEqual([granted?.['approval'], granted?.['err']], [id, 'by olga'])
    } finally {
      await client.close()
    }
  })

  test('a request that is refused stays refused, and a yes for what is decided or unknown is an error', async () => {
    const client = await overHttp('v2')
    try {
      const call = async () => errorOf(await client.call('delete_file', { path: 'notes:/b.txt' }))
      const id = /a_[0-9a-f]{16}/.exec((await call())?.message ?? '')?.[0] ?? ''
      assert.equal((await command(['approvals', 'deny', at('desk'), id])).code, 0)
      assert.match((await call())?.message ?? '', /refused by the person/)
      for (const [verb, each, says] of [
        ['approve', id, /is denied/],
        ['approve', 'a_ffffffffffffffff', /There is no request/],
        ['show', '../../etc/passwd', /There is no request/],
      ] as const) {
        const { code, stderr } = await command(['approvals', verb, at('desk'), each])
        assert.equal(code, 78)
        assert.match(stderr, says)
      }
    } finally {
      await client.close()
    }
  })

  test('a caller who floods the desk is refused, and the desk that is gone refuses everybody', async () => {
    const client = await overHttp('v2')
    try {
      const ask = async (name: string) =>
        errorOf(await client.call('delete_file', { path: `notes:/${name}` }))?.message ?? ''
      const said = []
      for (let n = 0; n < 26; n++) said.push(await ask(`${n}.txt`))
      assert.match(said.at(-1) ?? '', /too many requests of this caller wait/)
      assert.ok((await list()).length <= 24)
      rmSync(at('desk/verdicts'), { recursive: true })
      assert.match(await ask('1.txt'), /approvals cannot be given or looked up now/)
      assert.ok(readdirSync(at('notes')).includes('b.txt'))
    } finally {
      await client.close()
    }
  })
})
