// The public surface of the host.
export { defineServer, type FlagSpec, type ServerDefinition, type WorkerSpec } from './define-server.ts'
