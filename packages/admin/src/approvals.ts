// `hardened-mcp approvals`: what callers ask the operator for, and the operator's yes or no.
import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { decide, requestsIn, type Waiting } from '@hardened-mcp/host/admin'
import { asciiOnly } from './audit/records.ts'
import { type Command, UsageError } from './command.ts'

const USAGE = 'hardened-mcp approvals list DIR | show DIR ID | approve DIR ID [--by NAME] | deny DIR ID [--by NAME]'
const WORDS = { approve: 'approved', deny: 'denied' } as const

export const approvals: Command = {
  usage: USAGE,
  help: `DIR is approvals.directory of the policy file.

list prints one line of JSON for each request that waits. show prints all of one, and what would run: the model chose that text.
approve lets the very same call of the same caller pass once, within grant_minutes, as long as the policy is the same.
deny refuses it until the request is over; it also takes back a yes that was not used.
Both are recorded in the audit trail DIR/audit before they count. --by is who decides (default: this user).
Exit code 78: there is no such request, or it is decided, used or over.`,
  async run(args) {
    const options = { by: { type: 'string' } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    const [verb, dir, id, ...extra] = positionals
    if (dir === undefined || extra.length > 0) throw new UsageError(`Usage: ${USAGE}`)
    if (verb === 'list' && id === undefined && values.by === undefined) {
      for (const { operation: _, ...request } of requestsIn(dir, Date.now()).filter(isOpen)) print(request)
      return 0
    }
    if (verb === 'show' && id !== undefined && values.by === undefined) {
      const request = requestsIn(dir, Date.now()).find((each) => each.id === id)
      if (request === undefined) throw new RangeError(`There is no request ${id}`)
      print(request, 2)
      return 0
    }
    if ((verb === 'approve' || verb === 'deny') && id !== undefined) {
      const by = values.by ?? userInfo().username
      const { operation: _, ...decided } = await decide(dir, id, { word: WORDS[verb], by, now: Date.now })
      print(decided)
      return 0
    }
    throw new UsageError(`Usage: ${USAGE}`)
  },
}

const isOpen = ({ state, strength }: Waiting) =>
  strength === 'operator' && (state === 'waiting' || state === 'approved')

// ASCII: names and arguments may hold what changes the lines of a terminal.
function print({ at, until, ...request }: Omit<Waiting, 'operation'>, indent = 0): void {
  const shown = { ...request, at: new Date(at).toISOString(), until: new Date(until).toISOString() }
  const lines = JSON.stringify(shown, undefined, indent).split('\n')
  for (const line of lines) process.stdout.write(`${asciiOnly(line)}\n`)
}
