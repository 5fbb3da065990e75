// Who may import whom: imports point inward, and authority lives in workers and at named edges only.
import { type ImportGraph, reachable } from './import-graph.ts'
import { isTestCode } from './source-files.ts'

// All the core may load. None of it opens a file, a socket or a process; whatever is missing here is refused.
const CORE_MAY = new Set(['zod', 'ipaddr.js', 'node:crypto', 'node:util', 'node:url', 'node:net#isIP'])

const AUTHORITY =
  /^(?:node:(?:fs|net|tls|http|https|http2|dns|dgram|child_process|cluster|worker_threads|sqlite|inspector|repl|wasi)(?:\/.*)?|undici|better-sqlite3|node-sql-parser)$/
const SPAWN = /^node:(?:child_process|cluster)$/
const SDK = /^@modelcontextprotocol\//
const BARE_BUILTIN =
  /^(?:fs|net|tls|http|https|http2|dns|dgram|child_process|cluster|worker_threads|vm|module)(?:\/.*)?$/

/** Loads whose target cannot be read from the text, each with the reason it is there. */
const OPAQUE: Readonly<Record<string, string>> = {
  'packages/host/src/front.ts':
    'the page of the server that was started: its path comes from the launcher, never from a client',
  'packages/host/src/sandbox/watchdog.ts': 'the thread is a constant text of a few lines',
  'servers/db-query/parser-veto.ts': 'the grammar of the parser is loaded alone, into a context without globals',
}

/** The whole core; `worker.ts` beside it is what workers load. */
const CORE = 'packages/security-core/src/index.ts'

const serverOf = (path: string) => /^servers\/[^/]+\//.exec(path)?.[0]
const rank = (path: string) => {
  if (path.startsWith('packages/security-core/')) return 0
  if (path.startsWith('packages/host/')) return 1
  if (path.startsWith('servers/')) return 2
  return path.startsWith('packages/admin/') ? 3 : undefined
}

/** One sentence for each import that breaks a rule. Code that no server loads is free. */
export function brokenImports(graph: ImportGraph): readonly string[] {
  const files = [...graph.keys()].filter((path) => rank(path) !== undefined && !isTestCode(path))
  return [...files.flatMap((path) => brokenBy(graph, path)), ...files.flatMap((path) => authorityBy(graph, path))]
}

// The verifier is a second reading of FORMAT.md: a mistake of the writer must not be one of its own.
const VERIFIER = /^packages\/(?:security-core|host)\/src\/audit\/verify\//

function brokenBy(graph: ImportGraph, path: string): readonly string[] {
  const say = (target: string, rule: string) => `${path} imports ${target}: ${rule}`
  return (graph.get(path) ?? []).flatMap(({ target, kind }) => {
    if (kind === 'opaque') return path in OPAQUE ? [] : [say(target, 'the target of a load must be readable')]
    if (BARE_BUILTIN.test(target)) return [say(target, 'builtins are imported with node:')]
    if (VERIFIER.test(path) && !VERIFIER.test(target) && !target.startsWith('node:'))
      return [say(target, 'the verifier imports nothing of what writes')]
    if (isTestCode(target)) return [say(target, 'no server loads test code')]
    const [from, to] = [rank(path), rank(target)]
    if (from === 0 && to !== 0 && !CORE_MAY.has(target)) return [say(target, 'the core does no I/O')]
    if (from !== undefined && to !== undefined && to > from) return [say(target, 'imports point inward')]
    if (from === 2 && to === 2 && serverOf(path) !== serverOf(target)) return [say(target, 'servers share nothing')]
    if (SDK.test(target) && !path.startsWith('packages/host/src/mcp/'))
      return [say(target, 'the SDKs stay in host/mcp')]
    if (SPAWN.test(target) && !maySpawn(path)) return [say(target, 'the supervisor alone creates processes')]
    return []
  })
}

const maySpawn = (path: string) =>
  /^packages\/host\/src\/sandbox\/supervisor[a-z-]*\.ts$/.test(path) || path.startsWith('packages/admin/')

// A server's page runs in the front. Whatever it reaches, by any path, must hold no authority.
function authorityBy(graph: ImportGraph, path: string): readonly string[] {
  const server = serverOf(path)
  if (server === undefined) return []
  if (path === `${server}worker.ts` && reachable(graph, path).has(CORE))
    return [`${path} reaches ${CORE}: a worker loads no more of the core than it needs`]
  if (path === `${server}server.ts`) {
    const reached = [...reachable(graph, path)].filter((target) => AUTHORITY.test(target))
    return reached.map((target) => `${path} reaches ${target}: a server's page holds no authority`)
  }
  const held = (graph.get(path) ?? []).filter(({ target, kind }) => kind === 'runtime' && AUTHORITY.test(target))
  if (held.length === 0 || reachable(graph, `${server}worker.ts`).has(path)) return []
  return held.map(({ target }) => `${path} imports ${target}: only what its worker loads may`)
}
