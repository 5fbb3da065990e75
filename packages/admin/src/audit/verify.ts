// `audit verify` and `audit init`: is every trail as it was written, and the key that says so.
import { parseArgs } from 'node:util'
import { initAuditDirectory, verifyDirectory } from '@hardened-mcp/host/admin'
import { directoryOf, print, PROOF_OPTIONS, proofOf, say } from './records.ts'

export async function verify(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: PROOF_OPTIONS, allowPositionals: true })
  const dir = directoryOf(positionals, 'verify')
  const { exitCode, slots } = await verifyDirectory(dir, proofOf(values, dir))
  for (const slot of slots) print(slot)
  return exitCode
}

export async function init(args: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], options: {}, allowPositionals: true })
  const key = await initAuditDirectory(directoryOf(positionals, 'init'))
  process.stdout.write(`${key}\n`)
  say('Keep this line where the server cannot reach it: audit verify DIR --key LINE')
  return 0
}
