// Breaks of the audit trail: of what writes it, and of every check of the verifier.
import type { Mutant } from './mutants.ts'

const inside = (folder: string, name: string, ...tests: readonly string[]) => ({
  file: `${folder}/${name}.ts`,
  tests: (tests.length === 0 ? [name] : tests).map((test) => `${folder}/${test}.test.ts`),
})
const AUDIT = 'packages/security-core/src/audit'
const VERIFY = `${AUDIT}/verify`

export const AUDIT_MUTANTS: readonly Mutant[] = [
  {
    ...inside(AUDIT, 'record'),
    find: "if (unit === '\"' || unit === '\\\\') return `\\\\${unit}`",
    replace: "if (unit === '\"' || unit === '\\\\' || unit === '\\u2028') return unit",
    because: 'a quote in an argument forges a field of the record',
  },
  {
    ...inside(AUDIT, 'record'),
    find: '  return `${line},"prev":${text(place.prev)}}`',
    replace: '  return `${line},"prev":""}`',
    because: 'records are not chained',
  },
  {
    ...inside(VERIFY, 'trail-verifier'),
    find: 'if (claims.prev !== last)',
    replace: 'if (claims.prev.length !== last.length)',
    because: 'an edited record verifies',
  },
  {
    ...inside(VERIFY, 'trail-verifier'),
    find: 'if (claims.seq !== seq) return misplaced(claims.seq, seq)',
    replace: '',
    because: 'a record with a wrong number verifies',
  },
  {
    ...inside(VERIFY, 'trail-verifier', 'trail-verifier', 'anchors'),
    find: 'if (fault === undefined && anchors.last >= seq)',
    replace: 'if (fault === undefined && anchors.last > seq)',
    because: 'a trail that was cut at its anchor verifies',
  },
  {
    ...inside(AUDIT, 'fingerprint'),
    find: 'arguments\\0${JSON.stringify(tenant)}`',
    replace: 'arguments`',
    because: 'tenants can compare what they asked',
  },
  {
    ...inside(AUDIT, 'canonical-json'),
    find: 'Object.keys(item).toSorted()',
    replace: 'Object.keys(item)',
    because: 'the order of keys changes the hash of the same arguments',
  },
]
