// What the worker is asked for inside the namespace, and what each visit has to end as.
import { OWN_V4, OWN_V6, SITE_V4 } from './namespace-wire.ts'

/** `ends` are all the outcomes there may be: the text of the answer, or the code and the rule of the refusal. */
export type Visit = Readonly<{
  url: string
  ends: readonly string[]
  times?: number
  over?: Readonly<{ method: 'HEAD' | 'POST'; body?: string; body_type?: string }>
  deadlineMs?: number
}>

/** Under which a visit is reported. */
export const nameOf = ({ url, over }: Visit): string => `${over?.method ?? 'GET'} ${url}`

const REFUSED = ['url_denied address'] as const
const POST = { method: 'POST', body: '{}', body_type: 'application/json' } as const
const site = (path: string, name = 'good') => `https://${name}.example.com${path}`

const INSIDE = [
  ...['loopback', 'loopback6', 'mapped', 'private', 'metadata', 'azure', 'own', 'mixed', 'mixed6', 'alias', 'many'],
  ...['nat64', 'sixtofour'],
].map((name) => site('/', name))
const LITERALS = ['127.0.0.1', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', OWN_V4, `[${OWN_V6}]`].map(
  (host) => `https://${host}/`,
)
const TURNS = ['/loopback', '/mapped', '/metadata', '/private', '/decimal', '/name', '/far'].map((path) =>
  site(path, 'turn'),
)
const refused = (url: string): Visit => ({ url, ends: REFUSED })

/** Names, literals and redirects. */
export const WAYS: readonly Visit[] = [
  { url: site('/'), ends: ['public'], times: 2 },
  { url: site('/', 'six'), ends: ['public'] },
  { url: `https://${SITE_V4}/`, ends: ['public'] },
  { url: site('/', 'rebind'), ends: ['public', ...REFUSED], times: 40 },
  ...[...INSIDE, ...LITERALS, ...TURNS].map(refused),
  { url: site('/http', 'turn'), ends: ['url_denied scheme'] },
  { url: site('/nul', 'turn'), ends: ['upstream_failed'] },
  { url: site('/loop'), ends: ['url_denied redirect'] },
  refused(site('/', 'robots')),
  refused(site('/', 'robots2')),
]

/** The same by other methods, and with documents. */
export const METHODS: readonly Visit[] = [
  ...[...INSIDE, ...LITERALS, ...TURNS].map((url): Visit => ({ url, ends: REFUSED, over: { method: 'HEAD' } })),
  ...[...INSIDE, ...LITERALS, site('/kept-loopback', 'turn')].map((url): Visit => ({ url, ends: REFUSED, over: POST })),
  { url: site('/'), ends: [''], over: { method: 'HEAD' } },
  { url: site('/kept-name', 'turn'), ends: ['url_denied redirect'], over: POST },
  { url: site('/kept-elsewhere', 'post'), ends: ['url_denied redirect'], over: POST },
  { url: site('/loopback', 'post'), ends: REFUSED, over: POST },
  { url: site('/', 'robots'), ends: REFUSED, over: POST },
  { url: site('/document'), ends: ['Hello'] },
  { url: site('/document-inside'), ends: REFUSED },
]

const ends = (path: string, ...outcomes: string[]): Visit => ({ url: site(path), ends: outcomes, deadlineMs: 30_000 })
const late = (path: string, name?: string): Visit => ({ url: site(path, name), ends: ['timeout'], deadlineMs: 2_000 })

/** Answers that break HTTP, and bombs. A time-out is asked for only where nothing else can end the visit. */
export const ANSWERS: readonly Visit[] = [
  ...['/103', '/headers', '/one-header', '/short', '/both', '/two-lengths', '/negative-length', '/garbage'].map(
    (path) => ends(path, 'upstream_failed'),
  ),
  ...['/reset', '/reset-late', '/png', '/svg', '/binary', '/untyped', '/two-types', '/wrong-type', '/broken-gzip'].map(
    (path) => ends(path, 'upstream_failed'),
  ),
  ...['/zstd', '/zstd-twice', '/zstd-gzip', '/thrice', '/unknown-coding'].map((path) => ends(path, 'upstream_failed')),
  ...['/bomb-gzip', '/bomb-br', '/bomb-twice', '/br-twice', '/gzip-br'].map((path) => ends(path, 'too_large')),
  ...['/endless', '/endless-chunk', '/declared', '/drip'].map((path) => ends(path, 'too_large')),
  ...['/trickle', '/mute', '/slow-headers'].map((path) => late(path)),
  late('/', 'silent'),
  late('/', 'robots4'),
  { url: site('/', 'broken'), ends: ['upstream_failed'] },
  { url: site('/', 'robots5'), ends: ['too_large'], deadlineMs: 30_000 },
  ...['robots3', 'robots6', 'robots7'].map((name): Visit => ({ url: site('/', name), ends: ['url_denied robots'] })),
]
