// `hardened-mcp doctor`: says which layers hold, around this process or around a whole deployment, and what each that does not hold needs.
import { parseArgs } from 'node:util'
import { type Command, UsageError } from './command.ts'
import { type Finding, judge } from './doctor/checks.ts'
import { gather } from './doctor/facts.ts'

export const doctor: Command = {
  usage: `hardened-mcp doctor [--audit DIR] [--keys FILE] [--taint DIR] [--approvals DIR] [--json]
hardened-mcp doctor [--compose FILE] [--docker] [--project NAME] [--reviewed DATE] [--json]`,
  help: `Inside a container, the layers around this process:
  --audit DIR      Also the audit directory: its mode, whether its trails verify, the space left
  --keys FILE      Also the keys file: its mode and owner
  --taint DIR      Also the directory of labels that servers share: its mode and owner
  --approvals DIR  Also the directory of approvals: that requests are its own, and verdicts out of its reach

From outside, a deployment:
  --compose FILE   The compose file, as it is or as "docker compose config" renders it, with the variables of this environment
  --docker         The containers that run, the machine around them (as root), and each server from inside
  --project NAME   The compose project (default: hardened-mcp)
  --reviewed DATE  When the audit trails were last read; else the file last-review in each audit directory says it

  --json           One line of JSON for each layer

Run it inside the container: docker exec CONTAINER /nodejs/bin/node /app/packages/admin/bin/hardened-mcp.js doctor --audit /audit
Exit code 0: every layer that was looked at holds. 1: one does not. 3: one could not be looked at, which is no yes.`,
  async run(args) {
    const options = {
      audit: { type: 'string' },
      keys: { type: 'string' },
      taint: { type: 'string' },
      approvals: { type: 'string' },
      compose: { type: 'string' },
      docker: { type: 'boolean' },
      project: { type: 'string' },
      reviewed: { type: 'string' },
      json: { type: 'boolean' },
    } as const
    const { values } = parseArgs({ args: [...args], options, strict: true })
    const { json, audit, keys, taint, approvals, compose, docker, project = 'hardened-mcp', reviewed } = values
    const fromOutside = compose !== undefined || docker === true
    if (fromOutside && [audit, keys, taint, approvals].some((path) => path !== undefined))
      throw new UsageError('--audit, --keys, --taint and --approvals are for the look from inside')
    if (docker !== true && (values.project !== undefined || reviewed !== undefined))
      throw new UsageError('--project and --reviewed belong to --docker')
    const findings: readonly (Finding & { view?: string })[] = fromOutside
      ? await (await import('./doctor/outside/look-outside.ts')).lookOutside({
          ...(compose === undefined ? {} : { compose }),
          ...(docker === true ? { project } : {}),
          ...(reviewed === undefined ? {} : { reviewed }),
        })
      : judge(
          await gather({
            ...(audit === undefined ? {} : { audit }),
            ...(keys === undefined ? {} : { keys }),
            ...(taint === undefined ? {} : { taint }),
            ...(approvals === undefined ? {} : { approvals }),
          }),
        )
    for (const finding of findings)
      process.stdout.write(`${json === true ? JSON.stringify(finding) : lineOf(finding)}\n`)
    const held = findings.filter(({ verdict }) => verdict === 'ok').length
    if (json !== true) process.stdout.write(`${held} of ${findings.length} layers hold\n`)
    if (findings.some(({ verdict }) => verdict === 'bad')) return 1
    return held === findings.length ? 0 : 3
  },
}

const lineOf = ({ view, verdict, id, checked, mend }: Finding & { view?: string }) =>
  `${verdict.padEnd(8)}${view === undefined ? '' : `${view}: `}${id}: ${checked}${verdict === 'ok' ? '' : `. ${mend}`}`
