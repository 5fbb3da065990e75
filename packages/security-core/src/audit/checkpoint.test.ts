// Proves the tree head against the definition in RFC 6962, and that a checkpoint has one text.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { checkpointText, readCheckpoint } from './checkpoint.ts'
import { leafHash } from './chain.ts'
import { merkleTree } from './merkle-tree.ts'

/** RFC 6962 §2.1, word for word: split at the largest power of two below n. */
function rootByDefinition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  if (leaves.length === 1) return leaves[0] as Buffer
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(rootByDefinition(leaves.slice(0, half)))
    .update(rootByDefinition(leaves.slice(half)))
    .digest()
}

suite('merkleTree()', () => {
  test('gives the root of RFC 6962 at every size', () => {
    const tree = merkleTree()
    const leaves: Buffer[] = []
    for (let size = 0; size <= 130; size += 1) {
      assert.deepEqual(tree.head(), { size, root: rootByDefinition(leaves).toString('hex') })
      const leaf = leafHash(`record ${size}`)
      tree.append(leaf)
      leaves.push(Buffer.from(leaf, 'hex'))
    }
  })

  // Published test data of certificate transparency: leaves "", 00, 10, 2021, 3031, 40414243, ... in hexadecimal.
  test('agrees with the published roots of certificate transparency', () => {
    const tree = merkleTree()
    for (const leaf of ['', '\u0000', '\u0010', ' !', '01', '@ABC', 'PQRSTUVW', '`abcdefghijklmno'])
      tree.append(leafHash(leaf))
    assert.equal(tree.head().root, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
  })
})

const ROOT = 'ab'.repeat(32)
const TEXT = 'audit.example/db-query/slot-0\n42\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n'

suite('checkpointText() and readCheckpoint()', () => {
  test('are each the way back of the other', () => {
    assert.equal(checkpointText({ origin: 'audit.example/db-query/slot-0', size: 42, root: ROOT }), TEXT)
    assert.deepEqual(readCheckpoint(TEXT), { origin: 'audit.example/db-query/slot-0', size: 42, root: ROOT })
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]([ -~]{0,50}[!-~])?$/), fc.maxSafeNat(), bytes, (origin, size, root) => {
        const checkpoint = { origin, size, root: Buffer.from(root).toString('hex') }
        assert.deepEqual(readCheckpoint(checkpointText(checkpoint)), checkpoint)
      }),
    )
  })

  for (const [because, text] of [
    ['no last line feed', TEXT.slice(0, -1)],
    ['an extension line', `${TEXT}more\n`],
    ['CRLF', TEXT.replaceAll('\n', '\r\n')],
    ['a leading zero', TEXT.replace('42', '042')],
    ['a sign', TEXT.replace('42', '+42')],
    ['a count beyond 2^53', TEXT.replace('42', '9007199254740993')],
    ['an empty origin', TEXT.replace(/^.*\n/, '\n')],
    ['an origin with a space at its end', TEXT.replace('slot-0', 'slot-0 ')],
    ['an origin beyond ASCII', TEXT.replace('slot-0', 'slot-é')],
    ['a short root', TEXT.replace('q6ur', '')],
    ['a root in another spelling', TEXT.replace('q6s=', 'q6t=')],
    ['a root in the URL alphabet', TEXT.replace('q6ur', '_-ur')],
    ['a second checkpoint', TEXT + TEXT],
    ['nothing', ''],
  ] as const)
    test(`refuses ${because}`, () => {
      assert.equal(readCheckpoint(text), undefined)
    })

  for (const checkpoint of [
    { origin: 'a\n7', size: 1, root: ROOT },
    { origin: '', size: 1, root: ROOT },
    { origin: 'a', size: 1.5, root: ROOT },
    { origin: 'a', size: -1, root: ROOT },
    { origin: 'a', size: 1, root: ROOT.slice(2) },
    { origin: 'a', size: 1, root: ROOT.toUpperCase() },
  ])
    test(`does not write ${JSON.stringify(checkpoint).slice(0, 40)}`, () => {
      assert.throws(() => checkpointText(checkpoint), RangeError)
    })
})
