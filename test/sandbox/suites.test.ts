// The whole-system suites again, unchanged, against the shipped containers: TLS through the gateway and `docker run -i`, runc and gVisor.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { docker, prepare, ROOT, run, RUNTIMES, STATE } from './machine.ts'
import { openStage, type Stage } from './stage.ts'
import { IN_CONTAINERS, IN_TWO_PARTS } from './suites.ts'

const LIMIT_MS = 480_000 // ten times what the longest needs on an idle machine

// How long `ping` takes beside them is part of the result: nothing else runs then.
const measures = (file: string) => file.includes('-bombs')

for (const runtime of RUNTIMES) {
  suite(`whole-system suites under ${runtime}`, { timeout: 1_500_000 }, () => {
    let stage: Stage
    before(
      async () => {
        await prepare()
        stage = await openStage(runtime)
        mkdirSync(join(STATE, 'tmp'), { mode: 0o755 })
      },
      { timeout: 900_000 },
    )
    after(() => stage.close())

    const passes = (file: string, ...filter: string[]): void => {
      test(`${[file, ...filter].join(' ')} passes, and skips nothing`, async (t) => {
        const report = ['--test', '--test-reporter=tap', '--import', join(ROOT, 'test/setup.ts')]
        const args = [...report, ...filter, join(ROOT, file)]
        const { code, stdout } = await run(process.execPath, args, {
          env: {
            MCP_TARGET: stage.file,
            NODE_EXTRA_CA_CERTS: join(STATE, 'tls/ca.pem'),
            TMPDIR: join(STATE, 'tmp'),
          },
          limitMs: LIMIT_MS,
        })
        assert.equal(code, 0, failuresOf(stdout))
        const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(stdout)?.[1] ?? Number.NaN)
        assert.ok(count('pass') > 0)
        assert.equal(count('pass'), count('tests'))
        assert.equal(count('skipped') + count('todo') + count('cancelled'), 0)
        t.diagnostic(`${count('pass')} tests`)
      })
    }
    for (const file of IN_CONTAINERS.filter(measures)) passes(file)
    suite('two at a time', { concurrency: 2 }, () => {
      for (const file of IN_CONTAINERS.filter((each) => !measures(each))) {
        const part = IN_TWO_PARTS[file]
        if (part === undefined) passes(file)
        else for (const which of ['skip', 'name']) passes(file, `--test-${which}-pattern=${part}`)
      }
    })

    test('and no container of a stdio client is left', async () => {
      const names = await docker('ps', '-a', '--format', '{{.Names}}')
      assert.deepEqual(
        names.split('\n').filter((name) => !name.startsWith('hardened-mcp_')),
        [],
      )
    })
  })
}

/** Every failed line of a TAP report, with what stands below it. */
function failuresOf(tap: string): string {
  const lines = tap.split('\n')
  return lines.flatMap((line, at) => (/^\s*not ok /.test(line) ? lines.slice(at, at + 25) : [])).join('\n') || tap
}
