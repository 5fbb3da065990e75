// Where the counts of rates and budgets are kept: in this process, or in the store that replicas share.
import { type Ledger, localLedger } from '@hardened-mcp/security-core'
import type { SharedLimits } from '../policy/limits-section.ts'
import type { LedgerEvent } from './shared-ledger.ts'

/** `trouble` is one word for /healthz while the store is out of reach. */
export async function openLedger(
  config: SharedLimits | undefined,
  onEvent: (event: LedgerEvent, reason: string) => void,
): Promise<Readonly<{ ledger: Ledger; trouble: () => string | undefined }>> {
  const elapsed = () => performance.now()
  if (config === undefined) return { ledger: localLedger(elapsed), trouble: () => undefined }
  const { sharedLedger } = await import('./shared-ledger.ts') // the client of the store is a package of its own
  const shared = sharedLedger({ config, elapsed, onEvent })
  await shared.ready
  return { ledger: shared, trouble: () => shared.trouble() }
}
