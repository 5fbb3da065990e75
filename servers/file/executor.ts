// From a cleared operation to its answer: parsed again, judged again, walked by descriptor.
import { type Budget, Denial, type Result } from '@hardened-mcp/security-core/worker'
import { systemCalls } from './descriptors.ts'
import { directoryTree } from './directory-tree.ts'
import { info } from './info.ts'
import { list } from './list.ts'
import type { Listing } from './listing.ts'
import { isWithin, leftOf } from './narrowing.ts'
import { type Change, isChange, type Operation, operation as operationSchema, type Scope } from './operations.ts'
import { pathDenial } from './path-rules.ts'
import { virtualPath } from './path-syntax.ts'
import { belongsTo, type Locate, locator, namesAbove } from './policy.ts'
import { readMany, type Wanted } from './read-many.ts'
import { readMedia } from './read-media.ts'
import { readText } from './read-text.ts'
import { type Resources, resources } from './resources.ts'
import { openRoots } from './roots.ts'
import { search } from './search.ts'
import { searchContent } from './search-content.ts'
import { secretNames } from './secret-names.ts'
import { type Entry, withEntry } from './walk.ts'

type PathOperation = Exclude<Operation, { op: 'roots' | 'read_many' } | Change>

/** Opens the roots and returns the function that works on them. */
export function executor(
  given: unknown,
  roots = openRoots(resources.parse(given)),
): (operation: unknown, spend: Budget) => Result {
  const granted = resources.parse(given)
  const secrets = secretNames(granted.secret_names)
  const locate = locator(granted, secrets)

  return function execute(given, spend) {
    const operation = operationSchema.parse(given)
    if (operation.op === 'roots') return allowed(granted, operation)
    if (isChange(operation)) throw new Denial('internal', 'A change came to the reader')
    if (operation.op === 'read_many')
      return readMany(
        operation.paths.map((path) => wanted(path, operation)),
        spend.outputBytes,
      )
    return systemCalls(() =>
      wanted(operation.path, operation).open((root, entry) => run(operation, entry, { root, secrets }, spend)),
    )
  }

  function wanted(path: string, scope: Scope): Wanted {
    const reading = located(locate, path, scope)
    const root = roots.get(reading.place.root.name)
    if (root === undefined) throw new Denial('internal', 'A root was granted and not opened')
    return {
      path: virtualPath(reading.place),
      open: (use) =>
        withEntry(root, reading.place.segments, (entry) => {
          // A followed link may have led to another name than the one that was judged.
          if (secrets.onPath(entry.segments, namesAbove(root.grant))) throw pathDenial('secret', 'a link leads to it')
          if (!isWithin(scope.within, root.grant, entry.segments))
            throw pathDenial('symlink', "a link leads out of the client's roots")
          return use(root, entry)
        }),
    }
  }
}

function located(locate: Locate, path: string, scope: Scope) {
  const reading = locate(path, scope)
  if (!reading.ok) throw pathDenial(reading.rule, reading.reason)
  return reading
}

function allowed({ roots }: Resources, { tenant, within }: Scope): Result {
  const directories = roots
    .filter((root) => belongsTo(root, tenant))
    .flatMap((root) =>
      leftOf(within, root).map((segments) => ({
        name: root.name,
        path: virtualPath({ root, segments }),
        writable: root.writable,
      })),
    )
  return { text: JSON.stringify({ directories }), rows: directories.length }
}

function run(asked: PathOperation, entry: Entry, listing: Listing, spend: Budget): Result {
  switch (asked.op) {
    case 'read_text':
      return readText(listing.root, entry, asked, spend.outputBytes)
    case 'list':
      return list(listing, entry, { asked, spend, now: () => performance.now() })
    case 'read_media':
      return readMedia(listing.root, entry, spend.outputBytes)
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
