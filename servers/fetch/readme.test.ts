// The page that operators read names every rule of a refusal, and every rule is one that a refusal can name.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sayUrlRule, URL_RULES } from '@hardened-mcp/security-core'

const RULES = [
  ...(['length', 'characters', 'scheme', 'authority', 'userinfo', 'host', 'address', 'port', 'method'] as const),
  ...(['path', 'header', 'not_allowed', 'redirect', 'robots'] as const),
] // public and stable: one may be added, none is renamed or removed

test('the README names the rules of refusals, all and no other', () => {
  const page = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const table = page.slice(page.indexOf('| rule |'), page.indexOf('## Markdown, compared'))
  const named = [...table.matchAll(/`\((\w+)\)`/g)].map(([, rule]) => rule ?? '')
  assert.deepEqual(named.toSorted(), RULES.toSorted())
  assert.deepEqual(Object.keys(URL_RULES).toSorted(), RULES.toSorted())
  for (const rule of RULES) assert.match(sayUrlRule(rule), new RegExp(`\\(${rule}\\): \\S`))
})
