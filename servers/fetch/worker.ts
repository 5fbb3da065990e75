// The process that may dial out: takes operations from the front and answers with pages as text.
import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { serveOperations } from '@hardened-mcp/host/worker'
import { fetchExecutor } from './executor.ts'
import { resources } from './resources.ts'

await serveOperations((granted) => {
  const { ca_file: file } = resources.parse(granted)
  if (file !== undefined) setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')])
  return fetchExecutor(granted)
})
