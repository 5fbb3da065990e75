// `hardened-mcp taint`: shows which labels callers carry, and gives one of them a clean start.
import { parseArgs } from 'node:util'
import { carriersIn, clearCarrier } from '@hardened-mcp/host/admin'
import { type Command, UsageError } from './command.ts'

const USAGE = 'hardened-mcp taint show DIR | clear DIR --tenant TENANT --caller ID'

export const taint: Command = {
  usage: USAGE,
  help: `DIR is the directory of labels that the servers share: taint.directory of the policy file.

show prints one line of JSON for each label: who carries it, since when it was last given.
clear takes all labels off one caller. Do it when its conversation is over: what a model still remembers keeps no label.
Exit code 1: the caller carries none.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { tenant: { type: 'string' }, caller: { type: 'string' } },
      allowPositionals: true,
      strict: true,
    })
    const [verb, dir, ...extra] = positionals
    const { tenant, caller } = values
    if (dir === undefined || extra.length > 0) throw new UsageError(`Usage: ${USAGE}`)
    if (verb === 'show' && tenant === undefined && caller === undefined) return show(dir)
    if (verb === 'clear' && tenant !== undefined && caller !== undefined) return clear(dir, { tenant, id: caller })
    throw new UsageError(`Usage: ${USAGE}`)
  },
}

function show(dir: string): number {
  for (const { tenant, id, flag, at } of carriersIn(dir))
    process.stdout.write(`${JSON.stringify({ tenant, caller: id, label: flag, at: new Date(at).toISOString() })}\n`)
  return 0
}

function clear(dir: string, who: { tenant: string; id: string }): number {
  const carried = carriersIn(dir).filter(({ tenant, id }) => tenant === who.tenant && id === who.id)
  clearCarrier(dir, who)
  return carried.length > 0 ? 0 : 1
}
