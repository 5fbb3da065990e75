// Where an operation reads: the label of its database, or of all that the caller may list.
import { type PlaceFacts, placeLabel } from '@hardened-mcp/host'
import { CLEAN, type FlowOf, joinLabels, type Label } from '@hardened-mcp/security-core'
import type { Operation } from './operations.ts'
import { mayUse } from './policy.ts'
import type { Resources } from './resources.ts'

export const ROWS: Label = { integrity: 'untrusted', secrecy: 'private' } // anybody may have written the rows

export const flow =
  ({ databases }: Pick<Resources, 'databases'>): FlowOf<Operation> =>
  ({ caller, database }) => {
    const read = databases.filter(
      (grant) => mayUse(grant, caller) && (database === undefined || grant.name === database),
    )
    return {
      reads: read.map(({ label }) => placeLabel(label, ROWS)).reduce(joinLabels, CLEAN),
      places: read.map(({ name }) => name),
    }
  }

export const places = ({ databases }: Pick<Resources, 'databases'>): readonly PlaceFacts[] =>
  databases.map(({ name, label }) => ({ name, label: placeLabel(label, ROWS), into: false }))
