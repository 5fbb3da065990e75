// TypeScript of this project as the JavaScript that runs: types become blanks, so lines and columns stay, and modules are named `.js`.
// Else each process of a container would do it again at its start.
import { stripTypeScriptTypes } from 'node:module'

// Also the paths of the processes that are started, and the entry points in a package.json: no other quoted text looks like one.
const MODULE = /(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g

/** What stands in the image for this file of the project: its path, and its text. */
export function withoutTypes(path: string, source: string): Readonly<{ path: string; text: string }> {
  const text = path.endsWith('.ts') ? stripTypeScriptTypes(source) : source
  return { path: path.replace(/\.ts$/, '.js'), text: text.replace(MODULE, '$1$2.js$1') }
}
