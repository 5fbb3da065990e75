// What a file can reach without importing it: the global doors to network, process, clock and chance.
import { type ImportGraph, reachable } from './import-graph.ts'
import { isTestCode, type SourceFile } from './source-files.ts'

type Door = Readonly<{ name: string; use: RegExp; core: boolean; page: boolean }>

// The core takes time and randomness as arguments; the page of a server may look at neither network nor process.
const DOORS: readonly Door[] = [
  { name: 'fetch', use: /(?<![\w$.'`-])fetch\s*\(/, core: true, page: true },
  { name: 'WebSocket', use: /\bnew\s+(?:WebSocket|EventSource|XMLHttpRequest|Worker)\b/, core: true, page: true },
  { name: 'process', use: /(?<![\w$.'`-])process\s*[.[]/, core: true, page: true },
  { name: 'globalThis', use: /\bglobal(?:This)?\s*[.[]/, core: true, page: true },
  { name: 'the clock', use: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bperformance\s*\./, core: true, page: true },
  {
    name: 'chance',
    use: /\bMath\s*\.\s*random\b|\brandom(?:UUID|Bytes|Int|FillSync|Values)?\s*\(/,
    core: true,
    page: false,
  },
  { name: 'timers', use: /(?<![\w$.])set(?:Timeout|Interval|Immediate)\s*\(/, core: true, page: true },
]

const SERVER_PAGE = /^servers\/[^/]+\/server\.ts$/

/** One sentence for each global that a file of the core, or one that a server's page loads, reaches for. */
export function brokenAmbient(files: readonly SourceFile[], graph: ImportGraph): readonly string[] {
  const pages = [...graph.keys()].filter((path) => SERVER_PAGE.test(path))
  const loaded = new Set(
    pages.flatMap((page) => [...reachable(graph, page)].filter((path) => path.startsWith('servers/'))),
  )
  return files
    .filter(({ path }) => !isTestCode(path))
    .flatMap(({ path, text }) => {
      const inCore = path.startsWith('packages/security-core/')
      const doors = DOORS.filter(({ core, page }) => (inCore && core) || (loaded.has(path) && page))
      const code = withoutComments(text)
      return doors.filter(({ use }) => use.test(code)).map(({ name }) => `${path} reaches for ${name}`)
    })
}

// Whole lines of comment only: a comment may speak of process.env, and code after `//` inside a string must not vanish.
const withoutComments = (text: string) => text.replace(/^\s*(?:\/\/|\/?\*(?!\w)).*$/gm, '')
