// `hardened-mcp policy`: what a policy file grants, why, what changes, and what is odd about it, before a server is started with it.
import { parseArgs } from 'node:util'
import { runPolicyTests } from '@hardened-mcp/host/admin'
import { type Command, UsageError } from '../command.ts'
import { SERVERS } from '../all-servers.ts'
import { checked } from './checked.ts'
import { differences } from './diff.ts'
import { explain } from './explain.ts'
import { lint } from './lint.ts'
import { policyJsonSchema } from './json-schema.ts'
import { callableTools } from './rights.ts'

export const policy: Command = {
  usage: `hardened-mcp policy check FILE [--egress-proxy ADDRESS:PORT]
hardened-mcp policy explain FILE --server NAME --tool TOOL --caller ID --tenant TENANT [--role ROLE]... [--scope SCOPE]... [--args JSON]
hardened-mcp policy diff OLD NEW
hardened-mcp policy test FILE
hardened-mcp policy lint FILE
hardened-mcp policy schema`,
  help: `check     Validates the file as "serve" would, names the first mistake, and prints what each server may do
          --egress-proxy: also that fetch goes out through that proxy, and through nothing else
explain   Prints each step of the decision for one call, as the server would take it, and the alert rules that watch the caller;
          ends with 1 when it is refused
          --can CAPABILITY is what an API key holds (repeatable; default: everything); --scope is for access tokens
diff      Prints the rights that NEW adds (+) and takes away (-), and the limits that change (~); ends with 1 when there are any
test      Runs the tests in the file; ends with 1 when one fails
lint      Finds wildcards, rows that nothing can reach, roles that hold untrusted text, private data and a way out at once
          (rule of two), and alerts that never fire or that nobody hears; ends with 1 when it finds any
schema    Prints the JSON Schema for editors: "$schema" in the file, or a line "# yaml-language-server: $schema=…"`,
  async run(args) {
    const [verb, ...rest] = args
    const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
    if (run === undefined) throw new UsageError(`policy needs one of ${Object.keys(VERBS).join(', ')}`)
    return run(rest)
  },
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => number>> = {
  check(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { 'egress-proxy': { type: 'string' } },
      allowPositionals: true,
    })
    const file = checked(only('check', positionals))
    mustGoThrough(file.servers.fetch?.resources, values['egress-proxy'])
    for (const { server, tools } of callableTools(file))
      say(`${server}: ${tools.length > 0 ? tools.join(', ') : 'no tool can be called'}`)
    return 0
  },

  explain: (args) => explain(args, say),

  diff(args) {
    const [before, after, ...extra] = args
    if (before === undefined || after === undefined || extra.length > 0)
      throw new UsageError('Usage: hardened-mcp policy diff OLD NEW')
    const found = differences(checked(before), checked(after))
    for (const line of found) say(line)
    return found.length === 0 ? 0 : 1
  },

  test(args) {
    const file = checked(only('test', args))
    const outcomes = Object.values(SERVERS).flatMap(({ definition }) => runPolicyTests(definition, file))
    for (const { test, passed, verdict, steps } of outcomes)
      say(`${passed ? 'ok' : 'FAILED'}  ${test.name}${passed ? '' : `: ${verdict}, ${steps.at(-1)?.says}`}`)
    if (outcomes.length === 0) say('The file has no tests')
    return outcomes.every(({ passed }) => passed) ? 0 : 1
  },

  lint(args) {
    const findings = lint(checked(only('lint', args)))
    for (const { rule, where, says } of findings) say(`${rule}  ${where}: ${says}`)
    return findings.length === 0 ? 0 : 1
  },

  schema() {
    process.stdout.write(policyJsonSchema())
    return 0
  },
}

function only(verb: string, args: readonly string[]): string {
  const { positionals } = parseArgs({ args: [...args], options: {}, allowPositionals: true })
  const [path, ...extra] = positionals
  if (path === undefined || extra.length > 0) throw new UsageError(`Usage: hardened-mcp policy ${verb} FILE`)
  return path
}

// The resources were checked by the schema of fetch; only this key of them is read here.
function mustGoThrough(resources: unknown, proxy: string | undefined): void {
  const { egress_proxy: set } = (resources ?? {}) as { egress_proxy?: string }
  if (proxy !== undefined && set !== proxy)
    throw new RangeError(
      `servers.fetch.resources needs egress_proxy: ${proxy}, ${set === undefined ? 'and has none' : `not ${set}`}`,
    )
}

const say = (line: string) => void process.stdout.write(`${line}\n`)
