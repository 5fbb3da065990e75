// Edition 2026-07-28 over stdio: the library answers `subscriptions/listen` itself, so what it names is overheard here and watched.
import type { Principal } from '@hardened-mcp/security-core'
import { z } from 'zod'
import type { ResourceRegistry } from './resource-registry.ts'
import { type ResourceWatch, resourceWatch } from './resource-watch.ts'

export type Watching = Readonly<{
  /** `server` sends what is told; the library passes it on to those subscriptions that asked for it. */
  begin(resources: ResourceRegistry, server: Telling): void
  /** Every message of the client, before it is served. */
  hear(message: unknown): void
  end(): void
}>

type Telling = Readonly<{ sendResourceUpdated(params: { uri: string }): Promise<void> }>

// Over HTTP a subscription is acknowledged, completed at once and holds no place. With 0 it would be refused, which the
// specification does not foresee. Over stdio what it names is watched.
export const MOST_SUBSCRIPTIONS = 8

const id = z.union([z.string(), z.number()])
const LISTEN = z.looseObject({
  id,
  method: z.literal('subscriptions/listen'),
  params: z.looseObject({ notifications: z.looseObject({ resourceSubscriptions: z.array(z.string()) }) }),
})
const CANCEL = z.looseObject({
  method: z.literal('notifications/cancelled'),
  params: z.looseObject({ requestId: id }),
})

export function listening(caller: Principal): Watching {
  const gone = new AbortController()
  const wanted = new Map<string | number, readonly string[]>()
  let watch: ResourceWatch | undefined
  const add = (uri: string) => void watch?.add(uri).catch(() => false)
  return {
    begin(resources, server) {
      watch = resourceWatch({
        look: async (uri) => resources.state?.({ uri, caller, stop: gone.signal }),
        notify: (uri) => void server.sendResourceUpdated({ uri }).catch(() => undefined), // the client has just gone
      })
      for (const uri of [...wanted.values()].flat()) add(uri) // named by the very first message
    },
    hear(message) {
      const asked = LISTEN.safeParse(message)
      if (asked.success) {
        if (wanted.size >= MOST_SUBSCRIPTIONS) return // the library refuses it
        const uris = asked.data.params.notifications.resourceSubscriptions.slice(0, MOST_SUBSCRIPTIONS)
        wanted.set(asked.data.id, uris)
        // What may not be seen is not watched, and never told of: the library has acknowledged it all the same.
        for (const uri of uris) queueMicrotask(() => add(uri))
        return
      }
      const ended = CANCEL.safeParse(message)
      if (!ended.success) return
      const given = wanted.get(ended.data.params.requestId) ?? []
      wanted.delete(ended.data.params.requestId)
      const others = new Set([...wanted.values()].flat())
      for (const uri of given) if (!others.has(uri)) watch?.remove(uri)
    },
    end() {
      gone.abort()
      watch?.close()
    },
  }
}
