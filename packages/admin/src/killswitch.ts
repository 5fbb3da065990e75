// `hardened-mcp killswitch`: stops a tenant, a caller, a tool or everything while the servers run.
import { parseArgs } from 'node:util'
import { readKillSwitch, type SwitchEntry, updateKillSwitch } from '@hardened-mcp/host/admin'
import { whatOf } from '@hardened-mcp/security-core'
import { type Command, UsageError } from './command.ts'
import { defaultKeysFile, killSwitchBeside } from './paths.ts'

const USAGE = `hardened-mcp killswitch on  --all | [--tenant TENANT] [--principal ID] [--tool TOOL]  [--reason TEXT] [--file FILE]
hardened-mcp killswitch off --all | [--tenant TENANT] [--principal ID] [--tool TOOL]  [--file FILE]
hardened-mcp killswitch show [--file FILE]`

export const killswitch: Command = {
  usage: USAGE,
  help: `on    From at most 3 seconds on, every server that follows the file refuses what is named, ends it where it runs, and records both
off   Takes back the very entry that "on" made; ends with 1 when there is none
show  Prints one line of JSON for each entry

  --all             Every call
  --tenant TENANT   Calls of this tenant
  --principal ID    Calls of this caller, and of whoever it acts for: the id of a key, or issuer:subject
  --tool TOOL       Calls of this tool
                    Names that are given together switch off only what all of them apply to
  --reason TEXT     For the audit trail; callers are not told
  --file FILE       Default: killswitch.json beside the default keys file; "serve" follows the one beside its --keys

A missing file switches nothing off. One that is broken, or that others can write, switches everything off.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        all: { type: 'boolean' },
        tenant: { type: 'string' },
        principal: { type: 'string' },
        tool: { type: 'string' },
        reason: { type: 'string' },
        file: { type: 'string' },
      },
      allowPositionals: true,
    })
    const [verb, ...extra] = positionals
    const { all, file = killSwitchBeside(defaultKeysFile()), reason, ...names } = values
    const isNamed = Object.keys(names).length > 0
    if (extra.length > 0) throw new UsageError(USAGE)
    if (verb === 'show' && all === undefined && !isNamed && reason === undefined) return show(file)
    if (all === isNamed || (all === undefined && !isNamed))
      throw new UsageError('killswitch needs --all, or one or more of --tenant, --principal and --tool')
    if (verb === 'on') return on(file, { ...names, ...(reason === undefined ? {} : { reason }) })
    if (verb === 'off' && reason === undefined) return off(file, names)
    throw new UsageError(USAGE)
  },
}

async function on(file: string, wanted: Omit<SwitchEntry, 'since'>): Promise<number> {
  const since = new Date().toISOString()
  await updateKillSwitch(file, (entries) => [
    ...entries.filter((entry) => whatOf(entry) !== whatOf(wanted)),
    { ...wanted, since },
  ])
  say(`Switched off: ${whatOf(wanted)}; running servers refuse it within 3 seconds`)
  return 0
}

async function off(file: string, wanted: Omit<SwitchEntry, 'since'>): Promise<number> {
  let found = false
  await updateKillSwitch(file, (entries) => {
    const others = entries.filter((entry) => whatOf(entry) !== whatOf(wanted))
    found = others.length < entries.length
    return others
  })
  say(found ? `No longer switched off: ${whatOf(wanted)}` : `It was not switched off: ${whatOf(wanted)}`)
  return found ? 0 : 1
}

function show(file: string): number {
  for (const entry of readKillSwitch(file)) process.stdout.write(`${JSON.stringify(entry)}\n`)
  return 0
}

const say = (line: string) => void process.stderr.write(`hardened-mcp: ${line}\n`)
