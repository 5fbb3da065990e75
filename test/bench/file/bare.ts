// The yardstick: the same reads with no protection at all, straight from node:fs behind a bare SDK server.
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { z } from 'zod'

const [root = ''] = process.argv.slice(2)
const server = new McpServer({ name: 'bare', version: '1.0.0' })
const answer = (structuredContent: Record<string, unknown>) => ({
  content: [{ type: 'text' as const, text: JSON.stringify(structuredContent) }],
  structuredContent,
})

server.registerTool('read_text_file', { inputSchema: { path: z.string() } }, async ({ path }) => ({
  // Once: a file of 5 MB sent twice is more than the official client takes in one message.
  content: [{ type: 'text', text: await readFile(join(root, path), 'utf8') }],
}))
server.registerTool(
  'list_directory',
  { inputSchema: { path: z.string(), sizes: z.boolean().default(false) } },
  async ({ path, sizes }) => {
    const entries = await readdir(join(root, path), { withFileTypes: true })
    const rows = entries.map((entry) => ({ path: join(path, entry.name), type: entry.isFile() ? 'file' : 'directory' }))
    return answer({ entries: sizes ? await Promise.all(rows.map(async (row) => ({ ...row, size: (await lstat(join(root, row.path))).size }))) : rows }) // biome-ignore format: one row
  },
)
server.registerTool('search_files', { inputSchema: { path: z.string(), end: z.string() } }, async ({ path, end }) => {
  const entries = await readdir(join(root, path), { recursive: true })
  return answer({ entries: entries.filter((entry) => entry.endsWith(end)) })
})
await server.connect(new StdioServerTransport())
