// The process that holds the root directories. It understands the closed union of operations and nothing else.
import { serveOperations } from '@hardened-mcp/host/worker'
import { executor } from './executor.ts'
import { isChange, type Operation } from './operations.ts'
import { resources } from './resources.ts'
import { openRoots } from './roots.ts'
import { writer } from './writer.ts'

await serveOperations((given) => {
  const roots = openRoots(resources.parse(given))
  const read = executor(given, roots)
  const change = writer(given, roots)
  return (operation, spend) => (isChange(operation as Operation) ? change : read)(operation, spend)
})
