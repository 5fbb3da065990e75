// Proves that a resource is nothing but another name for a tool call: same rights, same call, same refusal.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Principal, principal } from '@hardened-mcp/security-core'
import type { ResourceViews } from '../define-server.ts'
import type { CallParams, Registry, ToolCallResult, ToolListing } from './registry.ts'
import { resourceRegistry } from './resource-registry.ts'

const reader = principal({ id: 'k_1', tenant: 'acme', auth: 'api_key', can: ['tool:read_only'] })
const stranger = principal({ id: 'k_2', tenant: 'acme', auth: 'api_key', can: [] })
const stop = new AbortController().signal

const calls: CallParams[] = []
const registry: Pick<Registry, 'list' | 'call'> = {
  list: (caller: Principal) => (caller.can.has('tool:read_only') ? [{ name: 'read_note' } as ToolListing] : []),
  async call(params): Promise<ToolCallResult | undefined> {
    calls.push(params)
    if (!params.caller.can.has('tool:read_only')) return undefined
    const structuredContent = params.arguments as Record<string, unknown>
    const content = [{ type: 'text', text: JSON.stringify(structuredContent) }] as const
    return structuredContent['name'] === 'secret'
      ? { content, structuredContent: { error: {} }, isError: true }
      : { content, structuredContent }
  },
}
const views: ResourceViews = {
  listed: [{ uri: 'note://first', name: 'first', description: 'A note', mimeType: 'application/json' }],
  templates: [{ uriTemplate: 'note://{name}', name: 'note', description: 'Any note', mimeType: 'text/plain' }],
  resolve(uri) {
    const [, name] = /^note:\/\/(\w+)$/.exec(uri) ?? []
    return name === undefined ? undefined : { tool: 'read_note', arguments: { name, text: `text of ${name}` } }
  },
}
const { list, templates, read } = resourceRegistry(registry, views)

suite('resourceRegistry()', () => {
  test('lists what the caller may call, and nothing for one who may not', () => {
    assert.deepEqual(list(reader), views.listed)
    assert.deepEqual(templates(reader), views.templates)
    assert.deepEqual(list(stranger), [])
    assert.deepEqual(templates(stranger), [])
  })

  test('keeps the names of another tenant to itself', () => {
    const only = { shownTo: ({ tenant }: { tenant: string }) => tenant === 'globex' }
    const theirs = { ...views, listed: views.listed.map((view) => ({ ...view, ...only })), templates: views.templates.map((view) => ({ ...view, ...only })) } // biome-ignore format: one value
    const named = resourceRegistry(registry, theirs)
    const globex = principal({ id: 'k_3', tenant: 'globex', auth: 'api_key', can: ['tool:read_only'] })
    assert.deepEqual([named.list(reader), named.templates(reader)], [[], []])
    assert.deepEqual([named.list(globex), named.templates(globex)], [views.listed, views.templates]) // and says nothing of the rule
  })

  test('reads by the tool call that the URI stands for, with the caller and the stop of the request', async () => {
    const content = await read({ uri: 'note://first', caller: reader, stop, trace: 'trace' })
    assert.deepEqual(content, {
      uri: 'note://first',
      mimeType: 'application/json',
      text: '{"name":"first","text":"text of first"}',
    })
    assert.deepEqual(calls.at(-1), {
      name: 'read_note',
      arguments: { name: 'first', text: 'text of first' },
      caller: reader,
      stop,
      trace: 'trace',
    })
  })

  test('shows one field where the server says so', async () => {
    const { read: readText } = resourceRegistry(registry, { ...views, textField: 'text' })
    const content = await readText({ uri: 'note://other', caller: reader, stop })
    assert.deepEqual(content, { uri: 'note://other', mimeType: 'text/plain', text: 'text of other' })
  })

  for (const [name, uri, caller] of [
    ['a URI of another scheme', 'file:///etc/passwd', reader],
    ['an over-long URI', `note://${'a'.repeat(4_096)}`, reader],
    ['what the tool refuses', 'note://secret', reader],
    ['anything, for a caller without the tool', 'note://first', stranger],
  ] as const) {
    test(`answers nothing for ${name}`, async () => assert.equal(await read({ uri, caller, stop }), undefined))
  }
})
