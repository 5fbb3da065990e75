// `hardened-mcp doctor`: says which layers hold around this process, and what each that does not hold needs.
import { parseArgs } from 'node:util'
import type { Command } from './command.ts'
import { judge } from './doctor/checks.ts'
import { gather } from './doctor/facts.ts'

export const doctor: Command = {
  usage: 'hardened-mcp doctor [--audit DIR] [--keys FILE] [--json]',
  help: `  --audit DIR   Also the audit directory: its mode, whether its trails verify, the space left
  --keys FILE   Also the keys file: its mode and owner
  --json        One line of JSON for each layer

Run it inside the container: docker exec CONTAINER /nodejs/bin/node /app/packages/admin/bin/hardened-mcp.js doctor --audit /audit
Exit code 0: every layer that was looked at holds. 1: one does not. 3: one could not be looked at, which is no yes.`,
  async run(args) {
    const options = { audit: { type: 'string' }, keys: { type: 'string' }, json: { type: 'boolean' } } as const
    const { values } = parseArgs({ args: [...args], options, strict: true })
    const { json, ...asked } = values
    const findings = judge(await gather(asked))
    const held = findings.filter(({ verdict }) => verdict === 'ok').length
    for (const finding of findings) {
      const { verdict, id, checked, mend } = finding
      const line = `${verdict.padEnd(8)}${id}: ${checked}${verdict === 'ok' ? '' : `. ${mend}`}`
      process.stdout.write(`${json === true ? JSON.stringify(finding) : line}\n`)
    }
    if (json !== true) process.stdout.write(`${held} of ${findings.length} layers hold\n`)
    if (findings.some(({ verdict }) => verdict === 'bad')) return 1
    return held === findings.length ? 0 : 3
  },
}
