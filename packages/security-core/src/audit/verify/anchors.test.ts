// Proves which tampering only an anchor shows, and that a verdict claims no more than its anchors.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Anchor } from './anchors.ts'
import { leafHash } from '../chain.ts'
import { at, chained, EVENTS, joined, LINES, renamed, swapLine, TEXT, verdictOf } from '../fixture/sample-trail.ts'
import { merkleTree } from '../merkle-tree.ts'

const anchorAt = (seq: number) => ({ seq, hash: hash('sha256', `\0${at(seq)}`, 'hex') })
const rootAt = (size: number): Anchor => {
  const tree = merkleTree()
  for (const line of LINES.slice(0, size)) tree.append(leafHash(line))
  return tree.head()
}

/** Tampering that leaves a trail as somebody could have written it: only an anchor shows it. */
const HIDDEN_WITHOUT_ANCHOR: readonly (readonly [kind: string, trail: string, reason: RegExp])[] = [
  [
    'an edit with everything after it chained anew',
    joined(chained(EVENTS.with(4, { type: 'tool_call.request', caller: 'nobody' }))),
    /the trail was rewritten/,
  ],
  ['a deletion with everything after it chained anew', joined(chained(EVENTS.toSpliced(4, 1))), /trail was cut/],
  [
    'an insertion with everything after it chained anew',
    joined(chained(EVENTS.toSpliced(4, 0, { type: 'auth.success' }))),
    /the trail was rewritten/,
  ],
  ['a whole other trail', joined(chained(renamed(EVENTS))), /the trail was rewritten/],
  ['an edit of the last record', swapLine(9, at(9).replace('agent-1', 'agent-2')), /the trail was rewritten/],
  ['the end cut off', joined(LINES.slice(0, 9)), /trail was cut/],
  ['the end cut off within a line', TEXT.slice(0, -20), /trail was cut/],
  ['everything cut off', '', /trail was cut/],
]

suite('trailVerifier() with anchors', () => {
  test('an intact trail passes against anchors, and says how far they reach', () => {
    assert.deepEqual(verdictOf(TEXT, [anchorAt(3), anchorAt(7)]).end, { anchoredUpTo: 7 })
    assert.deepEqual(verdictOf(TEXT, [anchorAt(9)]).end, { anchoredUpTo: 9 })
    for (let size = 1; size <= 10; size += 1)
      assert.deepEqual(verdictOf(TEXT, [rootAt(size)]).end, { anchoredUpTo: size - 1 }, `a root over ${size}`)
    assert.deepEqual(verdictOf(TEXT, [rootAt(4), anchorAt(3), rootAt(9), anchorAt(6)]).end, { anchoredUpTo: 8 })
    assert.equal(verdictOf(TEXT, [rootAt(0)]).end, 'not_established')
  })

  for (const [kind, trail, reason] of HIDDEN_WITHOUT_ANCHOR) {
    test(`only an anchor shows: ${kind}`, () => {
      assert.equal(verdictOf(trail).verdict, 'pass')
      assert.equal(verdictOf(trail).end, 'not_established')
      for (const anchor of [anchorAt(9), rootAt(10)]) {
        const anchored = verdictOf(trail, [anchor])
        assert.equal(anchored.verdict, 'fail')
        assert.match(String(anchored.reason), reason)
        assert.equal(anchored.end, 'not_established')
      }
    })
  }

  test('an anchor before the tampering shows nothing, and the verdict claims no more than it', () => {
    const rewritten = joined(chained(EVENTS.with(8, { type: 'auth.success' })))
    const { verdict, end } = verdictOf(rewritten, [anchorAt(7)])
    assert.deepEqual({ verdict, end }, { verdict: 'pass', end: { anchoredUpTo: 7 } })
  })

  test('anchors that contradict each other fail', () => {
    const other = 'f'.repeat(64)
    assert.match(String(verdictOf(TEXT, [anchorAt(3), { seq: 3, hash: other }]).reason), /contradict/)
    assert.match(String(verdictOf(TEXT, [{ size: 3, root: other }, rootAt(3)]).reason), /contradict/)
    assert.match(String(verdictOf(TEXT, [anchorAt(3), { size: 4, root: other }]).reason), /the trail was rewritten/)
  })
})
