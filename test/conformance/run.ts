// Runs the scenarios of the official conformance suite that any MCP server must pass against a server that asks for a key.
// HARDENED_MCP_KEY=mcp_… node test/conformance/run.ts http://127.0.0.1:8080/mcp      exits 1 when a scenario fails
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { authorizingProxy } from './authorizing-proxy.ts'

/** A scenario that the installed suite does not know has failed: nothing was shown. */
const SCENARIOS: readonly (readonly [revision: string, scenario: string])[] = [
  ['2025-11-25', 'server-initialize'],
  ['2025-11-25', 'ping'],
  ['2025-11-25', 'tools-list'],
  ['2025-11-25', 'dns-rebinding-protection'],
  ['2026-07-28', 'tools-list'],
  ['2026-07-28', 'dns-rebinding-protection'],
  ['2026-07-28', 'http-header-validation'],
  ['2026-07-28', 'server-stateless'],
  ['2026-07-28', 'caching'],
]
const SCENARIO_MS = 60_000

/** Checks that need what these servers do not have. They must fail for exactly that reason, or they count. */
const NOT_OFFERED: ReadonlyMap<string, RegExp> = new Map([
  ['sep-2575-server-rejects-undeclared-capability', /diagnostic tool 'test_missing_capability'/],
  ['sep-2575-missing-capability-http-400', /diagnostic tool 'test_missing_capability'/],
  ['sep-2575-http-server-no-independent-requests-on-stream', /diagnostic tool 'test_streaming_elicitation'/],
  ['sep-2575-server-no-log-without-loglevel', /diagnostic tool 'test_logging_tool'/],
  ['sep-2549-prompts-list-caching-hints', /error -32601: Method not found$/],
  ['sep-2549-resources-list-caching-hints', /error -32601: Method not found$/],
  ['sep-2549-resources-templates-list-caching-hints', /error -32601: Method not found$/],
])

type Check = Readonly<{ id: string; status: string; errorMessage?: string }>

/** The number of scenarios that failed. `say` gets one line for each scenario and each failed check. */
export async function conformance(
  server: Readonly<{ url: string; key: string }>,
  say: (line: string) => void,
): Promise<number> {
  const proxy = await authorizingProxy(server.url, server.key)
  let failed = 0
  try {
    for (const [revision, scenario] of SCENARIOS) {
      const checks = await checksOf(proxy.url, revision, scenario)
      const passed = checks.filter(({ status }) => status === 'SUCCESS').length
      const excused = checks.filter(isExcused)
      const faults = checks.filter((check) => check.status === 'FAILURE' && !isExcused(check))
      const good = passed > 0 && faults.length === 0
      failed += good ? 0 : 1
      const figures = `${passed} checks passed, ${faults.length} failed, ${excused.length} need what is not offered`
      say(`${good ? 'passed' : 'FAILED'}  ${revision}  ${scenario.padEnd(26)}  ${figures}`)
      for (const { id, errorMessage } of faults) say(`        ${id}: ${errorMessage ?? 'no reason given'}`)
    }
  } finally {
    await proxy.close()
  }
  return failed
}

const isExcused = ({ id, status, errorMessage }: Check) =>
  status === 'FAILURE' && (NOT_OFFERED.get(id)?.test(errorMessage ?? '') ?? false)

// A suite that ends without a report (unknown scenario, crash, timeout) is one failed check.
async function checksOf(url: string, revision: string, scenario: string): Promise<readonly Check[]> {
  const dir = mkdtempSync(join(tmpdir(), 'conformance-'))
  try {
    const said = await suite('server', '--url', url, '--scenario', scenario, '--spec-version', revision, '-o', dir)
    const [report] = readdirSync(dir)
    if (report === undefined) return [{ id: 'no report', status: 'FAILURE', errorMessage: said.trim().slice(0, 500) }]
    return JSON.parse(readFileSync(join(dir, report, 'checks.json'), 'utf8')) as Check[]
  } finally {
    rmSync(dir, { recursive: true })
  }
}

function suite(...args: readonly string[]): Promise<string> {
  const entry = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'))
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: SCENARIO_MS })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += String(chunk)
    })
  return new Promise((resolve) => child.on('close', () => resolve(said)))
}

if (import.meta.main) {
  const [url] = process.argv.slice(2)
  const key = process.env['HARDENED_MCP_KEY'] // not an argument: those can be read by every user of the machine
  if (url === undefined || key === undefined) {
    console.error('Usage: HARDENED_MCP_KEY=KEY node test/conformance/run.ts URL')
    process.exitCode = 78
  } else process.exitCode = (await conformance({ url, key }, console.log)) === 0 ? 0 : 1
}
