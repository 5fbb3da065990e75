// The functions that a query may call: everything that computes on its arguments, or what the policy leaves of it.
import type { Token } from './token-scan.ts'

const words = (text: string) => text.trim().split(/\s+/)

/** Auxiliary full-text functions. They find the row by a cursor number in their first argument, whatever column it came from. */
export const SEARCH_FUNCTIONS: ReadonlySet<string> = new Set(words('bm25 highlight snippet matchinfo offsets'))

/** Everything a query may call, by SQLite's own names. */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...words(
    '-> ->> abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce concat concat_ws cos cosh',
  ),
  ...words('count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp'),
  ...words('first_value floor format glob group_concat hex if ifnull iif instr julianday lag last_value lead length'),
  ...words('like likelihood likely ln log log10 log2 lower ltrim max median min mod nth_value ntile nullif'),
  ...words('octet_length percent_rank percentile percentile_cont percentile_disc pi pow power printf quote radians'),
  ...words('random randomblob rank replace round row_number rtrim sign sin sinh soundex sqlite_version sqrt strftime'),
  ...words('string_agg substr substring subtype sum tan tanh time timediff total trim trunc typeof unhex unicode'),
  ...words('unistr unistr_quote unixepoch unlikely upper zeroblob'),
  ...words('json json_array json_array_insert json_array_length json_error_position json_extract json_group_array'),
  ...words('json_group_object json_insert json_object json_patch json_pretty json_quote json_remove json_replace'),
  ...words('json_set json_type json_valid jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array'),
  ...words('jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set'),
  ...SEARCH_FUNCTIONS,
  'match',
  ...words('geopoly_area geopoly_bbox geopoly_blob geopoly_ccw geopoly_contains_point geopoly_group_bbox'),
  ...words('geopoly_json geopoly_overlap geopoly_regular geopoly_svg geopoly_within geopoly_xform'),
])

/** Table functions that read nothing but their own argument. */
export const TABLE_FUNCTIONS = ['json_each', 'json_tree', 'jsonb_each', 'jsonb_tree'] as const

// SQLite writes these operators as functions; a policy that names functions does not mean them.
const OPERATORS = ['->', '->>', 'like', 'glob', 'match'] as const

/** What a policy leaves: all, or the named ones and the operators. */
export const functionsOf = (named: readonly string[] | undefined): ReadonlySet<string> =>
  named === undefined ? FUNCTIONS : new Set([...OPERATORS, ...named.map((name) => name.toLowerCase())])

/**
 * The first function in the text that is not among `functions`, though it is one of SQLite's.
 * The compiled program does not show `coalesce`, `iif` and `count(*)`: they become other instructions.
 */
export function calledOutside(tokens: readonly Token[], functions: ReadonlySet<string>): string | undefined {
  if (functions === FUNCTIONS) return undefined
  const called = tokens.flatMap(({ kind, text }, index) => {
    if (tokens[index + 1]?.text !== '(' || (kind !== 'word' && kind !== 'quoted')) return []
    const name = (kind === 'quoted' ? text.slice(1, -1) : text).toLowerCase()
    return FUNCTIONS.has(name) && !functions.has(name) ? [name] : []
  })
  return called[0]
}
