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
    find: 'if (text === undefined) throw',
    replace: 'if (text === undefined && note === undefined) throw',
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
]
