// Question: where does the client say that its user is at work?
// Threat:   roots taken for a grant (a client that answered `file:///etc` replaced what the operator had allowed); a client that never answers.
// Rule:     asked once after the start and again when they change; handed on as a wish that only narrows. No answer, or no list, is an empty list.
// Limits:   protocol editions up to 2025-11-25 over stdio: later ones have no such request, and over HTTP nobody keeps a session to ask in.
// Proof:    client-roots.test.ts
const MOST_ROOTS = 64
const MAX_URI = 4_096 // characters
const PATIENCE_MS = 5_000

/** What is used of a server that speaks with one client for as long as it is there. */
export type RootsAsking = Readonly<{
  /** Whether the client says that it has roots. */
  hasRoots(): boolean
  /** Asks the client. Anything may come back. */
  listRoots(patienceMs: number): Promise<unknown>
}>

export type ClientRoots = Readonly<{
  /** The client's word has changed: the next call asks again. */
  changed(): void
  /** URIs as the client wrote them; `undefined` for a client that has no roots and so narrows nothing. */
  current(): Promise<readonly string[] | undefined>
}>

export function clientRoots(client: RootsAsking): ClientRoots {
  let known: Promise<readonly string[]> | undefined
  return {
    changed() {
      known = undefined
    },
    async current() {
      if (!client.hasRoots()) return undefined
      known ??= client.listRoots(PATIENCE_MS).then(urisOf, () => [])
      return known
    },
  }
}

// One root that cannot be read would be one less restriction to a careless reader: here it is one place less.
function urisOf(answer: unknown): readonly string[] {
  const { roots } = (answer ?? {}) as { roots?: unknown }
  if (!Array.isArray(roots)) return []
  return roots.slice(0, MOST_ROOTS).flatMap((root: unknown) => {
    const { uri } = (root ?? {}) as { uri?: unknown }
    return typeof uri === 'string' && uri.length <= MAX_URI ? [uri] : []
  })
}
