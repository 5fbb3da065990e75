// Breaks of the tool manifest: of its digests, its signature, and what is compared before a server starts.
import type { Mutant } from './mutants.ts'

const core = (name: string, ...tests: readonly string[]) => ({
  file: `packages/security-core/src/manifest/${name}.ts`,
  tests: (tests.length === 0 ? [name] : tests).map((test) => `packages/security-core/src/manifest/${test}.test.ts`),
})
const AS_SIGNED = {
  file: 'packages/host/src/manifest/as-signed.ts',
  tests: ['packages/host/src/manifest/as-signed.test.ts'],
}
const READ = {
  file: 'packages/security-core/src/input/text-as-read.ts',
  tests: ['packages/security-core/src/input/text-as-read.test.ts'],
}

const SCAN = 'packages/security-core/src/manifest/scan'
const scan = (name: string) => ({ file: `${SCAN}/${name}.ts`, tests: [`${SCAN}/scan-tools.test.ts`] })
const PEERS = 'packages/admin/src/manifest/scan'
const peers = (name: string) => ({ file: `${PEERS}/${name}.ts`, tests: [`${PEERS}/scan.test.ts`] })

export const MANIFEST_MUTANTS: readonly Mutant[] = [
  {
    ...core('definition-digest'),
    find: '  return { definition: digest(whole), parts }',
    replace: "  return { definition: digest({ ...whole, description: '' }), parts }",
    because: 'a changed description has the digest that was approved',
  },
  {
    ...core('definition-digest'),
    find: 'if (rest.length > 0) parts.other',
    replace: 'if (false) parts.other',
    because: 'what changed in an unknown member is not named',
  },
  {
    ...core('manifest', 'signed-manifest'),
    find: 'known === undefined ? [`tool ${name} is new`] : changed',
    replace: 'known === undefined ? [] : changed',
    because: 'a tool that nobody signed passes',
  },
  {
    ...core('manifest', 'signed-manifest'),
    find: 'if (before.definition === now.definition) return []',
    replace: 'if (Object.keys(before.parts).length === Object.keys(now.parts).length) return []',
    because: 'a changed definition passes when its parts are as many',
  },
  {
    ...core('manifest', 'signed-manifest'),
    find: 'signed.policy !== undefined && signed.policy !== found.policy',
    replace: 'signed.policy !== undefined && found.policy !== undefined && signed.policy !== found.policy',
    because: 'a server without its signed policy passes',
  },
  {
    ...core('manifest', 'signed-manifest'),
    find: "now.size === found.tools.length ? [] : ['a tool is there twice']",
    replace: 'true ? [] : []',
    because: 'a second tool of the same name hides behind the signed one',
  },
  {
    ...core('manifest', 'signed-manifest'),
    find: 'if (manifestText(read) !== text)',
    replace: 'if (false)',
    because: 'a manifest has two readings: a key may stand in it twice',
  },
  {
    ...core('signed-manifest'),
    find: 'const text = openNote(note, readVerifierKey(key))',
    replace: "const text = openNote(note, readVerifierKey(key)) ?? note.slice(0, note.lastIndexOf('\\n\\n') + 1)",
    because: 'a note that nobody signed is read',
  },
  {
    ...AS_SIGNED,
    find: 'if (found.length > 0) throw',
    replace: 'if (found.length > 1) throw',
    because: 'one difference does not stop the start',
  },
  {
    ...AS_SIGNED,
    find: 'serverEntry(definition, resources, policyFile?.id)',
    replace: 'serverEntry(definition, resources, signed.policy)',
    because: 'the policy that runs is not compared with the signed one',
  },
  {
    file: 'packages/host/src/policy/live-policy.ts',
    tests: ['packages/host/src/policy/live-policy.test.ts'],
    find: 'if (from.signedPolicy !== undefined && id !== from.signedPolicy)',
    replace: 'if (false)',
    because: 'a policy that nobody signed is taken over while the server runs',
  },
  {
    file: 'test/manifest/snapshot.ts',
    tests: ['test/manifest/snapshot.test.ts'],
    find: 'const found = differences(before.entry, server.entry)',
    replace: 'const found: readonly string[] = []',
    because: 'a changed tool is not told by what changed',
  },
  {
    ...READ,
    find: "if (kind === 'tags') return codes",
    replace: "if (kind === 'bidi') return codes",
    because: 'what tag characters spell is not read',
  },
  {
    ...READ,
    find: '.replace(LOOK_ALIKE, (letter) => LATIN.get(letter) ?? letter)',
    replace: '',
    because: 'letters that look Latin are not compared as such',
  },
  {
    ...scan('phrase-rules'),
    find: 'all(OVERRIDE)]',
    replace: 'all(OVERRIDE, SAID)]',
    because: 'an order to forget all instructions passes',
  },
  {
    ...scan('phrase-rules'),
    find: 'all(SECRECY)]',
    replace: 'all(SECRECY, SAID)]',
    because: 'an order to conceal passes',
  },
  {
    ...scan('phrase-rules'),
    find: 'all(SECRET_FILE, HAND_OVER)]',
    replace: 'all(SECRET_FILE, HAND_OVER, SAID)]',
    because: 'a request for a private key passes',
  },
  {
    ...scan('phrase-rules'),
    find: 'all(SECRET, HAND_OVER, OWNED, DUTY)]',
    replace: 'all(SECRET, SAID)]',
    because: 'a request for passwords passes',
  },
  {
    ...scan('phrase-rules'),
    find: 'all(PLACE, DISPATCH, DUTY)]',
    replace: 'all(PLACE, SAID)]',
    because: 'a copy to a stranger passes',
  },
  {
    ...scan('phrase-rules'),
    find: 'all(ALTER, TOOL, WHEN)]',
    replace: 'all(ALTER, SAID)]',
    because: 'a description that changes what another tool does passes',
  },
  {
    ...scan('phrase-rules'),
    find: 'const forms = new Set([read.toLowerCase(), skeleton(text)])',
    replace: 'const forms = new Set([text.toLowerCase()])',
    because: 'hidden writing is not read',
  },
  {
    ...scan('phrase-rules'),
    find: "severity: isMention ? 'low' : severity",
    replace: 'severity',
    because: 'the description of a scanner is taken for an attack',
  },
  {
    ...scan('writing-rules'),
    find: '  if (first !== undefined) {',
    replace: '  if (false) {',
    because: 'characters without a shape pass',
  },
  {
    ...scan('writing-rules'),
    find: '  if (mixed !== undefined)',
    replace: '  if (false)',
    because: 'a word of two scripts passes',
  },
  {
    ...scan('writing-rules'),
    find: '      if (!areWords(words, name)) return run',
    replace: '      if (areWords(words, name)) return run',
    because: 'what is written in base64 is not read',
  },
  {
    ...scan('writing-rules'),
    find: '(?:\\n[\\r\\t ]*){20}',
    replace: '(?:\\n[\\r\\t ]*){200}',
    because: 'text that is pushed out of sight passes',
  },
  {
    ...scan('parameter-rules'),
    find: '...(ASKS_BY_NAME.test(key)',
    replace: "...(ASKS_BY_NAME.test('')",
    because: 'a parameter for the conversation passes',
  },
  {
    ...scan('parameter-rules'),
    find: 'hints?.readOnlyHint !== true ||',
    replace: 'hints?.readOnlyHint === true ||',
    because: 'a tool that deletes may claim to read only',
  },
  {
    ...scan('name-rules'),
    find: "if (mixedWords(name.replaceAll(/[_\\-.]/gu, '')).length > 0)",
    replace: 'if (false)',
    because: 'a Cyrillic letter in a name is not told as one',
  },
  {
    ...scan('name-rules'),
    find: 'if (twin !== undefined)',
    replace: 'if (false)',
    because: 'a digit for a letter passes',
  },
  {
    ...scan('name-rules'),
    find: 'elsewhere.has(word) && !own.has(word)',
    replace: 'false',
    because: "a tool that speaks for another server's passes",
  },
  {
    ...scan('scan-tools'),
    find: '...(whole ? [] :',
    replace: '...(true ? [] :',
    because: 'what was not looked at is not said',
  },
  {
    ...scan('definition-texts'),
    find: "if (!Array.isArray(value)) add(name, place, 'key')",
    replace: '',
    because: 'names of parameters are not read',
  },
  {
    ...peers('stdio-peer'),
    find: 'env: { ...env }',
    replace: 'env: { ...process.env, ...env }',
    because: 'a server under scan sees the environment',
  },
  {
    ...peers('stdio-peer'),
    find: '  } finally {\n    kill()',
    replace: "  } finally {\n    child.kill('SIGKILL')",
    because: 'what a server under scan has started lives on',
  },
  {
    ...peers('stdio-peer'),
    find: '    if (bytes > MAX_BYTES) {',
    replace: '    if (false) {',
    because: 'a flood is read to the end',
  },
  {
    ...peers('http-peer'),
    find: 'if (room < 0) throw',
    replace: 'if (false) throw',
    because: 'a flood over HTTP is read to the end',
  },
  {
    ...peers('http-peer'),
    find: "url.protocol !== 'https:' && !(",
    replace: "url.protocol === 'ftp:' && !(",
    because: 'a token goes in the clear to another machine',
  },
  {
    ...peers('peer'),
    find: 'cursors.has(next) || page >= MAX_PAGES',
    replace: 'cursors.has(next)',
    because: 'pages without end are read for ever',
  },
  {
    ...peers('scan'),
    find: 'if (renew || (!existsSync(file) && !isDirty))',
    replace: 'if (renew || !existsSync(file))',
    because: 'a poisoned server is approved by itself',
  },
  {
    ...peers('scan'),
    find: "known === undefined ? ['it was never approved'] :",
    replace: 'known === undefined ? [] :',
    because: 'a server that was never approved passes',
  },
]
