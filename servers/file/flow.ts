// Where an operation reads and writes: the labels of the roots that its paths are in.
import { type PlaceFacts, placeLabel } from '@hardened-mcp/host'
import { CLEAN, type FlowOf, joinLabels, type Label } from '@hardened-mcp/security-core'
import { isChange, type Operation, type Scope } from './operations.ts'
import { locator } from './policy.ts'
import type { Resources, RootGrant } from './resources.ts'

export const CONTENT: Label = { integrity: 'untrusted', secrecy: 'private' } // anybody may have written the files

export function flow(granted: Resources): FlowOf<Operation> {
  const locate = locator(granted)
  const everywhere = placesOf(granted.roots)
  const at = (path: string, scope: Scope) => {
    const reading = locate(path, scope)
    return reading.ok ? placesOf([reading.place.root]) : everywhere // the policies have refused it before
  }
  return function flow(operation) {
    if (operation.op === 'roots') return { reads: CLEAN } // names that the operator chose
    if (operation.op === 'read_many') {
      const all = operation.paths.map((path) => at(path, operation))
      return {
        reads: all.map(({ label }) => label).reduce(joinLabels, CLEAN),
        places: [...new Set(all.flatMap(({ places }) => places))],
      }
    }
    const { label, places } = at(operation.path, operation)
    if (!isChange(operation)) return { reads: label, places }
    if (operation.op !== 'move') return { reads: operation.op === 'edit' ? label : CLEAN, into: label, places } // the diff of an edit shows what was there
    const to = at(operation.to, operation)
    return { reads: CLEAN, into: to.label, brings: label, places: [...to.places, ...places] }
  }
}

const placesOf = (roots: readonly RootGrant[]) => ({
  label: roots.map(({ label }) => placeLabel(label, CONTENT)).reduce(joinLabels, CLEAN),
  places: roots.map(({ name }) => name),
})

export const places = ({ roots }: Resources): readonly PlaceFacts[] =>
  roots.map(({ name, label, writable }) => ({ name, label: placeLabel(label, CONTENT), into: writable }))
