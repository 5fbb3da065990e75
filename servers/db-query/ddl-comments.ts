// Reads the comments that the author of a CREATE TABLE wrote beside the table and its columns.

export type DdlComments = Readonly<{ table: string; columns: ReadonlyMap<string, string> }>

const TOKEN =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<name>"[^"]*(?:""[^"]*)*"|`[^`]*(?:``[^`]*)*`|\[[^\]]*\]|'[^']*(?:''[^']*)*'|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<mark>[(),])|(?<line>\n)|[\s\S]/g
const MAX_CHARS = 200

/** Keys of `columns` are the names in ASCII lower case. A comment belongs to the column it follows on the line, or else precedes. */
export function ddlComments(ddl: string): DdlComments {
  const found = new Map<string, string[]>()
  const table: string[] = []
  let depth = 0
  let column: string[] | undefined // of the definition that is under way, or has just ended on this line
  let early: string[] = []
  let open = false // a definition has its name
  for (const { groups = {} } of ddl.matchAll(TOKEN)) {
    const { comment, name, mark, line } = groups
    if (comment !== undefined) (depth === 0 ? table : (column ?? early)).push(comment)
    else if (name !== undefined && depth === 1 && !open) {
      column = found.get(bare(name)) ?? []
      column.push(...early)
      found.set(bare(name), column)
      early = []
      open = true
    } else if (mark === '(') {
      if (depth === 0) column = table // until the line ends
      depth += 1
    } else if (mark === ')') depth -= 1
    else if (mark === ',' && depth === 1) open = false
    else if (line !== undefined && !open) column = undefined
  }
  const columns = [...found].flatMap(([name, texts]) => (texts.length === 0 ? [] : [[name, plain(texts)] as const]))
  return { table: plain(table), columns: new Map(columns) }
}

const bare = (name: string) =>
  (/^["`['].*["`\]']$/s.test(name)
    ? name.slice(1, -1).replaceAll(name.slice(-1).repeat(2), name.slice(-1))
    : name
  ).replace(/[A-Z]/g, (letter) => letter.toLowerCase())

const plain = (comments: readonly string[]) =>
  comments
    .map((comment) => comment.replace(/^--+|^\/\*+|\*+\/$/g, ''))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_CHARS)
    .toWellFormed()
