// From a cleared operation to its answer: parsed again, judged again, walked by descriptor.
import { type Budget, Denial, type Result } from '@hardened-mcp/security-core'
import { systemCalls } from './descriptors.ts'
import { directoryTree } from './directory-tree.ts'
import { info } from './info.ts'
import { list } from './list.ts'
import type { Listing } from './listing.ts'
import { type Operation, operation as operationSchema } from './operations.ts'
import { pathDenial } from './path-rules.ts'
import { locator, namesAbove } from './policy.ts'
import { readText } from './read-text.ts'
import { resources } from './resources.ts'
import { openRoots } from './roots.ts'
import { search } from './search.ts'
import { searchContent } from './search-content.ts'
import { secretNames } from './secret-names.ts'
import { type Entry, withEntry } from './walk.ts'

type PathOperation = Exclude<Operation, { op: 'roots' }>

/** Opens the roots and returns the function that works on them. */
export function executor(given: unknown): (operation: unknown, spend: Budget) => Result {
  const granted = resources.parse(given)
  const roots = openRoots(granted)
  const secrets = secretNames(granted.secret_names)
  const locate = locator(granted, secrets)
  const directories = granted.roots.map(({ name, writable }) => ({ name, path: `${name}:/`, writable }))

  return function execute(given, spend) {
    const operation = operationSchema.parse(given)
    if (operation.op === 'roots') return { text: JSON.stringify({ directories }), rows: directories.length }
    const reading = locate(operation.path)
    if (!reading.ok) throw pathDenial(reading.rule, reading.reason)
    const root = roots.get(reading.place.root.name)
    if (root === undefined) throw new Denial('internal', 'A root was granted and not opened')
    return systemCalls(() =>
      withEntry(root, reading.place.segments, (entry) => {
        // A followed link may have led to another name than the one that was judged.
        if (secrets.onPath(entry.segments, namesAbove(root.grant))) throw pathDenial('secret', 'a link leads to it')
        return run(operation, entry, { root, secrets }, spend)
      }),
    )
  }
}

function run(asked: PathOperation, entry: Entry, listing: Listing, spend: Budget): Result {
  switch (asked.op) {
    case 'read_text':
      return readText(listing.root, entry, asked, spend.outputBytes)
    case 'list':
      return list(listing, entry, { cursor: asked.cursor, outputBytes: spend.outputBytes })
    case 'search':
      return search(listing, entry, { asked, spend, now: () => performance.now() })
    case 'search_content':
      return searchContent(listing, entry, { asked, spend, now: () => performance.now() })
    case 'tree':
      return directoryTree(listing, entry, { asked, spend, now: () => performance.now() })
    case 'info':
      return info(listing.root, entry)
  }
}
