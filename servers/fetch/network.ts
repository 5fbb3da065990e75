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
