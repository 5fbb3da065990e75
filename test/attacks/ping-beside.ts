// What a server is like while heavy calls are under way: how long a ping takes, and how large its largest process grows.
import type { TestClient } from '@hardened-mcp/testkit/clients'
import { descendants, residentMb } from '@hardened-mcp/testkit/processes'

const EVERY_MS = 10

/** Pings until `calls` have all ended. `p99Ms` is over `pings` pings; `peakMb` is of one process, 0 where none is seen. */
export async function pingBeside<Outcome>(client: TestClient, calls: Promise<Outcome>) {
  let isFlying = true
  const ends = calls.finally(() => {
    isFlying = false
  })
  const pings: number[] = []
  let peakMb = 0
  while (isFlying) {
    const sentMs = performance.now()
    await client.ping()
    pings.push(performance.now() - sentMs)
    peakMb = Math.max(peakMb, ...descendants(client.pid() as number).map(residentMb))
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  const p99Ms = pings.toSorted((one, other) => one - other)[Math.floor(pings.length * 0.99)] as number
  return { outcomes: await ends, pings: pings.length, p99Ms, peakMb }
}
