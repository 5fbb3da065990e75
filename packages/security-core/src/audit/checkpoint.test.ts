// Proves the tree head against the definition in RFC 6962, and that a checkpoint has one text.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { GENESIS, leafHash } from './chain.ts'
import { checkpointText, logName, sealCheckpoint, trailSigner } from './checkpoint.ts'
import { ed25519Key, epochKey, rawPublicKey } from './epoch-keys.ts'
import { merkleTree } from './merkle-tree.ts'
import { verifierKey } from './signed-note.ts'
import { openNote, readCheckpoint, readVerifierKey, signedBy } from './verify/open-note.ts'
import { rollingRoot } from './verify/rolling-root.ts'

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
      const { peaks } = { peaks: tree.peaks() }
      assert.deepEqual(merkleTree({ size, peaks }).head(), tree.head(), 'goes on from its peaks')
      assert.equal(rollingRoot({ size, peaks }).value(), tree.head().root)
      const leaf = leafHash(`record ${size}`)
      const copy = tree.copy()
      tree.append(leaf)
      assert.equal(copy.head().size, size, 'a copy stays behind')
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
const NEXT = 'cd'.repeat(32)
const TEXT = `audit.example/db-query/slot-0\n42\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\nepoch 3\nnext ${NEXT}\n`
const SAID = { origin: 'audit.example/db-query/slot-0', size: 42, root: ROOT, epoch: 3, next: NEXT }

suite('checkpointText() and readCheckpoint()', () => {
  test('are each the way back of the other', () => {
    assert.equal(checkpointText(SAID), TEXT)
    assert.deepEqual(readCheckpoint(TEXT), SAID)
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]([ -~]{0,50}[!-~])?$/), fc.maxSafeNat(), bytes, (origin, size, root) => {
        const checkpoint = { ...SAID, origin, size, root: Buffer.from(root).toString('hex') }
        assert.deepEqual(readCheckpoint(checkpointText(checkpoint)), checkpoint)
      }),
    )
  })

  for (const [because, text] of [
    ['no last line feed', TEXT.slice(0, -1)],
    ['a third extension line', `${TEXT}more\n`],
    ['no extension lines', TEXT.split('\n').slice(0, 3).join('\n') + '\n'],
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
    ['a key in capitals', TEXT.replace('cdcd', 'CDCD')],
    ['a second checkpoint', TEXT + TEXT],
    ['nothing', ''],
  ] as const)
    test(`refuses ${because}`, () => {
      assert.equal(readCheckpoint(text), undefined)
    })
})

suite('sealCheckpoint()', () => {
  const signer = trailSigner(Buffer.alloc(32, 7), 4)
  const key = epochKey(Buffer.alloc(32, 8), 3)
  const log = rawPublicKey(ed25519Key(Buffer.alloc(32, 7)))

  test('gives a note that any C2SP reader opens with the key of the log', () => {
    const { note, event } = sealCheckpoint({ size: 42, root: ROOT }, { signer, key, next: NEXT })
    const name = `${logName(log)}/slot-4`
    const text = openNote(note, readVerifierKey(verifierKey(name, log)))
    assert.deepEqual(text && readCheckpoint(text), { ...SAID, origin: name })
    assert.deepEqual([event.size, event.root, event.epoch, event.next], [42, ROOT, 3, NEXT])
    assert.ok(signedBy(log, text ?? '', event.sig ?? ''))
    assert.ok(signedBy(Buffer.from(key.publicKey, 'hex'), text ?? '', event.seal ?? ''))
  })

  test('the first checkpoint has no seal', () => {
    const { event } = sealCheckpoint({ size: 0, root: GENESIS }, { signer, next: key.publicKey })
    assert.deepEqual([event.epoch, 'seal' in event], [0, false])
  })
})
