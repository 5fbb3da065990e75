// Reads from an strace log which internet addresses a process connected or sent to.
import { readFileSync } from 'node:fs'

const V4 = /sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)/g
const V6 = /sin6_port=htons\((\d+)\)[^}]*?inet_pton\(AF_INET6, "([^"]+)"/g

/** `address:port`, each once. */
export function dialledFrom(traceFile: string): ReadonlySet<string> {
  const log = readFileSync(traceFile, 'utf8')
  const found = [...log.matchAll(V4), ...log.matchAll(V6)]
  return new Set(found.map(([, port, address]) => `${address}:${port}`))
}
