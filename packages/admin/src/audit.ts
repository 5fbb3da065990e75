// `hardened-mcp audit`: verifies a trail.
import { verifyDirectory } from '@hardened-mcp/host/admin'
import { type Command, UsageError } from './command.ts'

export const audit: Command = {
  usage: 'hardened-mcp audit verify DIR',
  help: 'Exit code 0: every record is as it was written. 1: the trail was altered. 2: it could not be read. 3: not established.',
  async run(args) {
    const [verb, dir, ...extra] = args
    if (verb !== 'verify' || dir === undefined || extra.length > 0)
      throw new UsageError('Usage: hardened-mcp audit verify DIR')
    const { exitCode, slots } = await verifyDirectory(dir)
    for (const slot of slots) process.stdout.write(`${JSON.stringify(slot)}\n`)
    return exitCode
  },
}
