// Proves that whatever is logged, an event is one ASCII line that reads back as what was logged, and adds no key.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { HOSTILE_TEXTS } from '@hardened-mcp/testkit'
import fc from 'fast-check'
import { type LogFields, operationalLog } from './log.ts'

function logged(event: string, fields?: LogFields): { line: string; read: Record<string, unknown> } {
  const lines: string[] = []
  operationalLog({ name: 'test', level: 'info', write: (line) => lines.push(line) }).warn(event, fields)
  assert.equal(lines.length, 1)
  const line = lines[0] as string
  assert.match(line, /^[ -~]+\n$/)
  return { line, read: JSON.parse(line) as Record<string, unknown> }
}

// As in the trail, long texts are cut, and the cut says how long they were.
const expected = (text: string) =>
  text.length <= 4_096 ? text : `${text.slice(0, 4_096)}...[cut, ${text.length} in all]`

suite('operationalLog()', () => {
  for (const [because, text] of HOSTILE_TEXTS)
    test(`${because}: one ASCII line that reads back equal, as event and in every field, at every level`, () => {
      const lines: string[] = []
      const log = operationalLog({ name: text, level: 'info', write: (line) => lines.push(line) })
      const names = Array.from({ length: 32 }, (_, at) => `field_${at}`)
      for (const level of ['info', 'warn', 'error'] as const)
        log[level](text, Object.fromEntries(names.map((name) => [name, text])))
      assert.equal(lines.length, 3)
      for (const [at, line] of lines.entries()) {
        assert.match(line, /^[ -~]+\n$/)
        const { time, ...read } = JSON.parse(line) as Record<string, unknown>
        assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
        const fields = Object.fromEntries(names.map((name) => [name, expected(text)]))
        const level = ['info', 'warn', 'error'][at]
        assert.deepEqual(read, { level, name: text, pid: process.pid, event: expected(text), fields })
      }
    })

  test('any text reads back equal', () => {
    const anyText = fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
      .map((units) => String.fromCharCode(...units))
    fc.assert(
      fc.property(anyText, anyText, (event, reason) => {
        const { read } = logged(event, { reason })
        assert.deepEqual([read['event'], read['fields']], [event, { reason }])
      }),
    )
  })

  test('fields cannot repeat or replace what the log says of itself', () => {
    const { line, read } = logged('worker_failed', {
      level: 'info',
      time: 'never',
      pid: 1,
      name: 'other',
      event: 'nothing',
      msg: 'x',
    })
    assert.equal(read['level'], 'warn')
    assert.equal(read['name'], 'test')
    assert.equal(read['event'], 'worker_failed')
    const outer = line.replace(/"fields":\{[^}]*\}/, '"fields":0')
    for (const key of ['level', 'time', 'pid', 'name', 'event', 'fields'])
      assert.equal(outer.split(`"${key}":`).length, 2)
  })

  test('takes no object, getter, toJSON or key of a caller into the line', () => {
    const trap = () => assert.fail('was called')
    const hostile = {
      reason: { toJSON: trap, toString: trap },
      list: [1, 2],
      fn: trap,
      big: 1n,
    } as unknown as LogFields
    assert.deepEqual(logged('e', hostile).read['fields'], {
      reason: '[object]',
      list: '[object]',
      fn: '[function]',
      big: '[bigint]',
    })
    assert.deepEqual(
      logged('e', JSON.parse('{"__proto__":"x","a b":1,"A":1,"\\n":1,"ok":1}') as LogFields).read['fields'],
      { ok: 1 },
    )
  })

  test('keeps flat values as they are', () => {
    const fields = { text: 'x', number: 1.5, yes: true, none: null, absent: undefined }
    assert.deepEqual(logged('e', fields).read['fields'], { text: 'x', number: 1.5, yes: true, none: null })
  })

  test('bounds texts and the number of fields', () => {
    const { read } = logged('e', { reason: 'x'.repeat(5_000) })
    assert.deepEqual(read['fields'], { reason: `${'x'.repeat(4_096)}...[cut, 5000 in all]` })
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, index]))
    assert.equal(Object.keys(logged('e', many).read['fields'] as object).length, 32)
  })

  test('drops what is below its level', () => {
    const lines: string[] = []
    const log = operationalLog({ name: 'test', level: 'error', write: (line) => lines.push(line) })
    log.info('a')
    log.warn('b')
    log.error('c')
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { event: string }).event),
      ['c'],
    )
  })

  test('writes to stderr and nothing to stdout, under the permission model, also right before the process exits', () => {
    const script = `
      import { operationalLog } from ${JSON.stringify(new URL('log.ts', import.meta.url).href)}
      const log = operationalLog({ name: 'child', level: 'info' })
      for (let index = 0; index < 50; index += 1) log.info('line', { index })
      process.exit(0)`
    const root = new URL('../../../', import.meta.url).pathname
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        '--permission',
        '--disable-warning=SecurityWarning',
        `--allow-fs-read=${root}`,
        '--input-type=module',
        '-e',
        script,
      ],
      { encoding: 'utf8', cwd: root },
    )
    assert.equal(status, 0)
    assert.equal(stdout, '')
    assert.deepEqual(
      stderr
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { fields: { index: number } }).fields.index),
      Array.from({ length: 50 }, (_, index) => index),
    )
  })

  test('a reader of stderr that goes away does not end the process', () => {
    const script = `
      import { operationalLog } from ${JSON.stringify(new URL('log.ts', import.meta.url).href)}
      const log = operationalLog({ name: 'child', level: 'info' })
      for (let index = 0; index < 50; index += 1) { log.info('line', { index }); await new Promise((done) => setTimeout(done, 2)) }
      console.log('alive')`
    const quoted = `'${script.replaceAll("'", `'\\''`)}'`
    const { stdout } = spawnSync(
      'sh',
      ['-c', `{ "$0" --input-type=module -e ${quoted} 2>&1 1>&3 | true; } 3>&1`, process.execPath],
      { encoding: 'utf8' },
    )
    assert.equal(stdout, 'alive\n')
  })
})
