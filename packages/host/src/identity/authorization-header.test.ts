// One well-formed Authorization field is read, and everything near it is refused.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { credentialOf } from './authorization-header.ts'

const longest = `Bearer ${'a'.repeat(8192 - 7)}`

suite('credentialOf()', () => {
  const good: readonly [string, 'bearer' | 'apikey' | 'dpop', string][] = [
    ['DPoP eyJ.eyJ.sig', 'dpop', 'eyJ.eyJ.sig'],
    ['dpop x', 'dpop', 'x'],
    ['Bearer mcp_abc-DEF', 'bearer', 'mcp_abc-DEF'],
    ['ApiKey mcp_abc', 'apikey', 'mcp_abc'],
    ['bearer x', 'bearer', 'x'],
    ['BEARER x', 'bearer', 'x'],
    ['apikey x', 'apikey', 'x'],
    ['APIKEY x', 'apikey', 'x'],
    ['Bearer eyJ.eyJ.sig_-', 'bearer', 'eyJ.eyJ.sig_-'],
    ['Bearer aA0._~+/-==', 'bearer', 'aA0._~+/-=='],
    [longest, 'bearer', longest.slice(7)],
  ]
  for (const [value, scheme, token] of good)
    test(`reads ${JSON.stringify(value.slice(0, 40))}`, () =>
      assert.deepEqual(credentialOf([value]), { scheme, token }))

  test('says missing only where there is no field at all', () => assert.equal(credentialOf([]), 'missing'))

  const bad: readonly [string, string][] = [
    ['', 'empty field'],
    ['Bearer', 'no token'],
    ['Bearer ', 'space and no token'],
    ['x', 'no scheme'],
    ['Bearer good extra', 'two tokens'],
    ['Bearer  x', 'two spaces'],
    ['Bearer\tx', 'tab'],
    ['Bearer x ', 'space after'],
    ['Bearer x\t', 'tab after'],
    ['Bearer x\n', 'line break after'],
    ['Bearer x\r\nX-Tenant: b', 'response splitting'],
    [' Bearer x', 'space before'],
    ['Basic dXNlcjpwYXNz', 'Basic'],
    ['DPo x', 'a shorter scheme'],
    ['DPoPx x', 'a scheme that goes on'],
    ['Token x', 'unknown scheme'],
    ['BearerX x', 'longer scheme'],
    ['Bearer: x', 'colon'],
    ['Bearer x, Bearer y', 'two credentials joined by a proxy'],
    ['Bearer x,', 'comma after'],
    ['Bearer =x', 'padding first'],
    ['Bearer =', 'padding only'],
    ['Bearer x=y', 'padding within'],
    ['Bearer "x"', 'quotes'],
    ['Bearer x;y', 'parameter'],
    ['Bearer x%20', 'percent'],
    ['Bearer é', 'outside ASCII'],
    ['ApiKe\u212a x', 'Kelvin sign for k'],
    ['Bearer x\0', 'NUL'],
    [`${longest}a`, 'one byte too long'],
    [`Bearer ${'a'.repeat(1_000_000)}=!`, 'very long'],
  ]
  for (const [value, because] of bad)
    test(`refuses: ${because}`, () => assert.equal(credentialOf([value]), 'malformed'))

  test('refuses two fields, even when they are equal', () => {
    assert.equal(credentialOf(['Bearer x', 'Bearer x']), 'malformed')
    assert.equal(credentialOf(['Bearer x', '']), 'malformed')
  })
})
