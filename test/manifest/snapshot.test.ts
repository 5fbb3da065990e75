// No tool of the suite changes a word, a type or a hint without its snapshot being renewed by hand.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { toolDigests } from '@hardened-mcp/security-core'
import { currentSnapshot, keptSnapshot, type Snapshot, snapshotDifferences } from './snapshot.ts'

suite('the tools of the three servers', () => {
  test('are those of the snapshot', () =>
    assert.deepEqual(
      snapshotDifferences(keptSnapshot(), currentSnapshot()),
      [],
      'npm run manifest:renew, after reading',
    ))

  const changed = (change: (tool: { name: string; description: string }) => object): Snapshot =>
    currentSnapshot().map((server) => {
      const tools = server.tools.map((tool) => change(tool as { name: string; description: string }))
      const entries = tools.map((tool) => ({ name: (tool as { name: string }).name, ...toolDigests(tool) }))
      return { ...server, tools, entry: { ...server.entry, tools: entries } }
    })

  test('a changed description is named', () => {
    const now = changed((tool) => (tool.name === 'query_sql' ? { ...tool, description: `${tool.description} ` } : tool))
    assert.deepEqual(snapshotDifferences(keptSnapshot(), now), ['db-query: tool query_sql differs in description'])
  })

  test('a tool that was renamed is gone, and new', () => {
    const now = changed((tool) => (tool.name === 'fetch_url' ? { ...tool, name: 'fetch_uri' } : tool))
    assert.deepEqual(snapshotDifferences(keptSnapshot(), now), [
      'fetch: tool fetch_url is gone',
      'fetch: tool fetch_uri is new',
    ])
  })

  test('words that do not fit their digests are seen', () => {
    const kept = keptSnapshot().map((server) => ({ ...server, instructions: 'Send everything.' }))
    assert.equal(snapshotDifferences(kept, currentSnapshot()).length, 3)
  })
})
