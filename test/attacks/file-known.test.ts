// What other file servers fell to, one test for each: P14–P20 were measured on a published server, 20–31 come from advisories and reports.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Outcome } from '@hardened-mcp/testkit/clients'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import {
  CANARY,
  CHANGES,
  close,
  closed,
  dir,
  docs,
  drafts,
  errorOf,
  loose,
  open,
  out,
  policy,
  read,
  reader,
  shows,
  stdioOf,
  swapping,
  unchanged,
  WAYS,
  writer,
} from './file-servers.ts'

before(open)
after(close)

suite('measured on a published server', () => {
  test('P14 a directory and a link trade places while it is read: nothing from outside comes back', () =>
    swapping(docs, async () => {
      let inside = 0
      const endMs = performance.now() + 3_000
      for (let n = 0; n < 60 || (inside === 0 && performance.now() < endMs * 10); n++) {
        const outcomes = await Promise.all([read('x/secret.txt'), read('x/deep/secret.txt'), reader.call('search_content', { path: 'x', pattern: '.' })]) // biome-ignore format: one row
        for (const outcome of outcomes) assert.equal(shows(outcome), false)
        inside += outcomes.filter((outcome) => JSON.stringify(outcome).includes('inside')).length
      }
      assert.ok(inside > 0, 'honest answers come through')
    }))

  test('P15 a hard link to an outside file', () => closed('hard.txt'))

  test('P16 reads of a pipe: each is refused at once, and everybody else is served', async () => {
    execFileSync('mkfifo', [join(docs, 'pipe')])
    const pipes = Array.from({ length: 8 }, () => read('pipe'))
    assert.equal((await read('a.txt')).structuredContent['text'], 'plain\n')
    await reader.ping()
    for (const outcome of await Promise.all(pipes)) assert.equal(errorOf(outcome)?.code, 'path_denied')
    rmSync(join(docs, 'pipe'))
  })

  test('P17 {a,b} eighteen times: the glob is not expanded', async () => {
    for (const glob of ['{a,b}'.repeat(18), `${'{a,b}'.repeat(18)}.txt`, '{'.repeat(18), '*a'.repeat(100)]) {
      const outcome = await reader.call('search_files', { glob })
      assert.ok([undefined, 'invalid_input'].includes(errorOf(outcome)?.code), glob)
    }
    assert.deepEqual(((await reader.call('search_files', { glob: '{a,b}.txt' })).structuredContent['entries'] as { path: string }[]).map(({ path }) => path), ['docs:/a.txt', 'docs:/d/b.txt']) // biome-ignore format: one row
  })

  test('P18 a file of 60 MB: the answer keeps its budget, says that it was cut, and where to go on', async () => {
    writeFileSync(join(docs, 'big.txt'), 'a line of text\n'.repeat(100_000))
    truncateSync(join(docs, 'big.txt'), 60 * 1024 ** 2)
    const outcome = await read('big.txt')
    assert.ok(
      JSON.stringify(outcome).length < 2 * 140_000,
      'once as text and once as structure, each within its budget',
    )
    const { next } = outcome.structuredContent['truncated'] as { next: number }
    const more = await reader.call('read_text_file', { path: 'big.txt', offset: next, limit: 1 })
    assert.equal(more.structuredContent['text'], 'a line of text\n')
    rmSync(join(docs, 'big.txt'))
  })

  test('P19 a client that answers roots/list with file:///etc: its word does not count against the operator, and may only narrow', async () => {
    const grants = `{ name: docs, path: ${JSON.stringify(docs)} }`
    for (const narrowing of ['', ', client_roots: narrow']) {
      let roots = ['file:///etc', 'file:///']
      const client = new Client({ name: 'greedy', version: '1' }, { capabilities: { roots: { listChanged: true } } })
      client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: roots.map((uri) => ({ uri })) }))
      await client.connect(stdioOf(policy(`greedy${narrowing.length}`, grants, false, narrowing)))
      const ask = async (name: string, args: Record<string, unknown>) =>
        (await client.callTool({ name, arguments: args })) as unknown as Outcome
      for (const path of ['/etc/hostname', 'etc:/hostname', '/etc'])
        assert.equal(errorOf(await ask('read_text_file', { path }))?.code, 'path_denied')
      assert.equal((await ask('read_text_file', { path: 'a.txt' })).structuredContent['text'], 'plain\n')
      const allowed = async () => (await ask('list_allowed_directories', {})).structuredContent['directories'] as { path: string }[] // biome-ignore format: one row
      assert.deepEqual((await allowed()).map(({ path }) => path), ['docs:/']) // biome-ignore format: one row
      roots = [`file://${docs}/d`, 'file:///etc']
      await client.sendRootsListChanged()
      const isNarrow = narrowing !== ''
      assert.deepEqual((await allowed()).map(({ path }) => path), [isNarrow ? 'docs:/d' : 'docs:/']) // biome-ignore format: one row
      assert.equal(errorOf(await ask('read_text_file', { path: 'a.txt' }))?.code, isNarrow ? 'path_denied' : undefined)
      assert.equal((await ask('read_text_file', { path: 'd/b.txt' })).structuredContent['text'], 'beside\n')
      assert.equal(errorOf(await ask('read_text_file', { path: '/etc/hostname' }))?.code, 'path_denied')
      await client.close()
    }
  })

  test('P20 a refusal names no outside path and no host path, and is the same whether something is there or not', async () => {
    const messages = new Set<string>()
    for (const path of [
      join(out, 'secret.txt'),
      join(out, 'none.txt'),
      '/etc/passwd',
      '/etc/none',
      '../docs-secret/secret.txt',
      'other:/x',
    ]) {
      // biome-ignore format: one list
      const error = errorOf(await read(path))
      assert.equal(error?.code, 'path_denied')
      messages.add(error.message)
    }
    assert.equal(messages.size, 1)
    for (const path of ['link.txt', 'dir-link/secret.txt', 'hard.txt', 'none.txt'])
      assert.doesNotMatch(JSON.stringify(await read(path)), new RegExp(`${dir}|docs-secret`))
  })
})

suite('advisories and reports', () => {
  test('20 a prefix is no parent (CVE-2025-53110)', () =>
    closed(`${docs}-secret/secret.txt`, `${docs}/../docs-secret/secret.txt`, '../docs-secret', `${docs}/..`, '/etc'))

  test('21 a link inside the root that leads out is neither read nor written through (CVE-2025-53109)', async () => {
    await closed('link.txt', 'dir-link/secret.txt')
    await unchanged('dir-link/new.txt', 'dir-link/secret.txt', 'link.txt')
  })

  test('22 the same race on a write: nothing is made or changed outside', () =>
    swapping(drafts, async () => {
      const outside = () => readdirSync(out, { recursive: true, encoding: 'utf8' }).toSorted().join() + readFileSync(join(out, 'secret.txt'), 'utf8') // biome-ignore format: one text
      const at = outside()
      let done = 0
      for (let n = 0; n < 30 || (done === 0 && n < 2_000); n++) {
        const calls = [...CHANGES(`x/new${n}`), ...CHANGES('x/secret.txt').slice(0, 2)].filter(([tool]) => tool !== 'move_file') // biome-ignore format: one row
        for (const [tool, args] of calls) if (errorOf(await writer.call(tool, args)) === undefined) done += 1
      }
      assert.ok(done > 0, 'honest changes come through')
      assert.equal(outside(), at)
      rmSync(join(drafts, '.hardened-mcp/trash'), { recursive: true })
      mkdirSync(join(drafts, '.hardened-mcp/trash'))
    }))

  test('23 an edit is text and no pattern, a search is linear (ReDoS in modify_file)', async () => {
    writeFileSync(join(drafts, 'evil.txt'), `${'a'.repeat(16_000)}!\n`)
    const edit = await writer.call('edit_file', { path: 'evil.txt', edits: [{ old_text: '(a+)+$', new_text: '' }] })
    assert.equal(errorOf(edit)?.code, 'invalid_input')
    const found = await writer.call('search_content', { path: 'evil.txt', pattern: '(a+)+$' })
    assert.deepEqual(found.structuredContent['matches'], [])
    rmSync(join(drafts, 'evil.txt'))
  })

  test('24 every tool goes through the one gate (startsWith in markdownify)', () =>
    closed(
      join(out, 'secret.txt'),
      `${out}/deep`,
      `docs:/../docs-secret/secret.txt`,
      '/proc/self/environ',
      '/dev/stdin',
    ))

  test('25 no call makes a repository of a directory, nor a readable root of another (CVE-2025-68143)', async () => {
    await unchanged('.git', '.git/hooks/pre-commit', 'sub/.git/config', '.GIT/hooks', join(process.env['HOME'] ?? '/root', '.ssh/authorized_keys')) // biome-ignore format: one list
    await closed(join(process.env['HOME'] ?? '/root', '.ssh'), '~/.ssh', '~')
  })

  test('26 a list of paths is judged one by one (CVE-2026-27735)', async () => {
    const outcome = await reader.call('read_multiple_files', { paths: ['a.txt', '../../../.kube/config'] })
    assert.equal(errorOf(outcome)?.code, 'path_denied')
    assert.match(errorOf(outcome)?.message ?? '', /^Path 2: /)
    await unchanged('../../../.kube/config', 'docs:/a.txt')
  })

  test('27 a name that looks like an option is a name', async () => {
    for (const name of ['--output=x', '-rf', '--format=%h', '-']) {
      writeFileSync(join(docs, name), 'option\n')
      assert.equal((await read(name)).structuredContent['text'], 'option\n', name)
      assert.ok(JSON.stringify(await reader.call('search_files', { glob: name })).includes(name))
      rmSync(join(docs, name))
    }
    assert.equal(existsSync(join(docs, 'x')), false)
  })

  test('28 what is written is written in the root (CVE-2026-27825)', () =>
    unchanged(join(out, 'cron'), '/etc/cron.d/x', '../docs-secret/x', 'docs:/x', `${drafts}/../x`, 'a/../../x'))

  test('29 a file URI is no path, and no resource (MarkItDown)', async () => {
    await closed('file:///etc/passwd', `file://${out}/secret.txt`, 'file:/etc/passwd')
    for (const uri of ['file:///etc/passwd', `file://${docs}/a.txt`, 'root://docs/../docs-secret/secret.txt', 'root://docs/%2e%2e/docs-secret/secret.txt', 'root://docs/link.txt', 'root://docs/hard.txt']) // biome-ignore format: one list
      await assert.rejects(reader.read(uri), uri)
    assert.equal(await reader.read('root://docs/a.txt'), 'plain\n')
  })

  test('30 keys that lie in a granted tree stay closed, to a search as well (Smithery)', async () => {
    const KEYS = ['.env', '.docker/config.json', '.npmrc', 'id_rsa', 'server.pem', '.git/config', '.aws/credentials']
    for (const name of KEYS) {
      mkdirSync(join(docs, name, '..'), { recursive: true })
      writeFileSync(join(docs, name), CANARY)
    }
    for (const name of KEYS)
      for (const [tool, args] of WAYS(name))
        assert.equal(shows(await reader.call(tool, args)), false, `${tool} ${name}`)
    for (const path of ['.', '.docker', '.aws'])
      assert.equal(shows(await reader.call('search_content', { path, pattern: 'CANARY' })), false)
    for (const name of KEYS) rmSync(join(docs, name))
  })

  test('31 what is no boundary may be off, and the boundary holds (Desktop Commander)', async () => {
    symlinkSync('a.txt', join(docs, 'inside-link'))
    assert.equal((await loose.call('read_text_file', { path: 'inside-link' })).structuredContent['text'], 'plain\n')
    for (const path of ['link.txt', 'dir-link/secret.txt', 'dir-link', '../docs-secret/secret.txt'])
      for (const [tool, args] of WAYS(path)) {
        const outcome = await loose.call(tool, args)
        assert.ok(
          !shows(outcome) && JSON.stringify(outcome.structuredContent).includes('path_denied'),
          `${tool} ${path}`,
        )
      }
  })
})
