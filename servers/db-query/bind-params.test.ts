// What a caller hears when the values do not fit the parameters of its statement.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Denial } from '@hardened-mcp/security-core'
import { bindParams } from './bind-params.ts'
import { tokenScan } from './token-scan.ts'

type Params = Parameters<typeof bindParams>[1]

suite('bindParams()', () => {
  const rows: readonly (readonly [sql: string, params: Params, says: RegExp | undefined])[] = [
    ['SELECT ?', [1], undefined],
    ['SELECT ?1, ?1', [1], undefined],
    ['SELECT :x', { x: 1 }, undefined],
    ['SELECT ?', [], /Parameters in the statement: 1; values given: 0/],
    ['SELECT ?', [1, 2], /Parameters in the statement: 1; values given: 2/],
    ['SELECT ?, ?3', [1], /Parameters in the statement: 3; values given: 1/],
    ['SELECT ?', { x: 1 }, /Values for \? must be given as an array/],
    ['SELECT :x', { y: 1 }, /A named parameter of the statement has no value/],
    ['SELECT :x, @x', { x: 1 }, /must have different names/],
  ]
  for (const [sql, params, says] of rows)
    test(`${sql} with ${JSON.stringify(params)}: ${says === undefined ? 'is bound' : 'is refused'}`, () => {
      const bind = () => bindParams(tokenScan(sql), params)
      if (says === undefined) assert.doesNotThrow(bind)
      else
        assert.throws(
          bind,
          (thrown) => thrown instanceof Denial && thrown.code === 'invalid_input' && says.test(thrown.says),
        )
    })
})
