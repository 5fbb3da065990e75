// Remembers what was judged about a text, for as long as the schema and the policy stay what they were; each tenant has a memory of its own.
import { Denial } from '@hardened-mcp/security-core/worker'
import type { Whose } from './row-filter.ts'

const MAX_VERDICTS = 64 // each may hold a compiled statement; agents repeat a handful

/**
 * Returns `judge` with a memory. Only a refusal of the text itself is remembered: a lock or a lack of memory says nothing about the next time.
 * By tenant: a long text takes twenty times as long when it is new, and would tell whether somebody else has asked it.
 */
export function remembered<Judged>(judge: (sql: string) => Judged): (sql: string, whose: Whose) => Judged {
  const verdicts = new Map<string, Judged | Denial>()
  return (sql, whose) => {
    const key = `${whose} ${sql}` // no tenant's name has a space
    const known = verdicts.get(key) ?? verdictOf(judge, sql)
    verdicts.delete(key) // and set again: the map is in order of use
    verdicts.set(key, known)
    const oldest = verdicts.keys().next().value
    if (verdicts.size > MAX_VERDICTS && oldest !== undefined) verdicts.delete(oldest)
    if (known instanceof Denial) throw known
    return known
  }
}

function verdictOf<Judged>(judge: (sql: string) => Judged, sql: string): Judged | Denial {
  try {
    return judge(sql)
  } catch (thrown) {
    if (thrown instanceof Denial && thrown.code === 'sql_denied') return thrown
    throw thrown
  }
}
