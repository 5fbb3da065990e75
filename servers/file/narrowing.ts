// Question: is this place among those to which the client narrowed itself?
// Threat:   a client's roots that replace the operator's (a client answered `file:///etc`, and the reference server read it).
// Rule:     the client's file URIs are only compared with places below granted roots: what is in none of them is refused. They add nothing.
// Limits:   on request (`client_roots: narrow`), for clients that have roots; paths are compared as the operator and the client write them.
// Proof:    narrowing.test.ts
import { fileURLToPath } from 'node:url'
import type { RootGrant } from './resources.ts'

const names = (path: string) => path.split('/').filter((name) => name !== '' && name !== '.')
const begins = (whole: readonly string[], start: readonly string[]) => start.every((name, i) => name === whole[i])

/** Absolute paths of the URIs that name one on this machine; the others say nothing about it. */
export function pathsOfRoots(uris: readonly string[]): readonly string[] {
  return uris.flatMap((uri) => {
    try {
      const url = new URL(uri)
      return url.protocol === 'file:' && url.host === '' ? [fileURLToPath(url)] : []
    } catch {
      return []
    }
  })
}

/** `within` is absent where nothing is narrowed. */
export function isWithin(within: readonly string[] | undefined, root: RootGrant, segments: readonly string[]): boolean {
  if (within === undefined) return true
  const place = [...names(root.path), ...segments]
  return within.some((path) => begins(place, names(path)))
}

/** What is left of a granted root, as segments below it: the whole root, some directories of it, or nothing. */
export function leftOf(within: readonly string[] | undefined, root: RootGrant): readonly (readonly string[])[] {
  if (isWithin(within, root, [])) return [[]]
  const above = names(root.path)
  return (within ?? []).map(names).flatMap((path) => (begins(path, above) ? [path.slice(above.length)] : []))
}
