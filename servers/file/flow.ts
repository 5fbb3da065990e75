// Where an operation reads and writes: the labels of the roots that its paths are in.
import { placeLabel } from '@hardened-mcp/host'
import { CLEAN, type FlowOf, joinLabels, type Label } from '@hardened-mcp/security-core'
import { isChange, type Operation, type Scope } from './operations.ts'
import { locator } from './policy.ts'
import type { Resources, RootGrant } from './resources.ts'

export const CONTENT: Label = { integrity: 'untrusted', secrecy: 'private' } // anybody may have written the files

export function flow(granted: Resources): FlowOf<Operation> {
  const locate = locator(granted)
  const all = granted.roots.map(labelOf).reduce(joinLabels, CLEAN)
  const at = (path: string, scope: Scope) => {
    const reading = locate(path, scope)
    return reading.ok ? labelOf(reading.place.root) : all // the policies have refused it before
  }
  return function flow(operation) {
    if (operation.op === 'roots') return { reads: CLEAN } // names that the operator chose
    if (operation.op === 'read_many')
      return { reads: operation.paths.map((path) => at(path, operation)).reduce(joinLabels, CLEAN) }
    const here = at(operation.path, operation)
    if (!isChange(operation)) return { reads: here }
    if (operation.op === 'move') return { reads: CLEAN, into: at(operation.to, operation), brings: here }
    return { reads: operation.op === 'edit' ? here : CLEAN, into: here } // the diff of an edit shows what was there
  }
}

const labelOf = ({ label }: RootGrant) => placeLabel(label, CONTENT)
