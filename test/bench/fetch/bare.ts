// The yardstick: Node's own fetch and a few lines of htmlparser2 behind a bare SDK server, over stdio. No check of any kind.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { Parser } from 'htmlparser2'
import { z } from 'zod'

const LINES = new Set('p div h1 h2 h3 h4 li tr pre br ul table'.split(' '))
const DROPPED = new Set(['script', 'style', 'nav', 'footer'])

function textOf(html: string): string {
  const parts: string[] = []
  let dropped = 0
  const parser = new Parser({
    onopentag(name) {
      if (DROPPED.has(name)) dropped += 1
      if (LINES.has(name)) parts.push('\n')
      if (name === 'li') parts.push('- ')
      if (/^h[1-6]$/.test(name)) parts.push(`${'#'.repeat(Number(name[1]))} `)
    },
    onclosetag(name) {
      if (DROPPED.has(name)) dropped -= 1
    },
    ontext(text) {
      if (dropped === 0) parts.push(text.replace(/\s+/g, ' '))
    },
  })
  parser.end(html)
  return parts.join('')
}

const server = new McpServer({ name: 'bare', version: '1.0.0' })
server.registerTool(
  'fetch_url',
  { inputSchema: { url: z.string(), start_index: z.number().default(0), max_length: z.number().default(20_000) } },
  async ({ url, start_index: start, max_length: length }) => {
    const answer = await fetch(url)
    const text = textOf(await answer.text()).slice(start, start + length)
    return { content: [{ type: 'text', text }] }
  },
)
await server.connect(new StdioServerTransport())
