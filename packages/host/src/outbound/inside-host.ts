// Of a section that names a host off the public internet: the one exception that the address guard makes for it.
import type { WebUrl } from '@hardened-mcp/security-core/worker'
import { listedFile } from '../listed-file.ts'
import type { InternalHost } from './checked-addresses.ts'

type Inside = Readonly<{ network: string; prefix: number; ca_file?: string }>

/** None without `inside`. Throws `RangeError` when the file of the authority cannot be read; `what` names the section. */
export function insideHost(
  inside: Inside | undefined,
  { host, port }: Pick<WebUrl, 'host' | 'port'>,
  what: string,
): readonly InternalHost[] {
  if (inside === undefined) return []
  const { network, prefix, ca_file: file } = inside
  return [{ host, port, network, prefix, ...(file === undefined ? {} : { ca: listedFile(file, what) }) }]
}
