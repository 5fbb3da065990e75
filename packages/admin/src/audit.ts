// `hardened-mcp audit`: verifies a trail, alone or against anchors that were kept elsewhere.
import { parseArgs } from 'node:util'
import { type SlotAnchor, verifyDirectory } from '@hardened-mcp/host/admin'
import { type Command, UsageError } from './command.ts'

export const audit: Command = {
  usage: 'hardened-mcp audit verify DIR [--anchor SLOT:SEQ:HASH]...',
  help: `  --anchor SLOT:SEQ:HASH   A record that a server logged as audit_head; proves that nothing up to it was rewritten or cut

Prints one line of JSON for each trail.
Exit code 0: every record is as it was written. 1: a trail was altered. 2: it could not be read. 3: no anchor for a trail.
Without an anchor, records cut off at the end cannot be noticed: "end" then says not_established.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { anchor: { type: 'string', multiple: true } },
      allowPositionals: true,
      strict: true,
    })
    const [verb, dir, ...extra] = positionals
    if (verb !== 'verify' || dir === undefined || extra.length > 0)
      throw new UsageError('Usage: hardened-mcp audit verify DIR [--anchor SLOT:SEQ:HASH]...')
    const anchors = values.anchor?.map(anchorOf)
    const { exitCode, slots } = await verifyDirectory(dir, anchors === undefined ? {} : { anchors })
    for (const slot of slots) process.stdout.write(`${JSON.stringify(slot)}\n`)
    return exitCode
  },
}

function anchorOf(text: string): SlotAnchor {
  const [, slot, seq, hash] = /^(\d{1,2}):(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (hash === undefined) throw new UsageError(`--anchor needs SLOT:SEQ:HASH with a hash of 64 hex digits, got ${text}`)
  return { slot: Number(slot), seq: Number(seq), hash }
}
