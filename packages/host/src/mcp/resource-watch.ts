// Question: has a resource changed that this client wants to hear about?
// Threat:   a side door that tells of files which a call would refuse; a client that has thousands of things looked at for ever.
// Rule:     each look is a call of the tool that describes the resource, judged, limited and recorded as any; at most 8, each 10 s; a refusal ends it.
// Limits:   over stdio, where the connection is the session. What changes and changes back between two looks is not seen.
// Proof:    resource-watch.test.ts
const MOST = 8
const EVERY_MS = 10_000 // with 8 resources 48 calls a minute: half of what a caller has by default

export type ResourceWatch = Readonly<{
  /** False when the resource is not to be seen, or when there are too many already. */
  add(uri: string): Promise<boolean>
  remove(uri: string): void
  close(): void
}>

/** `look` answers with a text that changes when the resource does, and with `undefined` when it is refused or gone. */
export function resourceWatch(options: {
  look: (uri: string) => Promise<string | undefined>
  notify: (uri: string) => void
  /** Calls `turn` again and again until the returned function is called. */
  every?: (turn: () => void, ms: number) => () => void
}): ResourceWatch {
  const { look, notify, every = repeating } = options
  const seen = new Map<string, string>()
  let end: (() => void) | undefined
  let isLooking = false

  async function turn(): Promise<void> {
    if (isLooking) return
    isLooking = true
    for (const [uri, before] of seen) {
      const now = await look(uri)
      if (!seen.has(uri) || now === before) continue
      if (now === undefined) seen.delete(uri)
      else seen.set(uri, now)
      notify(uri)
    }
    isLooking = false
  }

  return {
    async add(uri) {
      if (seen.has(uri)) return true
      if (seen.size >= MOST) return false
      const first = await look(uri)
      if (first === undefined || seen.size >= MOST) return false
      seen.set(uri, first)
      end ??= every(() => void turn(), EVERY_MS)
      return true
    },
    remove: (uri) => void seen.delete(uri),
    close() {
      end?.()
      end = undefined
      seen.clear()
    },
  }
}

function repeating(turn: () => void, ms: number): () => void {
  const timer = setInterval(turn, ms)
  timer.unref()
  return () => clearInterval(timer)
}
