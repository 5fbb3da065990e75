// `manifest create`, `keygen`, `sign` and `verify`: from the tools as they are to a note that vouches for them, and back.
import { parseArgs } from 'node:util'
import { createManifestKey, readManifestKey } from '@hardened-mcp/host/admin'
import {
  differences,
  type Manifest,
  manifestKey,
  manifestText,
  openManifest,
  readManifest,
  signManifest,
} from '@hardened-mcp/security-core'
import { UsageError } from '../command.ts'
import { described, manifestOf } from './described.ts'
import { keyLine, readText } from './files.ts'

const print = (text: string) => process.stdout.write(text)

export async function create(args: readonly string[]): Promise<number> {
  const { entries } = await described(args, {}, 0)
  print(manifestText(manifestOf(entries)))
  return 0
}

export async function keygen(args: readonly string[]): Promise<number> {
  const [path, ...extra] = args
  if (path === undefined || extra.length > 0) throw new UsageError('Usage: hardened-mcp manifest keygen FILE')
  print(`${manifestKey(await createManifestKey(path))}\n`)
  process.stderr.write(
    'hardened-mcp: The line is the public half, for serve --manifest-key; keep FILE away from the servers\n',
  )
  return 0
}

export async function sign(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { key: { type: 'string' } },
    allowPositionals: true,
  })
  const [path, ...extra] = positionals
  if (path === undefined || extra.length > 0 || values.key === undefined)
    throw new UsageError('Usage: hardened-mcp manifest sign FILE --key KEYFILE')
  print(signManifest(readManifest(readText(path, 'Manifest')), await readManifestKey(values.key)))
  return 0
}

/** 0: the tools are as signed. 1: they are not, or nobody vouches for the note. */
export async function verify(args: readonly string[]): Promise<number> {
  const { entries, positionals, values } = await described(args, { key: { type: 'string' } }, 1)
  const [path] = positionals
  const { key } = values
  if (path === undefined || typeof key !== 'string')
    throw new UsageError(
      'Usage: hardened-mcp manifest verify FILE --key KEY [SERVER grants] [--policy FILE] [--image DIGEST]',
    )
  const note = readText(path, 'Manifest')
  const line = keyLine(key)
  let signed: Manifest
  try {
    signed = openManifest(note, line)
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    print(`FAILED  ${thrown.message}\n`)
    return 1
  }
  const verdicts = entries.map((entry) => {
    const known = signed.servers.find(({ name }) => name === entry.name)
    const found = known === undefined ? ['it is not in the manifest'] : differences(known, entry)
    const unseen = known?.image !== undefined && entry.image === undefined ? ['image not compared: give --image'] : []
    print(`${found.length === 0 ? 'ok' : 'FAILED'}  ${[entry.name, ...found, ...unseen].join('; ')}\n`)
    return found.length === 0
  })
  return verdicts.every(Boolean) ? 0 : 1
}
