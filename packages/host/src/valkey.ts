// One connection to the Valkey or Redis that replicas share: asked now, or not at all.
import { Redis } from 'iovalkey'
import { listedFile } from './listed-file.ts'
import type { StoreAddress } from './policy/store-address.ts'

const ANSWER_MS = 250
const AGAIN_MS = 1_000
const CONNECT_MS = 2_000

export type Valkey = Readonly<{
  /** Runs a Lua script, which the store keeps compiled. Rejects when no answer comes within 250 ms. */
  run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>
  /** Over when the store was reached, or after two seconds without it. */
  ready: Promise<void>
  close(): void
}>

/** Throws `RangeError` when a file of the section, which `what` names, cannot be read. */
export function valkey({ address, user, password_file: file, ca_file: ca }: StoreAddress, what: string): Valkey {
  const at = address.lastIndexOf(':')
  const store = new Redis({
    host: address.slice(0, at).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(at + 1)),
    ...(user === undefined ? {} : { username: user }),
    ...(file === undefined ? {} : { password: listedFile(file, what).trim() }),
    ...(ca === undefined ? {} : { tls: { ca: listedFile(ca, what) } }),
    enableOfflineQueue: false, // a call that waits for a connection would wait beyond its deadline
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    retryStrategy: () => AGAIN_MS,
  })
  store.on('error', () => undefined) // the next call says so
  return {
    run: (script, keys, args) => inTime(store.call('EVAL', script, keys.length, ...keys, ...args)),
    ready: new Promise<void>((resolve) => {
      store.once('ready', () => resolve())
      setTimeout(resolve, CONNECT_MS).unref()
    }),
    close: () => store.disconnect(),
  }
}

async function inTime<Value>(answer: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`No answer within ${ANSWER_MS} ms`)), ANSWER_MS)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
