// Who may open a connection: every request of the suite goes through `outbound`, and so through its address guard.
import type { ImportGraph } from './import-graph.ts'
import { isTestCode, type SourceFile } from './source-files.ts'

// What can dial or look up: Node's own ways, and the clients that bring their own.
const DIALS =
  /^(?:node:(?:net|tls|http|https|http2|dgram|dns)(?:\/.*)?|undici|ws|axios|got|node-fetch|cross-fetch|ioredis|iovalkey|redis|pg|mysql2)$/
const GLOBAL = /(?<![\w$.'`-])(?:fetch\s*\(|new\s+(?:WebSocket|EventSource|XMLHttpRequest)\b)/

/** Files outside the guard that load such a module, each with what they do with it. */
export const DIALLERS: Readonly<Record<string, string>> = {
  'packages/host/src/sandbox/worker-runtime.ts': 'wraps the socket that it was started with',
  'packages/host/src/audit/slot-lock.ts': 'a name of the abstract unix namespace: a lock, no network',
  'packages/host/src/mcp/http.ts': 'listens',
  'packages/host/src/mcp/peer.ts': 'lists of networks',
  'packages/host/src/telemetry/metrics-listener.ts': 'listens, where the operator wants figures',
  'packages/host/src/valkey.ts': 'dials the one address, in figures, that the operator wrote down',
  'packages/admin/src/manifest/scan/http-peer.ts': 'asks the one URL that the operator typed',
  'packages/admin/src/doctor/facts.ts': 'tries two fixed connections that must fail, and says so',
  'servers/fetch/worker.ts': 'adds to the authorities that are trusted',
  'deploy/egress-proxy/settings.ts': 'a list of networks',
}

const GUARD = /^packages\/host\/src\/outbound\//

/** One sentence for each file that could open a connection past the guard. */
export function brokenDialling(files: readonly SourceFile[], graph: ImportGraph): readonly string[] {
  return files
    .filter(({ path }) => /^(?:packages|servers|deploy)\//.test(path) && !isTestCode(path))
    .filter(({ path }) => !GUARD.test(path) && DIALLERS[path] === undefined)
    .flatMap(({ path, text }) => {
      const loads = (graph.get(path) ?? []).filter(({ target, kind }) => kind !== 'type' && DIALS.test(target))
      const code = text.replace(/^\s*(?:\/\/|\/?\*(?!\w)).*$/gm, '')
      const reached = GLOBAL.test(code) ? ['a global that dials'] : []
      return [...loads.map(({ target }) => target), ...reached].map((what) => `${path} reaches ${what}, past outbound`)
    })
}
