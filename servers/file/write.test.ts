// Changing files: what is written, what is refused, and that a change that was not meant never replaces one that was.
import assert from 'node:assert/strict'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { denialOf } from '@hardened-mcp/security-core'
import { executor } from './executor.ts'
import type { Operation } from './operations.ts'
import { type Ground, ground } from './testing/ground.ts'
import { type WorkerProcess, workerProcess } from './testing/worker-process.ts'
import { hashOf } from './whole-file.ts'
import { writer } from './writer.ts'

const SPEND = { deadlineMs: 10_000, outputBytes: 65_536 }
const sha = (text: string) => hashOf(Buffer.from(text))

suite('changes', () => {
  const place: Ground = ground()
  after(() => place.remove())
  const at = (path: string) => join(place.root, path)
  const text = (path: string) => readFileSync(at(path), 'utf8')
  const withRoot = (root: object = {}) => {
    const change = writer({ roots: [{ name: 'docs', path: place.root, writable: true, ...root }] })
    return async (operation: Operation) => JSON.parse((await change(operation, SPEND)).text) as Record<string, unknown>
  }
  const change = withRoot()
  const write = (path: string, content: string, if_hash?: string) =>
    change({ op: 'write', path, content, ...(if_hash === undefined ? {} : { if_hash }) })
  const edit = (path: string, edits: { old_text: string; new_text: string }[], dry_run = false) =>
    change({ op: 'edit', path, edits, dry_run })
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (thrown: unknown) => `${denialOf(thrown).code} ${denialOf(thrown).message.split(':')[0]}`,
    )

  test('a file is made, and made again only for who names the hash of what is there', async () => {
    assert.deepEqual(await write('a.txt', 'one'), { path: 'docs:/a.txt', size: 3, hash: sha('one'), created: true })
    assert.match(await refusal(write('a.txt', 'two')), /^conflict/)
    assert.match(await refusal(write('a.txt', 'two', sha('zero'))), /^conflict/)
    assert.match(await refusal(write('none.txt', 'two', sha('zero'))), /^conflict/)
    assert.equal(text('a.txt'), 'one')
    assert.equal((await write('a.txt', 'two', sha('one')))['created'], false)
    assert.equal(text('a.txt'), 'two')
    const info = executor({ roots: [{ name: 'docs', path: place.root, writable: true }] })(
      { op: 'info', path: 'a.txt' },
      SPEND,
    )
    assert.equal((JSON.parse(info.text) as { hash: string }).hash, sha('two'))
  })

  test('odd names and odd contents are written as they are', async () => {
    for (const name of [
      ' a b ',
      '-rf',
      '%2e',
      'a\\b',
      '~',
      '...',
      '😀',
      'u\u0308',
      'n'.repeat(255),
      'x.',
      '$(x)',
      'a:b',
    ])
      assert.equal((await write(name, name))['size'], Buffer.byteLength(name), name)
    for (const content of ['', '\0\u0001', '\ufeffx\r\n', '\u{1f468}\u200d', 'x'.repeat(190_000)]) {
      await write('content', content, existsSync(at('content')) ? sha(text('content')) : undefined)
      assert.equal(text('content'), content)
    }
  })

  test('the mode of a replaced file stays', async () => {
    writeFileSync(at('run.sh'), 'a')
    chmodSync(at('run.sh'), 0o754)
    await write('run.sh', 'b', sha('a'))
    assert.equal(statSync(at('run.sh')).mode & 0o777, 0o754)
  })

  test('edits show a diff, keep line ends and byte order mark, and change nothing on a dry run', async () => {
    writeFileSync(at('crlf'), '\ufeffone\r\ntwo\r\nthree\r\n')
    const dry = await edit('crlf', [{ old_text: 'one\ntwo', new_text: 'ONE\nTWO' }], true)
    assert.match(String(dry['diff']), /^-two\r?\n/m)
    assert.equal(text('crlf'), '\ufeffone\r\ntwo\r\nthree\r\n')
    const done = await edit('crlf', [
      { old_text: 'one\ntwo', new_text: 'ONE\nTWO' },
      { old_text: 'TWO\nthree', new_text: 'TWO\n3' },
    ])
    assert.match(String(done['diff']), /^--- docs:\/crlf/m)
    assert.equal(text('crlf'), '\ufeffONE\r\nTWO\r\n3\r\n')
    assert.equal(done['hash'], sha(text('crlf')))
  })

  test('an edit that fits nowhere, or twice, or no text, changes nothing', async () => {
    writeFileSync(at('twice'), 'a b a')
    writeFileSync(at('bytes'), Buffer.from([0x61, 0xff]))
    for (const [path, old_text] of [
      ['twice', 'x'],
      ['twice', 'a'],
      ['bytes', 'a'],
    ] as const)
      assert.match(await refusal(edit(path, [{ old_text, new_text: 'y' }])), /^invalid_input/)
    assert.equal(text('twice'), 'a b a')
    assert.match(
      await refusal(
        change({
          op: 'edit',
          path: 'twice',
          edits: [{ old_text: 'b', new_text: 'c' }],
          dry_run: false,
          if_hash: sha(''),
        }),
      ),
      /^conflict/,
    )
  })

  test('two texts that have nothing in common end in time', async () => {
    const lines = (by: number) => Array.from({ length: 15_000 }, (_, i) => (i * by) % 7919).join('\n')
    writeFileSync(at('many'), lines(3))
    const half = lines(3).slice(0, 80_000)
    const from = performance.now()
    await edit('many', [{ old_text: half, new_text: lines(5).slice(0, 80_000) }])
    assert.ok(performance.now() - from < 8_000)
  })

  test('directories are made with those above them, moved whole, and take no name that is in use', async () => {
    assert.deepEqual(await change({ op: 'make_directory', path: 'd/e/f' }), { path: 'docs:/d/e/f', created: true })
    assert.equal((await change({ op: 'make_directory', path: 'd/e/f' }))['created'], false)
    await write('d/e/f/x', 'x')
    await change({ op: 'move', path: 'd/e', to: 'moved' })
    assert.equal(text('moved/f/x'), 'x')
    await change({ op: 'move', path: 'moved/f/x', to: 'd/y' })
    assert.equal(statSync(at('d/y')).nlink, 1)
    await write('d/z', 'z')
    assert.match(await refusal(change({ op: 'move', path: 'd/y', to: 'd/z' })), /^conflict/)
    assert.match(await refusal(change({ op: 'move', path: 'moved', to: 'd' })), /^conflict/)
    assert.match(await refusal(change({ op: 'move', path: 'd', to: 'd/in' })), /^invalid_input/)
    assert.match(await refusal(change({ op: 'move', path: 'none', to: 'd/n' })), /^not_found/)
    assert.deepEqual([text('d/y'), text('d/z')], ['x', 'z'])
  })

  test('what is deleted lies in the trash, and is gone where there is none', async () => {
    mkdirSync(at('bin/full'), { recursive: true })
    writeFileSync(at('bin/full/f'), 'trash me')
    writeFileSync(at('bin/g'), 'g')
    assert.match(await refusal(change({ op: 'delete', path: 'bin/g', if_hash: sha('x') })), /^conflict/)
    assert.deepEqual(await change({ op: 'delete', path: 'bin/full' }), { path: 'docs:/bin/full', trash: true })
    const [kept = ''] = readdirSync(at('.hardened-mcp/trash')).filter((name) => name.endsWith('bin\\full'))
    assert.equal(text(`.hardened-mcp/trash/${kept}/f`), 'trash me')
    const bare = withRoot({ trash: false })
    const held = readdirSync(at('.hardened-mcp/trash')).length
    assert.match(await refusal(bare({ op: 'delete', path: 'bin' })), /^invalid_input/)
    await bare({ op: 'delete', path: 'bin/g', if_hash: sha('g') })
    await bare({ op: 'delete', path: 'bin' })
    assert.ok(!existsSync(at('bin')))
    assert.equal(readdirSync(at('.hardened-mcp/trash')).length, held)
  })

  test('links, hard links, secrets, version control, other roots and the private corner are not written', async () => {
    symlinkSync(place.out, at('out'))
    symlinkSync(join(place.out, 'secret.txt'), at('link'))
    writeFileSync(at('twin'), 't')
    linkSync(at('twin'), at('twin2'))
    mkdirSync(at('holder/.ssh'), { recursive: true })
    const rows: readonly (readonly [Operation, string])[] = [
      [{ op: 'write', path: 'out/x', content: '' }, 'path_denied symlink'],
      [{ op: 'write', path: 'link', content: '', if_hash: sha('the secret outside') }, 'path_denied symlink'],
      [{ op: 'write', path: 'twin', content: '', if_hash: sha('t') }, 'path_denied hard_link'],
      [{ op: 'write', path: '.env', content: '' }, 'path_denied secret'],
      [{ op: 'write', path: '.git/hooks/pre-commit', content: '' }, 'path_denied protected'],
      [{ op: 'write', path: '.hardened-mcp/tmp/move-x', content: '' }, 'path_denied secret'],
      [{ op: 'delete', path: '.hardened-mcp' }, 'path_denied secret'],
      [{ op: 'write', path: '../x', content: '' }, 'path_denied dotdot'],
      [{ op: 'write', path: '/etc/x', content: '' }, 'path_denied outside'],
      [{ op: 'write', path: 'no/such/dir', content: '' }, 'not_found no_parent'],
      [{ op: 'write', path: '.', content: '' }, 'invalid_input root'],
      [{ op: 'delete', path: '.' }, 'invalid_input root'],
      [{ op: 'delete', path: 'link' }, 'path_denied symlink'],
      [{ op: 'delete', path: 'holder' }, 'path_denied secret'],
      [{ op: 'move', path: 'holder', to: 'other' }, 'path_denied secret'],
      [{ op: 'move', path: 'a.txt', to: '.env' }, 'path_denied secret'],
      [{ op: 'move', path: 'a.txt', to: 'out/a' }, 'path_denied symlink'],
      [{ op: 'make_directory', path: 'out/new' }, 'path_denied symlink'],
      [{ op: 'make_directory', path: 'a.txt/new' }, 'invalid_input not_directory'],
    ]
    for (const [operation, expected] of rows)
      assert.equal(await refusal(change(operation)), expected, JSON.stringify(operation))
    assert.deepEqual(readdirSync(place.out), ['secret.txt'])
    assert.equal(readFileSync(join(place.out, 'secret.txt'), 'utf8'), 'the secret outside')
    await write('.gitignore', 'dist\n')
  })

  test('extensions, size and quota hold', async () => {
    const narrow = withRoot({ write_extensions: ['.md', ''], max_file_bytes: 100, quota_bytes: 2 ** 30 })
    await narrow({ op: 'write', path: 'ok.MD', content: 'x'.repeat(100) })
    await narrow({ op: 'write', path: 'Makefile', content: 'x' })
    assert.equal(await refusal(narrow({ op: 'write', path: 'x.sh', content: '' })), 'path_denied extension')
    assert.equal(await refusal(narrow({ op: 'move', path: 'ok.MD', to: 'ok.sh' })), 'path_denied extension')
    assert.equal(await refusal(narrow({ op: 'delete', path: 'run.sh' })), 'path_denied extension')
    assert.match(await refusal(narrow({ op: 'write', path: 'big.md', content: 'x'.repeat(101) })), /^too_large/)
    const full = withRoot({ quota_bytes: 10 })
    assert.match(await refusal(full({ op: 'write', path: 'more', content: 'x' })), /^too_large/)
    await full({ op: 'edit', path: 'Makefile', edits: [{ old_text: 'x', new_text: 'y' }], dry_run: false })
    assert.equal(text('Makefile'), 'y')
  })

  test('a link inside is written through where it is followed, never over', async () => {
    const follow = withRoot({ symlinks: 'follow-inside' })
    mkdirSync(at('real'))
    writeFileSync(at('real/f'), 'f')
    symlinkSync('real', at('alias'))
    symlinkSync('real/f', at('falias'))
    await follow({ op: 'write', path: 'alias/new', content: 'n' })
    await follow({ op: 'write', path: 'falias', content: 'F', if_hash: sha('f') })
    await follow({ op: 'make_directory', path: 'alias/sub' })
    assert.deepEqual([text('real/new'), text('real/f'), statSync(at('real/sub')).isDirectory()], ['n', 'F', true])
    assert.match(await refusal(follow({ op: 'write', path: 'out/x', content: '' })), /^path_denied/)
  })

  test('a read-only root is read', async () => {
    const reader = withRoot({ writable: false })
    assert.equal(await refusal(reader({ op: 'write', path: 'r', content: '' })), 'path_denied read_only')
  })

  test('leaves no descriptor open and nothing in staging', async () => {
    const count = readdirSync('/proc/self/fd').length
    for (let i = 0; i < 5; i++) await refusal(write('a.txt', 'no'))
    assert.equal(readdirSync('/proc/self/fd').length, count)
    assert.deepEqual(readdirSync(at('.hardened-mcp/tmp')), [])
  })
})

suite('two workers under their flags', () => {
  const place = ground()
  const workers: WorkerProcess[] = []
  before(async () => {
    const roots = { roots: [{ name: 'docs', path: place.root, writable: true }] }
    workers.push(await workerProcess(roots), await workerProcess(roots))
  })
  after(async () => {
    for (const worker of workers) await worker.end()
    place.remove()
  })

  test('lose no edit of one file, and count every conflict', async () => {
    writeFileSync(join(place.root, 'list'), 'end\n')
    const add = async (worker: WorkerProcess, who: string) => {
      for (let i = 0; i < 40; i++)
        await worker.run({
          op: 'edit',
          path: 'list',
          edits: [{ old_text: 'end\n', new_text: `${who}${i}\nend\n` }],
          dry_run: false,
        })
    }
    const set = async (worker: WorkerProcess) => {
      let won = 0
      while (won < 20) {
        const { hash } = await worker.run({ op: 'info', path: 'n' })
        const next = String(Number(readFileSync(join(place.root, 'n'), 'utf8')) + 1)
        const write: Operation = { op: 'write', path: 'n', content: next, if_hash: String(hash) }
        won += await worker.run(write).then(
          () => 1,
          (thrown: unknown) => (denialOf(thrown).code === 'conflict' ? 0 : assert.fail(String(thrown))),
        )
      }
    }
    await Promise.all(workers.map((worker, i) => add(worker, `w${i} `)))
    const lines = readFileSync(join(place.root, 'list'), 'utf8').split('\n')
    assert.equal(new Set(lines).size, 82, 'eighty lines, the end, and the empty text behind it')
    writeFileSync(join(place.root, 'n'), '0')
    await Promise.all(workers.map(set))
    const n = Number(readFileSync(join(place.root, 'n'), 'utf8'))
    assert.ok(n <= 40 && n >= 20, `${n}`)
  })
})
