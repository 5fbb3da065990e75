// Differential fuzz: what we accept is read as the same host by other parsers: WHATWG, Node's old one, Python's, and curl's.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { parse } from 'node:url'
import fc from 'fast-check'
import allowed from '../../../../../test/vectors/urls/allowed.json' with { type: 'json' }
import { readUrl } from './url-syntax.ts'

const RUNS = Number(process.env['URL_FUZZ_RUNS'] ?? 20_000)
const have = (command: string) => spawnSync(command, ['--version']).status === 0
const bare = (host: string) => host.toLowerCase().replace(/^\[|\]$/g, '')

const seeds = allowed.map(({ given }) => given)
const noise = fc.constantFrom(
  ...[
    '@',
    ':',
    '/',
    '//',
    '\\',
    '%',
    '%2f',
    '%40',
    '?',
    '#',
    '.',
    '..',
    ';',
    '[',
    ']',
    '::1',
    '127.0.0.1',
    'a.com',
    ':443',
    '&',
    '\t',
    '\u3002',
  ],
)
// A good URL with pieces put in, or a URL of pieces alone.
const texts = fc.oneof(
  fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(60), noise), { maxLength: 4 }))
    .map(([url, pieces]) => pieces.reduce((text, [at, piece]) => text.slice(0, at) + piece + text.slice(at), url)),
  fc
    .array(fc.oneof(noise, fc.string({ maxLength: 3 }), fc.constantFrom('b.org', 'x')), { maxLength: 8 })
    .map((rest) => `https://${rest.join('')}`),
)

/** Texts we accept, with the host and port we read. */
const accepted = (count: number) =>
  fc.sample(texts, count).flatMap((text) => {
    const reading = readUrl(text)
    return reading.ok ? [{ text, host: reading.url.host, port: reading.url.port, href: reading.url.href }] : []
  })

suite('readUrl() beside other readers', () => {
  test("WHATWG and Node's old parser see the same host, in the text and in the href that is sent", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const reading = readUrl(text)
        if (!reading.ok) return
        for (const each of [text, reading.url.href]) {
          assert.equal(bare(new URL(each).hostname), reading.url.host)
          const old = parse(each) // oxlint-disable-line typescript/no-deprecated -- the old reader is what is compared
          assert.equal(bare(old.hostname ?? ''), reading.url.host, each)
          assert.equal(Number(old.port ?? 443), reading.url.port, each)
        }
      }),
      { numRuns: RUNS },
    )
  })

  test("Python's urllib sees the same host", { skip: !have('python3') && 'python3 is not installed' }, () => {
    const rows = accepted(RUNS)
    assert.ok(rows.length > RUNS / 10, `${rows.length} accepted`)
    const script =
      'import json,sys\nfrom urllib.parse import urlsplit\nprint(json.dumps([[urlsplit(u).hostname,urlsplit(u).port or 443] for u in json.load(sys.stdin)]))'
    const { stdout, stderr } = spawnSync('python3', ['-c', script], {
      input: JSON.stringify(rows.flatMap(({ text, href }) => [text, href])),
      maxBuffer: 1e9,
    })
    const seen = JSON.parse(stdout.toString() || stderr.toString()) as [string, number][]
    assert.deepEqual(
      seen,
      rows.flatMap(({ host, port }) => [
        [host, port],
        [host, port],
      ]),
    )
  })

  test('curl sees the same host', { skip: !have('curl') && 'curl is not installed' }, () => {
    const rows = accepted(400).slice(0, 120)
    for (const { href, host, port } of rows) {
      // A proxy that refuses at once: curl says to whom it would have asked for a tunnel, and dials nobody else.
      const { stderr } = spawnSync('curl', [
        '-sv',
        '--globoff',
        '--max-time',
        '5',
        '-x',
        'http://127.0.0.1:1',
        '-w',
        '',
        href,
      ])
      assert.doesNotMatch(stderr.toString(), /Could not resolve host/, href)
      const { stdout } = spawnSync('curl', [
        ...['-s', '--globoff', '--max-time', '5', '-x', 'http://127.0.0.1:1', '-o', '/dev/null'],
        ...['-w', '%{url_effective}', href],
      ])
      const effective = new URL(stdout.toString())
      assert.deepEqual([bare(effective.hostname), Number(effective.port || 443)], [host, port])
    }
  })
})
