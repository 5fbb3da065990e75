// The hardened-mcp command: picks the subcommand, and turns every operator's mistake into one line and exit code 78.
import { EXIT_CONFIG } from '@hardened-mcp/host/admin'
import { audit } from './audit.ts'
import type { Command } from './command.ts'
import { UsageError } from './command.ts'
import { doctor } from './doctor.ts'
import { keys } from './keys.ts'
import { policy } from './policy/policy.ts'
import { serve } from './serve.ts'
import { taint } from './taint.ts'

const COMMANDS: Readonly<Record<string, Command>> = { serve, keys, audit, policy, taint, doctor }

const USAGE = `hardened-mcp: three least-privilege MCP servers

Usage:
${Object.values(COMMANDS)
  .map(({ usage }) =>
    usage
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n'),
  )
  .join('\n')}

Run a command with --help for its flags. Exit code 78 means bad configuration.
`

/** Runs one command line; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(USAGE)
    return name === undefined ? EXIT_CONFIG : 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) return mistake(`Unknown command ${name}; see hardened-mcp --help`)
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${command.usage}\n\n${command.help}\n`)
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
