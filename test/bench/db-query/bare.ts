// The yardstick: the same query in process with better-sqlite3 behind a bare SDK server, over stdio or (with a port) HTTP.
import { createServer } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import Database from 'better-sqlite3'
import { z } from 'zod'

const [file = '', kind = 'stdio'] = process.argv.slice(2)
const db = new Database(file, { readonly: true })

function bare(): McpServer {
  const server = new McpServer({ name: 'bare', version: '1.0.0' })
  server.registerTool(
    'query_sql',
    { inputSchema: { sql: z.string(), params: z.array(z.unknown()).optional(), max_rows: z.number().optional() } },
    ({ sql, params = [] }) => {
      const rows = db
        .prepare<unknown[], unknown[]>(sql)
        .raw(true)
        .all(...params)
      const answer = { rows, row_count: rows.length }
      return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: answer }
    },
  )
  return server
}

if (kind === 'stdio') await bare().connect(new StdioServerTransport())
else {
  const http = createServer((request, response) => {
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    void bare()
      .connect(transport as never)
      .then(() => transport.handleRequest(request, response))
  })
  http.listen(0, '127.0.0.1', () => {
    const address = http.address()
    process.stdout.write(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/\n`)
  })
}
