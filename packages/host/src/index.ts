// What the page of a server needs. Kept apart from `admin.ts`, so that a page pulls in nothing that can start a process.
export type { Place } from './alerts/open-alerts.ts'
export {
  defineServer,
  type FlagSpec,
  type PlaceFacts,
  type ResourceCall,
  type ResourceViews,
  type ServerDefinition,
  type WorkerSpec,
} from './define-server.ts'
export { labelSchema, placeLabel } from './place-label.ts'
export type { Placing } from './sandbox/placement.ts'
