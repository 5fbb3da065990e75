// The lattice of labels: four points, one join, one order (Denning 1976 for secrecy, Biba 1977 for integrity).
import type { Label } from '../types.ts'

/** The bottom: what nobody has touched yet. Flows everywhere. */
export const CLEAN: Label = Object.freeze({ integrity: 'trusted', secrecy: 'public' })

/** The label of what was made of both. */
export const join = (one: Label, other: Label): Label => ({
  integrity: one.integrity === 'untrusted' ? 'untrusted' : other.integrity,
  secrecy: one.secrecy === 'private' ? 'private' : other.secrecy,
})

/** Why data with the label `data` may not arrive at a place with the label `place`; `undefined` when it may. */
export function refusedFlow(data: Label, place: Label): 'private' | 'untrusted' | undefined {
  if (data.secrecy === 'private' && place.secrecy === 'public') return 'private'
  if (data.integrity === 'untrusted' && place.integrity === 'trusted') return 'untrusted'
  return undefined
}

/** `private,untrusted`, or an empty text for a clean state: the form of the audit trail. */
export const labelText = ({ integrity, secrecy }: Label): string =>
  [secrecy === 'private' ? 'private' : '', integrity === 'untrusted' ? 'untrusted' : ''].filter(Boolean).join(',')
