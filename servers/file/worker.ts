// The process that holds the root directories. It understands the closed union of operations and nothing else.
import { serveOperations } from '@hardened-mcp/host/worker'
import { executor } from './executor.ts'

await serveOperations(executor)
