// Proves which tampering the chain shows by itself, and that an intact trail passes. What only an anchor shows: anchors.test.ts.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { at, chained, EVENTS, joined, LINES, renamed, swapLine, TEXT, verdictOf } from '../fixture/sample-trail.ts'
import { GENESIS, leafHash } from '../chain.ts'
import { merkleTree } from '../merkle-tree.ts'
import { trailVerifier } from './trail-verifier.ts'

/** Tampering that the chain shows by itself. */
const SEEN: readonly (readonly [kind: string, trail: string | Uint8Array, badSeq: number, reason: RegExp])[] = [
  ['a value is edited', swapLine(4, at(4).replace('agent-1', 'agent-2')), 5, /Does not continue record 4/],
  [
    'a value is edited and the line chained anew, but not what follows',
    joined([...chained(renamed(EVENTS.slice(0, 5))), ...LINES.slice(5)]),
    5,
    /Does not continue record 4/,
  ],
  ['the first record is edited', swapLine(0, at(0).replace('agent-1', 'agent-2')), 1, /Does not continue record 0/],
  ['the first record is deleted', joined(LINES.slice(1)), 0, /Record 0 is missing/],
  ['a record in the middle is deleted', joined(LINES.toSpliced(4, 1)), 4, /Record 4 is missing/],
  [
    'a record is deleted and the rest renumbered',
    joined([
      ...LINES.slice(0, 4),
      ...LINES.slice(5).map((line, index) => line.replace(/"seq":\d+/, `"seq":${index + 4}`)),
    ]),
    4,
    /Does not continue record 3/,
  ],
  ['the middle is cut out', joined([...LINES.slice(0, 3), ...LINES.slice(7)]), 3, /Record 3 is missing/],
  ['two records change places', joined(LINES.with(4, at(5)).with(5, at(4))), 4, /Record 4 is missing/],
  ['a record is replayed at once', joined(LINES.toSpliced(5, 0, at(4))), 5, /Record 4 stands again/],
  ['a record is replayed at the end', joined([...LINES, at(4)]), 10, /Record 4 stands again/],
  [
    'a record is replayed at the end under a new number',
    joined([...LINES, at(4).replace('"seq":4', '"seq":10')]),
    10,
    /Does not continue record 9/,
  ],
  [
    'a record is slipped in',
    joined(LINES.toSpliced(5, 0, chained([...EVENTS.slice(0, 5), { type: 'auth.success' }])[5] as string)),
    6,
    /Record 5 stands again/,
  ],
  [
    'another trail is spliced on',
    joined([...LINES.slice(0, 5), ...chained(renamed(EVENTS)).slice(5)]),
    5,
    /Does not continue record 4/,
  ],
  ['another trail follows from its beginning', TEXT + TEXT, 10, /Record 0 stands again/],
  [
    'the trail starts with a forged past',
    joined(LINES.with(0, at(0).replace(GENESIS, 'f'.repeat(64)))),
    0,
    /does not start a trail/,
  ],
  ['CRLF', TEXT.replaceAll('\n', '\r\n'), 0, /carriage return/],
  ['CRLF once', swapLine(4, `${at(4)}\r`), 4, /carriage return/],
  ['an empty line', joined(LINES.toSpliced(4, 0, '')), 4, /empty line/],
  ['white space after the record', swapLine(4, `${at(4)} `), 4, /white space/],
  ['white space between fields', swapLine(4, at(4).replace(',"caller"', ', "caller"')), 4, /white space/],
  [
    'a key twice, the same value',
    swapLine(4, at(4).replace(',"caller":"agent-1"', ',"caller":"agent-1","caller":"agent-1"')),
    4,
    /twice/,
  ],
  [
    'a key twice, another value',
    swapLine(4, at(4).replace(',"caller":"agent-1"', ',"caller":"agent-2","caller":"agent-1"')),
    4,
    /twice/,
  ],
  [
    'a key twice, once escaped',
    swapLine(4, at(4).replace(',"caller":"agent-1"', ',"c\\u0061ller":"agent-2","caller":"agent-1"')),
    4,
    /./,
  ],
  ['a number twice', swapLine(4, at(4).replace('"seq":4', '"seq":4,"seq":4')), 4, /twice/],
  ['an unknown field', swapLine(4, at(4).replace(',"caller"', ',"note":"x","caller"')), 4, /unknown field/],
  [
    'fields in another order',
    swapLine(4, at(4).replace('"call_id":"c-4","caller":"agent-1"', '"caller":"agent-1","call_id":"c-4"')),
    4,
    /another order/,
  ],
  ['the hash is missing', swapLine(4, at(4).replace(/,"prev":"[0-9a-f]+"/, '')), 4, /Lacks the field prev/],
  [
    'the hash in capitals',
    swapLine(
      4,
      at(4).replace(/"prev":"[0-9a-f]+"/, (text) => text.toUpperCase().replace('PREV', 'prev')),
    ),
    4,
    /written form/,
  ],
  ['another version', swapLine(4, at(4).replace('"v":1', '"v":2')), 4, /version/],
  ['a number in another spelling', swapLine(4, at(4).replace('"seq":4', '"seq":4.0')), 4, /written form/],
  ['a number with a leading zero', swapLine(4, at(4).replace('"seq":4', '"seq":04')), 4, /not JSON/],
  ['a number beyond 2^53', swapLine(4, at(4).replace('"seq":4', '"seq":9999999999999999')), 4, /written form/],
  ['a letter in another spelling', swapLine(4, at(4).replace('agent-1', '\\u0061gent-1')), 4, /written form/],
  ['an escape in another spelling', swapLine(4, at(4).replace('agent-1', 'agent\\n1')), 4, /written form/],
  ['an escape in capitals', swapLine(4, at(4).replace('agent-1', 'agent\\u00E9')), 4, /written form/],
  ['a text over 256 units', swapLine(4, at(4).replace('agent-1', 'x'.repeat(257))), 4, /written form/],
  [
    'another outcome than allow or deny',
    swapLine(4, at(4).replace(',"prev"', ',"decision":"maybe","prev"')),
    4,
    /written form/,
  ],
  ['a month 13', swapLine(4, at(4).replace('2026-01', '2026-13')), 4, /written form/],
  ['a letter beyond ASCII', swapLine(4, at(4).replace('agent-1', 'agent-é')), 4, /outside printable ASCII/],
  ['a byte order mark', `\ufeff${TEXT}`, 0, /outside printable ASCII/],
  ['a NUL byte', swapLine(4, at(4).replace('agent-1', 'agent\0')), 4, /outside printable ASCII/],
  [
    'bytes that are not UTF-8',
    Buffer.concat([Buffer.from(TEXT), Buffer.from([0xff, 0xfe, 0x0a])]),
    10,
    /outside printable ASCII/,
  ],
  ['a line of another program', joined(LINES.toSpliced(4, 0, 'INFO started')), 4, /not JSON/],
  ['an array', joined(LINES.toSpliced(4, 0, '[]')), 4, /not a JSON object/],
  ['half a record in the middle', swapLine(4, at(4).slice(0, 60)), 4, /not JSON/],
  ['two records on one line', joined([...LINES.slice(0, 4), at(4) + at(5), ...LINES.slice(6)]), 4, /not JSON/],
  ['a line without end', TEXT + 'x'.repeat(9_000), 10, /Longer than 8191/],
  ['a long line', `${TEXT}${'x'.repeat(9_000)}\n`, 10, /Longer than 8191/],
]

const treeRoot = (lines: readonly string[]): string => {
  const tree = merkleTree()
  for (const line of lines) tree.append(leafHash(line))
  return tree.head().root
}

suite('trailVerifier()', () => {
  test('an intact trail passes, and its end is not established', () => {
    assert.deepEqual(verdictOf(TEXT), {
      verdict: 'pass',
      records: 10,
      head: {
        seq: 9,
        hash: hash('sha256', `\0${at(9)}`, 'hex'),
        root: treeRoot(LINES),
      },
      tornBytes: 0,
      clockSteps: 0,
      end: 'not_established',
    })
  })

  test('an empty trail passes and claims nothing', () => {
    assert.deepEqual(verdictOf(''), {
      verdict: 'pass',
      records: 0,
      tornBytes: 0,
      clockSteps: 0,
      end: 'not_established',
    })
  })

  test('a torn last line is reported and is no fault, wherever it is torn', () => {
    for (let cut = 1; cut < at(9).length + 1; cut += 1) {
      const { verdict, records, tornBytes } = verdictOf(TEXT.slice(0, -cut))
      assert.deepEqual(
        { verdict, records, tornBytes },
        { verdict: 'pass', records: 9, tornBytes: at(9).length + 1 - cut },
      )
    }
  })

  for (const [kind, trail, badSeq, reason] of SEEN)
    test(`fails: ${kind}`, () => {
      const verdict = verdictOf(trail)
      assert.equal(verdict.verdict, 'fail')
      assert.equal(verdict.badSeq, badSeq)
      assert.match(String(verdict.reason), reason)
      assert.equal(verdict.records, badSeq, 'what stands before the fault holds')
    })

  test('the verdict does not depend on how the bytes are cut into pieces', () => {
    const trails = [
      TEXT,
      TEXT.slice(0, -7),
      swapLine(4, at(4).replace('agent-1', 'agent-é')),
      joined(LINES.toSpliced(4, 1)),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...trails),
        fc.array(fc.nat(400), { minLength: 1, maxLength: 50 }),
        (trail, sizes) => {
          const bytes = Buffer.from(trail)
          const verifier = trailVerifier()
          for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
            const size = (sizes[turn % sizes.length] as number) + 1
            const piece = Buffer.from(bytes.subarray(start, start + size))
            verifier.push(piece)
            piece.fill(0) // the reader may use its buffer again
            start += size
          }
          assert.deepEqual(verifier.end(), verdictOf(trail))
        },
      ),
    )
  })

  test('no single changed byte goes unseen, but for the last record', () => {
    const inner = TEXT.length - at(9).length - 1
    fc.assert(
      fc.property(fc.nat(inner - 1), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const bytes = Buffer.from(TEXT)
        bytes[place] = (bytes[place] as number) ^ flip
        assert.equal(verdictOf(bytes).verdict, 'fail')
      }),
      { numRuns: 2_000 },
    )
  })

  test('any chained events pass', () => {
    const event = fc.record({
      type: fc.constant('auth.failure' as const),
      client: fc.string({ unit: 'binary', maxLength: 400 }),
      err: fc.string({ maxLength: 300 }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const { verdict, records } = verdictOf(joined(chained(events)))
        assert.deepEqual({ verdict, records }, { verdict: 'pass', records: events.length })
      }),
    )
  })
})
