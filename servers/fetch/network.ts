// Reads `address/prefix` of an internal exception: small networks only, so that an exception never opens private space.
import { isIP } from 'node:net'

export type Network = Readonly<{ network: string; prefix: number }>

const BITS = { 4: 32, 6: 128 } as const
const WIDEST = { 4: 16, 6: 48 } as const // one site; a larger hole is a list of named holes

/** A bare address means itself alone. `undefined` for everything that is not a small network. */
export function parseNetwork(text: string): Network | undefined {
  const [network = '', prefixText, ...rest] = text.split('/')
  const family = isIP(network)
  if ((family !== 4 && family !== 6) || rest.length > 0 || network.includes('%')) return undefined
  if (prefixText === undefined) return { network, prefix: BITS[family] }
  if (!/^[1-9][0-9]{0,2}$/.test(prefixText)) return undefined
  const prefix = Number(prefixText)
  return prefix >= WIDEST[family] && prefix <= BITS[family] ? { network, prefix } : undefined
}

const NAT64_BITS: ReadonlySet<number> = new Set([32, 40, 48, 56, 64, 96]) // RFC 6052 §2.2

/** `undefined` for everything that is no prefix of a translator. */
export function parseNat64(text: string): Network | undefined {
  const [network = '', bits, ...rest] = text.split('/')
  if (isIP(network) !== 6 || network.includes('%') || rest.length > 0 || !NAT64_BITS.has(Number(bits))) return undefined
  return { network, prefix: Number(bits) }
}

export const isNat64Prefix = (text: string): boolean => parseNat64(text) !== undefined
