// Breaks of what surrounds the core: addresses and URLs, the SQL guard, dialling, and the worker pool.
import type { Mutant } from './mutants.ts'

const inside = (folder: string, name: string, ...tests: readonly string[]) => ({
  file: `${folder}/${name}.ts`,
  tests: (tests.length === 0 ? [name] : tests).map((test) => `${folder}/${test}.test.ts`),
})
const URLS = 'packages/security-core/src/input/url'
const SQL = 'servers/db-query'
const OUTBOUND = 'packages/host/src/outbound'
const SANDBOX = 'packages/host/src/sandbox'
const DOCTOR = 'packages/admin/src/doctor/outside'

export const EDGE_MUTANTS: readonly Mutant[] = [
  {
    ...inside(URLS, 'public-address'),
    find: "address.range() !== 'unicast' || !address.match(GLOBAL_UNICAST_V6)",
    replace: "address.range() !== 'unicast'",
    because: 'addresses outside 2000::/3 are public',
  },
  {
    ...inside(URLS, 'public-address'),
    find: "ipaddr.IPv4.parse(text).range() === 'unicast'",
    replace: "ipaddr.IPv4.parse(text).range() !== 'private'",
    because: 'loopback and link-local addresses are public',
  },
  {
    ...inside(URLS, 'url-syntax'),
    find: "if (authority.includes('@')) return refuse('userinfo', 'at sign in the authority')",
    replace: '',
    because: 'user information in a URL has no name of its own',
  },
  {
    ...inside(URLS, 'url-syntax'),
    find: 'if (url.hostname !== host)',
    replace: "if (url.hostname === '')",
    because: 'two parsers may read two hosts',
  },
  {
    ...inside(SQL, 'token-scan'),
    find: "if (kind === 'comment') throw refuse('comments', `comment at ${at}`)",
    replace: "if (kind === 'comment') break",
    because: 'a comment hides the rest of the statement',
  },
  {
    ...inside(SQL, 'token-scan'),
    find: "if (end !== -1 && end !== tokens.length - 1) throw refuse('oneStatement')",
    replace: '',
    because: 'statements can be stacked',
  },
  {
    ...inside(SQL, 'engine-check'),
    find: "if (WRITES.has(opcode)) return 'onlySelect'",
    replace: '',
    because: 'a program that writes passes the engine check',
  },
  {
    ...inside(SQL, 'engine-check'),
    find: "return allowed.functions.has(name) ? undefined : 'unknownFunction'",
    replace: 'return undefined',
    because: 'functions outside the list can be called',
  },
  {
    ...inside(SQL, 'guard', 'vectors'),
    find: '  bones.prepare(sql)\n',
    replace: '',
    because: 'columns that are not exposed can be named',
  },
  {
    ...inside(OUTBOUND, 'egress-proxy', 'tunnel'),
    find: 'must(options.judge(url.href).decision)',
    replace: 'options.judge(url.href)',
    because: 'the proxy asks its list and does not obey',
  },
  {
    ...inside(OUTBOUND, 'egress-proxy'),
    find: 'if (options.isClient(from)) return',
    replace: 'if (from !== undefined) return',
    because: 'anybody may use the proxy',
  },
  {
    ...inside(OUTBOUND, 'connect-head', 'egress-proxy'),
    find: 'return canonical === authority ?',
    replace: 'return canonical.length >= authority.length ?',
    because: 'an authority has two spellings',
  },
  {
    ...inside(OUTBOUND, 'egress-proxy'),
    find: '|| held.length > end + 4',
    replace: '',
    because: 'bytes behind the request are taken into the tunnel',
  },
  {
    ...inside(OUTBOUND, 'relay', 'egress-proxy'),
    find: 'if (counted[side] > maxBytes)',
    replace: "if (side === 'down' && counted[side] > maxBytes)",
    because: 'a tunnel carries any amount out',
  },
  {
    ...inside(OUTBOUND, 'tunnel-connector', 'tunnel'),
    find: 'more === 0 ? socket :',
    replace: 'more >= 0 ? socket :',
    because: 'the proxy speaks before the server does',
  },
  {
    ...inside(OUTBOUND, 'outbound', 'tunnel'),
    find: 'connect: tunnelConnector({ proxy, names, timeoutMs: TUNNEL_TIMEOUT_MS, stop, onDial })',
    replace: 'connect: guardedConnector({ pins: new Map(), timeoutMs: CONNECT_TIMEOUT_MS, onDial })',
    because: 'the proxy is configured and not used',
  },
  {
    ...inside(OUTBOUND, 'checked-addresses', 'outbound'),
    find: 'addresses.every((address) => isPublicAddress(address, judge.nat64)',
    replace: 'addresses.some((address) => isPublicAddress(address, judge.nat64)',
    because: 'one public address covers for a private one',
  },
  {
    ...inside(OUTBOUND, 'checked-addresses', 'outbound'),
    find: '  if (exception === undefined) must(publicHost(url))\n',
    replace: '',
    because: 'internal names are looked up',
  },
  {
    ...inside(SANDBOX, 'pool-reply', 'worker-pool'),
    find: 'maxHeadBytes: MAX_HEAD_BYTES, ',
    replace: '',
    because: 'a worker has as much parsed at once as it likes',
  },
  {
    ...inside(SANDBOX, 'frame'),
    find: 'if (bodyBytes > maxBodyBytes)',
    replace: 'if (bodyBytes < 0)',
    because: 'a worker can fill the memory of the front',
  },
  {
    ...inside(SANDBOX, 'worker-pool'),
    find: '      assertCleared(operation)\n',
    replace: '',
    because: 'the executor runs what nobody cleared',
  },
  {
    ...inside(SANDBOX, 'worker-pool'),
    find: 'if (job.worker?.job === job) doom(job.worker)',
    replace: '',
    because: 'a call that overran goes on working',
  },
  {
    ...inside(DOCTOR, 'process-rules', 'compose-weakened'),
    find: 'memory > 0 && memoryAndSwap === memory',
    replace: 'memory > 0',
    because: 'a manifest with swap passes the doctor',
  },
  {
    ...inside(DOCTOR, 'place-rules', 'compose-weakened'),
    find: 'place.startsWith(`${path}/`)',
    replace: 'false',
    because: "a mount of the host's /var passes the doctor",
  },
  {
    ...inside(DOCTOR, 'network-rules', 'compose-weakened'),
    find: '!internal && !Object.hasOwn(OPEN_BRIDGES, bridge)',
    replace: 'false',
    because: 'a server on the internet passes the doctor',
  },
  {
    ...inside(DOCTOR, 'host-checks', 'host-checks'),
    find: 'if (other.length > 0) return [false,',
    replace: 'if (other.length > 9) return [false,',
    because: 'a runtime that ignores the limits passes the doctor',
  },
  {
    ...inside(DOCTOR, 'combine', 'host-checks'),
    find: "finding.verdict === 'unknown' &&",
    replace: "finding.verdict !== 'ok' &&",
    because: 'what is bad inside is painted over from outside',
  },
]
