// Proves that a note opens exactly when the key signed this very text, and against a note that another program made.
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { signatureLine, verifierKey as writtenKey } from '../signed-note.ts'
import { openNote as open, readVerifierKey } from './open-note.ts'

const openNote = (note: string, key: string) => open(note, readVerifierKey(key))
const rawOf = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).subarray(-32)
const verifierKey = (name: string, publicKey: KeyObject) => writtenKey(name, rawOf(publicKey))
const signNote = (text: string, { name, privateKey }: { name: string; privateKey: KeyObject }) =>
  `${text}\n${signatureLine(name, rawOf(createPublicKey(privateKey)), sign(null, Buffer.from(text), privateKey).toString('hex'))}`

// The example of the Go checksum database's note package, golang.org/x/mod/sumdb/note.
const THEIR_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const THEIR_TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const THEIR_NOTE = `${THEIR_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const SIGNER = { name: 'audit.example/log', privateKey }
const KEY = verifierKey(SIGNER.name, publicKey)
const TEXT = 'origin\n42\nroot\n'
const NOTE = signNote(TEXT, SIGNER)
const [, , , , LINE = ''] = NOTE.split('\n')

suite('openNote()', () => {
  test('opens a note that another program signed', () => {
    assert.equal(openNote(THEIR_NOTE, THEIR_KEY), THEIR_TEXT)
    assert.equal(openNote(THEIR_NOTE.replace('your problem,', 'my problem,'), THEIR_KEY), undefined)
  })

  test('opens what signNote wrote, whatever the text', () => {
    assert.equal(openNote(NOTE, KEY), TEXT)
    const line = fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .filter((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text))
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        const text = `${lines.join('\n')}\n`
        assert.equal(openNote(signNote(text, SIGNER), KEY), text)
      }),
    )
  })

  test('opens a note that a witness has signed too, and does not mind whose line comes first', () => {
    const [, , , , theirs] = signNote(TEXT, { name: 'witness', privateKey: other.privateKey }).split('\n')
    assert.equal(openNote(`${NOTE}${theirs}\n`, KEY), TEXT)
    assert.equal(openNote(`${TEXT}\n${theirs}\n${LINE}\n`, KEY), TEXT)
    assert.equal(openNote(`${NOTE}${theirs}\n`, verifierKey('witness', other.publicKey)), TEXT)
  })

  test('no single changed byte of text or signature opens', () => {
    const bytes = Buffer.from(NOTE)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const changed = Buffer.from(bytes)
        changed[place] = (changed[place] as number) ^ flip
        assert.equal(openNote(changed.toString('utf8'), KEY), undefined)
      }),
      { numRuns: 1_000 },
    )
  })

  for (const [because, note] of [
    ['another key of the same name', signNote(TEXT, { ...SIGNER, privateKey: other.privateKey })],
    ['the same key under another name', signNote(TEXT, { ...SIGNER, name: 'audit.example/other' })],
    ['another text', NOTE.replace('42', '43')],
    ['a longer text', `more\n${NOTE}`],
    ['a text without its line feed', NOTE.replace('root\n\n', 'root\n')],
    ['no signature', TEXT],
    ['an empty signature part', `${TEXT}\n`],
    ['a signature cut short', NOTE.replace(/.{4}\n$/, '\n')],
    ['base64 in another spelling', NOTE.replace(/=\n$/, '\n')],
    ['a hyphen for the dash', NOTE.replace('—', '-')],
    ['CRLF', NOTE.replaceAll('\n', '\r\n')],
    ['a last line that is not ended', NOTE.slice(0, -1)],
    ['something after the signatures', `${NOTE}more\n`],
    ['a good signature and a bad one of the same key', `${NOTE}${LINE.slice(0, -8)}AAAAAAA=\n`],
    ['seventeen signatures', NOTE + `${LINE}\n`.repeat(16)],
    ['nothing', ''],
  ] as const)
    test(`does not open with ${because}`, () => {
      assert.equal(openNote(note, KEY), undefined)
    })

  for (const [because, key] of [
    ['an id that does not fit', KEY.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['another name', KEY.replace('/log', '/lag')],
    ['no name', KEY.replace('audit.example/log', '')],
    ['another algorithm', THEIR_KEY.replace('+AR', '+BR')],
    ['nothing', ''],
  ] as const)
    test(`refuses a verifier key with ${because}`, () => {
      assert.throws(() => openNote(NOTE, key), RangeError)
    })
})

suite('verifierKey()', () => {
  test('is written as name, id and key', () => {
    assert.match(KEY, /^audit\.example\/log\+[0-9a-f]{8}\+AQ?[A-Za-z0-9+/]{42,43}$/)
  })
})
