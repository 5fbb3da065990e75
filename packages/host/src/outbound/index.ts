// The public surface of the outbound guard, for workers and for the front's own requests.
export type { InternalHost } from './checked-addresses.ts'
export type { Dial } from './guarded-connector.ts'
export { insideHost } from './inside-host.ts'
export { jsonPost } from './json-post.ts'
export {
  type OutboundAnswer,
  type OutboundOptions,
  type OutboundRequest,
  type OutboundSession,
  outbound,
} from './outbound.ts'
export { readBounded } from './read-bounded.ts'
export { upstreamDenial } from './upstream-denial.ts'
