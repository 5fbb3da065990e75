// Both sides of the header list: what callers need passes, what routes, frames or unlocks never does, whoever lists it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { callerHeaders, mayBeListed } from './caller-headers.ts'

const ruling = (given: Record<string, string>, listed: readonly string[] = []) => callerHeaders(listed)(given).verdict

suite('callerHeaders()', () => {
  const rows: readonly (readonly [name: string, given: Record<string, string>, expected: string])[] = [
    ['nothing', {}, 'allow'],
    ['a language', { 'Accept-Language': 'de, en;q=0.5' }, 'allow'],
    ['a type', { accept: 'application/vnd.api+json' }, 'allow'],
    ['a listed one', { 'x-api-version': '2' }, 'allow'],
    ['an empty value', { 'x-api-version': '' }, 'allow'],
    ['one that is not listed', { 'x-other': '1' }, 'deny'],
    ['the host', { host: '169.254.169.254' }, 'deny'],
    ['the key of a metadata service', { 'Metadata-Flavor': 'Google' }, 'deny'],
    ['another address for the caller', { 'x-forwarded-for': '127.0.0.1' }, 'deny'],
    ['another path', { 'x-original-url': '/admin' }, 'deny'],
    ['another method', { 'x-http-method-override': 'DELETE' }, 'deny'],
    ['a second length', { 'content-length': '0' }, 'deny'],
    ['a line end', { accept: 'a\r\nx: y' }, 'deny'],
    ['a space at the end', { accept: 'a ' }, 'deny'],
    ['letters beyond ASCII', { accept: 'ä' }, 'deny'],
    ['the same name in two cases', { accept: 'a', Accept: 'b' }, 'deny'],
    ['a name that is none', { 'x y': '1' }, 'deny'],
  ]
  for (const [name, given, expected] of rows)
    test(`${name}: ${expected}`, () =>
      assert.equal(ruling(given, ['x-api-version', 'host', 'metadata-flavor']), expected))

  test('an operator may list ordinary names and credentials, and nothing that routes or frames', () => {
    for (const name of ['x-api-version', 'authorization', 'cookie', 'x-requested-with']) assert.ok(mayBeListed(name))
    for (const name of ['host', 'Host', 'connection', 'proxy-authorization', 'te', 'upgrade', 'x-forwarded-host', ''])
      assert.ok(!mayBeListed(name), name)
  })
})
