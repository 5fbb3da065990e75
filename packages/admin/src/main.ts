// The hardened-mcp command: picks the subcommand, and turns every operator's mistake into one line and exit code 78.
import { EXIT_CONFIG } from '@hardened-mcp/host/admin'
import type { Command } from './command.ts'
import { UsageError } from './command.ts'

// Each is loaded when it is asked for: the start of a server pays for no other command.
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  keys: async () => (await import('./keys.ts')).keys,
  audit: async () => (await import('./audit.ts')).audit,
  killswitch: async () => (await import('./killswitch.ts')).killswitch,
  policy: async () => (await import('./policy/policy.ts')).policy,
  manifest: async () => (await import('./manifest.ts')).manifest,
  approvals: async () => (await import('./approvals.ts')).approvals,
  taint: async () => (await import('./taint.ts')).taint,
  doctor: async () => (await import('./doctor.ts')).doctor,
}

async function usageText(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()))
  const lines = commands.flatMap(({ usage }) => usage.split('\n').map((line) => `  ${line}`))
  return `hardened-mcp: three least-privilege MCP servers

Usage:
${lines.join('\n')}

Run a command with --help for its flags. Exit code 78 means bad configuration.
`
}

/** Runs one command line; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(await usageText())
    return name === undefined ? EXIT_CONFIG : 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? await COMMANDS[name]?.() : undefined
  if (command === undefined) return mistake(`Unknown command ${name}; see hardened-mcp --help`)
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(
      `${command.usage}\n\n${typeof command.help === 'string' ? command.help : await command.help()}\n`,
    )
    return 0
  }
  try {
    return await command.run(rest)
  } catch (thrown) {
    if (thrown instanceof UsageError || thrown instanceof RangeError || isParseArgsError(thrown))
      return mistake(thrown.message)
    throw thrown
  }
}

function mistake(line: string): number {
  process.stderr.write(`hardened-mcp: ${line.split('\n')[0]}\n`)
  return EXIT_CONFIG
}

// node:util parseArgs reports a mistyped flag this way.
const isParseArgsError = (thrown: unknown): thrown is Error =>
  thrown instanceof TypeError && String((thrown as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
