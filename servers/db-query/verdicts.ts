// Remembers what was judged about a text, for as long as the schema and the policy stay what they were.
import { Denial } from '@hardened-mcp/security-core'

const MAX_VERDICTS = 64 // each may hold a compiled statement; agents repeat a handful

/** Returns `judge` with a memory. Only a refusal of the text itself is remembered: a lock or a lack of memory says nothing about the next time. */
export function remembered<Judged>(judge: (sql: string) => Judged): (sql: string) => Judged {
  const verdicts = new Map<string, Judged | Denial>()
  return (sql) => {
    const known = verdicts.get(sql) ?? verdictOf(judge, sql)
    verdicts.delete(sql) // and set again: the map is in order of use
    verdicts.set(sql, known)
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
