// Breaks of what stands between a URL and its text: the list, redirects, robots, bodies, hidden elements, signs, labels.
import type { Mutant } from './mutants.ts'

const of = (name: string, find: string, replace: string, because: string, ...tests: readonly string[]): Mutant => ({
  ...{ file: `servers/fetch/${name}.ts`, find, replace, because },
  tests: (tests.length === 0 ? [name] : tests).map((test) => `servers/fetch/${test}.test.ts`),
})
const url = (find: string, replace: string, because: string): Mutant => ({
  ...{ file: 'packages/security-core/src/input/url/url-syntax.ts', find, replace, because },
  tests: ['packages/security-core/src/input/url/url-syntax.test.ts'],
})
const outbound = (name: string, find: string, replace: string, because: string, tests = 'outbound'): Mutant => ({
  ...{ file: `packages/host/src/outbound/${name}.ts`, find, replace, because },
  tests: [`packages/host/src/outbound/${tests}.test.ts`],
})
const bodies = (find: string, replace: string, because: string): Mutant =>
  outbound('read-bounded', find, replace, because, 'read-bounded')

export const FETCH_MUTANTS: readonly Mutant[] = [
  url("if (host.includes('xn--')", "if (host.includes('xn---')", 'Punycode that decodes to nothing is a name'),
  url("text.replace(JOINERS, '')", "text.replace(/[\\u200c\\u200d]/g, '')", 'joiners hide between ASCII letters'),
  url('if (text.length > MAX_URL_CHARS)', 'if (text.length < 0)', 'a URL is as long as it likes'),
  {
    ...outbound('checked-addresses', ' && !own.has(address)', '', "a name leads to this machine's own public address"),
    tests: ['servers/fetch/namespace.test.ts'],
  },
  outbound(
    'guarded-connector',
    'if (stray !== undefined) return callback(stray, null)',
    '',
    'nobody compares the peer',
  ),
  outbound(
    'guarded-connector',
    'if (pin === undefined) throw',
    "if (host === '') throw",
    'a host without a pin is dialled',
  ),
  outbound('outbound', 'interim > MAX_INTERIM_ANSWERS', 'interim < 0', 'interim answers go on until the deadline'),
  bodies('if (bytes > maxBytes)', 'if (bytes < 0)', 'a body without a declared length has no end'),
  bodies('chunks.push(chunk) > MAX_CHUNKS', 'chunks.push(chunk) < 0', 'chunks are not counted'),
  bodies('?? 0) > maxBytes)', '?? 0) < 0)', 'a length above the cap is read to the cap'),
  of('policy', "if (decision.verdict !== 'allow') return { decision }", '', 'any host fits the list of every host'),
  of('policy', 'if (onPort.length === 0) return', 'if (entries.length === 0) return', 'an entry opens every port'),
  of(
    'allow-entry',
    'host.endsWith(`.${entry.host}`)',
    'host.endsWith(entry.host)',
    'evil-example.com is below example.com',
    'policy',
  ),
  of(
    'allow-entry',
    'if (AMBIGUOUS_PATH.test(pathname)) return false',
    '',
    'an encoded slash leaves its prefix',
    'policy',
  ),
  of(
    'allow-entry',
    "DEFAULT_METHODS: readonly Method[] = ['GET', 'HEAD']",
    "DEFAULT_METHODS: readonly Method[] = ['GET', 'HEAD', 'POST']",
    'POST is open where nobody opened it',
    'policy',
  ),
  of(
    'caller-headers',
    'names.find((name) => !open.has(name))',
    "names.find((name) => name === 'host')",
    'callers set any header',
  ),
  of(
    'redirects',
    'if (here !== origin) {',
    "if (here === '') {",
    "the caller's headers follow to another origin",
    'tool-options',
  ),
  of(
    'redirects',
    "if (method === 'POST') must(",
    "if (method === 'GET') must(",
    'a posted body goes to another origin',
    'tool-options',
  ),
  of('redirects', 'hop <= MAX_REDIRECTS', 'hop <= 50', 'a chain of redirects goes on', 'executor'),
  of(
    'redirects',
    "if (UNSAFE.test(location) || location === '')",
    "if (location === '')",
    'a Location is mended',
    'executor',
  ),
  of('robots', '`${String(route.ask.tenant)} ${origin}`', 'origin', 'rules that one tenant read bind another'),
  of('robots', ' || answer.status >= 500) return discard', ') return discard', 'a robots.txt that is broken is a yes'),
  of(
    'robots',
    'if (parts.length > MAX_WILDCARDS) return true',
    'if (parts.length > MAX_WILDCARDS) return false',
    'a maze of wildcards forbids nothing',
  ),
  of(
    'body',
    '{ maxOutputLength: MAX_BODY_BYTES }',
    '{ maxOutputLength: 1_000_000_000 }',
    'a bomb is unpacked',
    'executor',
  ),
  of(
    'body',
    'if (codings.length > MAX_CODINGS)',
    'if (codings.length < 0)',
    'codings are nested without end',
    'executor',
  ),
  of('media-type', "&& !essence.includes('svg')", '', 'a picture that is a program is text', 'executor'),
  of(
    'visible-events',
    'if (isImplied && !VOID.has(name))',
    'if (isImplied)',
    'a hidden picture takes the rest of its paragraph along',
    'page-signs',
  ),
  of(
    'visible-events',
    'if (this.#stack.length >= MAX_DEPTH)',
    'if (this.#stack.length >= MAX_DEPTH + 100)', // without any end the pages of the test take minutes
    'nesting is followed beyond its depth',
    'markdown-hostile',
  ),
  of(
    'visible-events',
    'if (drops === undefined && !hidden) return',
    'if (drops === undefined) return',
    'hidden text is shown',
    'markdown',
  ),
  of('page-link', "url.username !== ''", "url.username === '%'", 'a user name poses as the host', 'markdown'),
  of('page-signs', '(sign) => HARMLESS[sign] ?? sign', '(sign) => sign', 'a formula holds a link or a picture'),
  of('table', '    this.#spend(CELL_CHARS)\n', '', 'cells cost nothing', 'page-signs'),
  of(
    'untrusted-block',
    'while (text.includes(boundary)) boundary = random()',
    '',
    'a page that knows the boundary closes the block',
  ),
  of('pdf-text', 'if (performance.now() > endsAt) throw', 'if (endsAt < -1) throw', 'a PDF has no deadline'),
  of('page-cache', 'entry[1].tenant === tenant', 'entry[0] !== tenant', 'a tenant pushes out the pages of another'),
  of('page-key', '    tenant,\n', '', "a tenant reads on in another one's page", 'executor', 'tool-options'),
]
