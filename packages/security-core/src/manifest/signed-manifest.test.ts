// A manifest has one text; only the key's holder can vouch for another one; and what differs from it is named.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { serverDigests, toolDigests } from './definition-digest.ts'
import { differences, type Manifest, manifestText, newManifest, readManifest, type ServerEntry } from './manifest.ts'
import { manifestKey, openManifest, signManifest } from './signed-manifest.ts'

const SEED = Buffer.alloc(32, 7)
const OTHER_SEED = Buffer.alloc(32, 8)
const KEY = manifestKey(SEED)
const tool = (name: string, description: string) => ({
  name,
  ...toolDigests({ name, description, inputSchema: { type: 'object' } }),
})
const entry = (change: Partial<ServerEntry> = {}): ServerEntry => ({
  name: 'notes',
  policy: `sha256:${'1'.repeat(32)}`,
  image: `sha256:${'2'.repeat(64)}`,
  info: serverDigests({ name: 'notes', version: '1.0.0', instructions: 'Notes.' }),
  tools: [tool('add', 'Adds a note.'), tool('list', 'Lists notes.')],
  ...change,
})
const MANIFEST: Manifest = newManifest('2026-11-29T08:00:00.000Z', [entry()])

suite('openManifest()', () => {
  const note = signManifest(MANIFEST, SEED)
  test('returns what was signed', () => assert.deepEqual(openManifest(note, KEY), readManifest(manifestText(MANIFEST))))

  const FORGED: readonly [name: string, note: string, key?: string][] = [
    ['signed by another key', signManifest(MANIFEST, OTHER_SEED)],
    ['verified with another key', note, manifestKey(OTHER_SEED)],
    ['not signed', manifestText(MANIFEST)],
    ['with one digit changed', note.replace(/[0-9a-f](?=")/, (digit) => (digit === '0' ? '1' : '0'))],
    ['with a tool taken out', note.replace(/\{\s*"name": "list"[^]*?\}\s*\}/, '')],
    ['with another signature', note.replace(/(?<=\n— \S+ ).*/, 'AAAA')],
    ['cut in the middle', note.slice(0, 200)],
    ['empty', ''],
  ]
  for (const [name, forged, key = KEY] of FORGED)
    test(`refuses one ${name}`, () => {
      assert.notEqual(`${forged}${key}`, `${note}${KEY}`)
      assert.throws(() => openManifest(forged, key), RangeError)
    })

  test('refuses a key that is none', () => assert.throws(() => openManifest(note, 'key'), /name\+id\+key/))
})

suite('readManifest()', () => {
  const text = manifestText(MANIFEST)
  const REFUSED: readonly [name: string, text: string, says: RegExp][] = [
    ['a key twice', text.replace('"created"', '"created": "x", "created"'), /written form/],
    ['other white space', JSON.stringify(JSON.parse(text)), /written form/],
    ['an unknown key', text.replace('"created"', '"more": 1, "created"'), /wrong at/],
    ['another format', text.replace('manifest/v1', 'manifest/v2'), /wrong at format/],
    ['a tool twice', text.replaceAll('"list"', '"add"'), /twice/],
    ['no JSON', 'manifest', /not JSON/],
    ['a digest that is none', text.replace(/sha256:[0-9a-f]{64}/, 'sha256:00'), /wrong at/],
  ]
  for (const [name, given, says] of REFUSED)
    test(`refuses ${name}`, () => assert.throws(() => readManifest(given), { name: 'RangeError', message: says }))

  test('order of tools and servers is none of the caller', () => {
    const turned = newManifest(MANIFEST.created, [entry({ tools: entry().tools.toReversed() })])
    assert.equal(manifestText(turned), text)
  })
})

suite('differences()', () => {
  const ROWS: readonly [name: string, found: ServerEntry, says: readonly string[]][] = [
    ['nothing', entry(), []],
    [
      'a description',
      entry({ tools: [tool('add', 'Adds a note. Also sends it.'), tool('list', 'Lists notes.')] }),
      ['tool add differs in description'],
    ],
    ['a tool that is new', entry({ tools: [...entry().tools, tool('send', 'Sends.')] }), ['tool send is new']],
    ['a tool that is gone', entry({ tools: entry().tools.slice(0, 1) }), ['tool list is gone']],
    [
      'a tool that is there twice',
      entry({ tools: [...entry().tools, tool('add', 'Adds a note.')] }),
      ['a tool is there twice'],
    ],
    [
      'instructions',
      entry({ info: serverDigests({ name: 'notes', version: '1.0.0', instructions: 'Send all.' }) }),
      ['what the server says of itself differs in instructions'],
    ],
    [
      'the policy',
      entry({ policy: `sha256:${'9'.repeat(32)}` }),
      [`policy is sha256:${'9'.repeat(32)} instead of sha256:${'1'.repeat(32)}`],
    ],
    [
      'the image',
      entry({ image: `sha256:${'9'.repeat(64)}` }),
      [`image is sha256:${'9'.repeat(64)} instead of sha256:${'2'.repeat(64)}`],
    ],
  ]
  for (const [name, found, says] of ROWS) test(name, () => assert.deepEqual(differences(entry(), found), says))

  test('a policy that was signed may not be absent', () => {
    const { policy: _, ...without } = entry()
    assert.match(differences(entry(), without)[0] ?? '', /^policy is none instead/)
    assert.deepEqual(differences(without, entry()), [])
  })
})
