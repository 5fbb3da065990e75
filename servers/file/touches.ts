// What an operation touches: roots, and the places below them by the names that answers use.
import type { Place } from '@hardened-mcp/host'
import type { Operation } from './operations.ts'
import { locator } from './policy.ts'
import { virtualPath } from './path-syntax.ts'
import type { Resources } from './resources.ts'

export function touches(granted: Resources): (operation: Operation) => readonly Place[] {
  const locate = locator(granted)
  return function touches(operation) {
    return pathsOf(operation).flatMap((path) => {
      const reading = locate(path, operation) // what cannot be read the policies have refused before
      return reading.ok ? [{ within: reading.place.root.name, name: virtualPath(reading.place) }] : []
    })
  }
}

function pathsOf(operation: Operation): readonly string[] {
  if (operation.op === 'roots') return []
  if (operation.op === 'read_many') return operation.paths
  return operation.op === 'move' ? [operation.path, operation.to] : [operation.path]
}
