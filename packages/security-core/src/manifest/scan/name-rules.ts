// Question: does a name pass itself off as another one?
// Threat:   a tool that is called like one the model trusts (`re\u0430d_file`, `raed_file`), or that speaks for another server's tools.
// Rule:     names of other letters, digits for letters, letters turned or doubled beside known names and beside the other servers; the same
//           name twice; texts that name a tool of another server.
// Limits:   compares spelling: `fetch_document` beside `get_document` is nobody's copy. Only servers scanned together are compared.
// Proof:    scan-tools.test.ts, test/manifest/corpus.test.ts
import { mixedWords, skeleton } from '../../input/text-as-read.ts'
import { excerptOf, type Hit } from './finding.ts'

/** Names of tools that models meet on many servers. */
const KNOWN = new Set(
  `read_file read_text_file read_multiple_files write_file edit_file delete_file move_file copy_file create_directory list_directory directory_tree
  search_files get_file_info list_files list_allowed_directories query execute_sql execute_query run_query query_sql list_tables describe_table
  list_schemas fetch fetch_url web_search search http_request browser_navigate browser_click browser_snapshot browser_type screenshot
  send_email send_message read_email search_emails create_draft list_messages create_event list_events get_weather get_forecast
  create_issue list_issues get_issue add_issue_comment create_pull_request merge_pull_request get_file_contents push_files create_repository
  search_repositories search_code git_status git_diff git_commit git_push git_log execute_command run_command execute_code bash shell python
  create_entities create_relations add_observations read_graph search_nodes open_nodes sequentialthinking get_current_time convert_time
  send_payment create_payment_link create_invoice list_customers create_customer get_balance transfer_funds`.split(
    /\s+/u,
  ),
)
const DIGITS: Readonly<Record<string, string>> = { '0': 'o', '1': 'l', '3': 'e', '5': 's' }
const WELL_FORMED = /^[A-Za-z0-9_.\-/]{1,128}$/u // MCP 2025-11-25 §Tools, and the slash that servers use in fact
const SHORTEST = 6 // of names that are compared by spelling: `get` and `gte` say nothing

/** What a single tool's name says, beside the names of the tools of other servers. */
export function nameHits(name: string, elsewhere: ReadonlySet<string>): readonly Hit[] {
  const hit = (says: string, severity: Hit['severity'] = 'high'): readonly Hit[] => [
    { rule: 'look_alike_name', severity, says, excerpt: excerptOf(name) },
  ]
  if (mixedWords(name.replaceAll(/[_\-.]/gu, '')).length > 0) return hit('A name of letters that only look Latin')
  if (!WELL_FORMED.test(name))
    return [{ rule: 'odd_name', severity: 'medium', says: 'Not the name of a tool', excerpt: excerptOf(name) }]
  if (KNOWN.has(name)) return []
  const others = [...KNOWN, ...elsewhere].filter((other) => other !== name)
  const twin = others.find((other) => plain(other) === plain(name) && other.toLowerCase() !== name.toLowerCase())
  if (twin !== undefined) return hit(`A name that looks like ${twin}`)
  const near = others.find((other) => isSlip(name.toLowerCase(), other.toLowerCase()))
  return near === undefined ? [] : hit(`A name one slip away from ${near}`, 'medium')
}

// As the eye reads it: digits as letters, `rn` as `m`.
const plain = (name: string) =>
  skeleton(name)
    .replaceAll(/[0135]/gu, (digit) => DIGITS[digit] ?? digit)
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')

/** Two neighbours turned, or one letter doubled or halved. A letter replaced or added makes another word: `get_node`, `get_note`. */
function isSlip(one: string, other: string): boolean {
  if (one.length < SHORTEST || other.length < SHORTEST || Math.abs(one.length - other.length) > 1) return false
  const at = [...one].findIndex((letter, index) => letter !== other[index])
  if (one.length === other.length)
    return (
      at >= 0 &&
      /[a-z]/u.test(one[at] ?? '') &&
      one[at] === other[at + 1] &&
      one[at + 1] === other[at] &&
      one.slice(at + 2) === other.slice(at + 2)
    )
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  const place = [...long].findIndex((letter, index) => letter !== short[index])
  return (
    long[place] === long[place - 1] && /[a-z]/u.test(long[place] ?? '') && long.slice(place + 1) === short.slice(place)
  )
}

/** A tool of another server that a text names. Names without a joint are words like any other. */
export function namedElsewhere(
  text: string,
  elsewhere: ReadonlySet<string>,
  own: ReadonlySet<string>,
): string | undefined {
  const words = text.match(/(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)+/gu) ?? []
  return words.find((word) => elsewhere.has(word) && !own.has(word))
}
