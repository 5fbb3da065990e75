// Reads the five lines with which a control opens, and says which files must have them.
import type { SourceFile } from './source-files.ts'
import { isTestCode } from './source-files.ts'

export type ControlHeader = Readonly<{ path: string } & Record<Lowercase<(typeof LINES)[number]>, string>>

const LINES = ['Question', 'Threat', 'Rule', 'Limits', 'Proof'] as const

/** The folders of the core whose files answer the caller's question with yes or no. */
export const CONTROL_FOLDERS = /^packages\/security-core\/src\/(?:identity|access|limits|input|taint|output|alerts)\//

/** Files of those folders that decide nothing by themselves, each with its reason. */
export const NO_CONTROL: Readonly<Record<string, string>> = {
  'packages/security-core/src/alerts/alert.ts': 'the shape of an alert, and its record',
  'packages/security-core/src/alerts/alerts.ts':
    'joins detector, suppression and listeners; it decides nothing by itself',
  'packages/security-core/src/alerts/rules.ts': 'the table that detector.ts reads',
  'packages/security-core/src/alerts/sliding-counts.ts': 'the arithmetic of detector.ts',
  'packages/security-core/src/identity/principal.ts':
    'makes the value every control reads; opens with its one sentence',
  ...Object.fromEntries(
    ['english', 'western', 'northern', 'scripts', 'eastern', 'phrases'].map((name) => [
      `packages/security-core/src/input/phrases/${name}.ts`,
      'a table of steering-marks.ts',
    ]),
  ),
  'packages/security-core/src/input/phrase-scanner.ts': 'the search of steering-marks.ts',
  'packages/security-core/src/input/phrase-automaton.ts': 'the steps of that search',
  'packages/security-core/src/input/other-readings.ts': 'what steering-marks.ts reads beside the text itself',
  'packages/security-core/src/input/url/url-rules.ts': 'the table of sentences for the rules of the files beside it',
  'packages/security-core/src/limits/gcra.ts': 'the arithmetic of the limits that import it',
  'packages/security-core/src/limits/ledger.ts': 'where the limits count; it decides nothing by itself',
  'packages/security-core/src/limits/limits.ts': 'the shape of the limits',
  'packages/security-core/src/taint/label.ts': 'the lattice that taint.ts decides with',
  'packages/security-core/src/taint/memory-taint.ts': 'one of the stores of taint.ts',
  'packages/security-core/src/output/slices.ts': 'how the filters go over long texts',
  'packages/security-core/src/output/check-digits.ts': 'the arithmetic of secret-values.ts',
  'packages/security-core/src/output/release.ts': 'door 2: it runs the filters, which are the controls',
}

/** The header of a file, or `undefined` when it does not open with exactly the five lines in their order. */
export function controlHeader({ path, text }: SourceFile): ControlHeader | undefined {
  const lines = text.split('\n', LINES.length)
  const values = LINES.map((name, i) => new RegExp(`^// ${name}:\\s+(\\S.*)$`).exec(lines[i] ?? '')?.[1])
  if (values.includes(undefined)) return undefined
  const [question, threat, rule, limits, proof] = values as [string, string, string, string, string]
  return { path, question, threat, rule, limits, proof }
}

/** Every control of the repository, in the order of its path. */
export const controls = (files: readonly SourceFile[]): readonly ControlHeader[] =>
  files
    .filter(({ path }) => !isTestCode(path))
    .map(controlHeader)
    .filter((header) => header !== undefined)
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))

/** One sentence for each file that lacks its header, or whose proof is not there. */
export function brokenHeaders(files: readonly SourceFile[]): readonly string[] {
  const paths = new Set(files.map(({ path }) => path))
  const owed = files.filter(
    ({ path, text }) => CONTROL_FOLDERS.test(path) && !isTestCode(path) && /^export /m.test(text),
  )
  const missing = owed
    .filter((file) => !(file.path in NO_CONTROL) && !/(?:^|\/)index\.ts$/.test(file.path))
    .filter((file) => controlHeader(file) === undefined)
    .map(({ path }) => `${path} opens without Question, Threat, Rule, Limits, Proof`)
  const unproved = controls(files).flatMap(({ path, proof }) =>
    proofs(path, proof)
      .filter((test) => !paths.has(test))
      .map((test) => `${path} names the proof ${test}, which is not there`),
  )
  const nameless = controls(files).filter(({ proof }) => !/\.test\.ts\b/.test(proof))
  return [...missing, ...unproved, ...nameless.map(({ path }) => `${path} names no test as its proof`)]
}

// `x.test.ts` stands beside the file; a name with a folder starts at the root.
const proofs = (path: string, proof: string) =>
  (proof.match(/[\w./-]+\.test\.ts/g) ?? []).map((name) => (name.includes('/') ? name : path.replace(/[^/]+$/, name)))
