// The process that may dial out: takes operations from the front and answers with pages as text.
import { serveOperations } from '@hardened-mcp/host/worker'
import { fetchExecutor } from './executor.ts'

await serveOperations((granted) => fetchExecutor(granted))
