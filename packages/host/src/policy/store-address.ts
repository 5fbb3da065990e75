// How a policy file names a Valkey or Redis that servers share.
import { isIP } from 'node:net'
import { z } from 'zod'

const isAddress = (text: string) => {
  const [, v6, v4, port] = /^(?:\[([0-9A-Fa-f:]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? []
  return isIP(v6 ?? v4 ?? '') !== 0 && Number(port) > 0 && Number(port) < 65_536
}

/** Only an address: no name is looked up. */
export const storeFields = {
  address: z.string().refine(isAddress, 'Must be an address and a port such as 10.96.63.79:6379'),
  user: z.string().min(1).max(128).exactOptional(),
  password_file: z.string().min(1).max(4096).exactOptional(),
  /** PEM of the authority that signed its certificate: speaks TLS. Without it the traffic is not encrypted. */
  ca_file: z.string().min(1).max(4096).exactOptional(),
}

export const storeAddress = z.strictObject(storeFields)
export type StoreAddress = z.output<typeof storeAddress>
