// The containers ended in every way, under load: SIGTERM drains, kill -9 loses no acknowledged record, and restarts leave nothing behind.
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type Outcome } from '@hardened-mcp/testkit/clients'
import { SITE } from '../demo/site.ts'
import { daemonFiles, leftovers, type Picture, takePicture } from './leftovers.ts'
import { auditFolder, endOf, openCalls, recordsOf, startLoad, verified } from './load.ts'
import { container, docker, inspect, isHealthy, prepare, run, RUNTIMES, trustGateway, until } from './machine.ts'
import { openStage, type Server, SERVERS, type Stage } from './stage.ts'

/** Under each runtime, a third of each server at the same time, by SIGTERM and SIGKILL in turns. */
const RESTARTS = Math.ceil(Number(process.env['RESTARTS'] ?? 3) / SERVERS.length) * SERVERS.length
const BYTES_PER_RESTART = 4_096 // of audit: the start, the call and its caller
const HEALTH_MS = 120_000
const HEARD_MS = 50_000 // until callers of a dead container hear of it and are answered again; ten times what it takes
const DRAIN_MS = 10_000
const NOISE_MS = 2_000 // until the signal is there and until Docker has noted the end
const LOADED = 50 // answers before the end comes

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
const SHORT = ENDLESS.replace('FROM n)', 'FROM n LIMIT 3000000)')

type Flight = readonly [tool: string, args: Record<string, unknown>, end: RegExp]
/** In flight when SIGTERM comes: what can end in time is answered, and what cannot is refused with a code. */
const IN_FLIGHT: Readonly<Record<Server, readonly Flight[]>> = {
  'db-query': [
    ['query_sql', { sql: SHORT }, /^answered$/],
    ['query_sql', { sql: ENDLESS }, /^(busy|timeout)$/],
    ['query_sql', { sql: ENDLESS }, /^(busy|timeout)$/],
  ],
  file: [['search_content', { path: '.', pattern: '(a+)+$' }, /^answered$/]],
  fetch: [['fetch_url', { url: `https://${SITE}/slow` }, /^(busy|timeout)$/]],
}

for (const runtime of RUNTIMES) {
  suite(`the end of a container under ${runtime}`, { timeout: 3_600_000 }, () => {
    let stage: Stage
    const healthy = (server: Server) => until(`${server} is healthy`, HEALTH_MS, () => isHealthy(server))
    const oneCall = async (server: Server) => {
      const client = await connect('v2-2026-07-28', { url: stage.url(server), key: stage.keys[server] })
      await client.tools()
      await client.close()
    }

    before(
      async () => {
        await prepare()
        stage = await openStage(runtime)
        trustGateway()
        for (const server of SERVERS) await until('its key is known', HEALTH_MS, () => oneCall(server).then(() => true, () => false)) // biome-ignore format: one line
      },
      { timeout: 900_000 },
    )
    after(() => stage.close())

    suite('SIGTERM under load', { concurrency: true }, () => {
      for (const server of SERVERS)
        test(`${server} drains within ten seconds, and every call in flight has its end`, async (t) => {
          const client = await connect('v2-2026-07-28', { url: stage.url(server), key: stage.keys[server] })
          const begun = () => recordsOf(server).filter(({ type }) => type === 'tool_call.request').length
          const [flights, earlier] = [IN_FLIGHT[server], begun()]
          const calls: Promise<Outcome>[] = []
          for (const [tool, args] of flights) {
            calls.push(client.call(tool, args))
            await until('the call is begun', 30_000, async () => begun() === earlier + calls.length)
          }
          const toldMs = Date.now()
          const stopped = docker('stop', '-t', '12', container(server))
          try {
            const ends = (await Promise.all(calls)).map(endOf)
            for (const [at, end] of ends.entries()) assert.match(end, flights[at]?.[2] as RegExp)
            await stopped
            const { ExitCode: code, FinishedAt: at } = await inspect<{ ExitCode: number; FinishedAt: string }>(server, '.State') // biome-ignore format: one line
            assert.equal(code, 0)
            assert.ok(Date.parse(at) - toldMs < DRAIN_MS + NOISE_MS, `${Date.parse(at) - toldMs} ms`)
            await client.close()
            assert.deepEqual(openCalls(server), [])
            assert.equal(await verified(server), 0)
            t.diagnostic(`${Date.parse(at) - toldMs} ms; ${ends.join(' ')}`)
          } finally {
            await stopped
            await docker('start', container(server))
            await healthy(server)
          }
        })
    })

    for (const victim of ['container', 'front', 'worker'] as const) {
      suite(`kill -9 of the ${victim} under load`, { concurrency: true }, () => {
        for (const server of ['db-query', 'file'] as const)
          test(`${server} loses no acknowledged record, and is healthy again by itself`, async (t) => {
            const load = startLoad(stage, server)
            const answers = async (more: number, withinMs: number) => {
              const enough = load.answered() + more
              await until('the callers are answered', withinMs, async () => load.answered() >= enough)
            }
            try {
              await answers(LOADED, HEALTH_MS)
              const restarts = await inspect<number>(server, '.RestartCount')
              if (victim === 'container') process.kill(await inspect<number>(server, '.State.Pid'), 'SIGKILL')
              else await killInside(server, victim)
              if (victim !== 'worker')
                await until('it was restarted', HEALTH_MS, async () => (await inspect<number>(server, '.RestartCount')) > restarts) // biome-ignore format: one line
              await healthy(server)
              await answers(LOADED, HEARD_MS)
            } finally {
              assert.deepEqual(await load.stop(), [])
            }
            t.diagnostic(`${load.answered()} answers, each on record`)
            assert.equal(await verified(server), 0)
          })
      })
    }

    test(`${RESTARTS} restarts leave nothing behind`, async (t) => {
      for (const server of SERVERS) await docker('restart', '-t', '12', container(server)) // the first one makes what stays
      for (const server of SERVERS) await healthy(server)
      const changes = () => Promise.all(SERVERS.map((server) => docker('diff', container(server)))) // the places of its mounts
      const [before, files, bytes, written] = [await settled(), daemonFiles(), auditBytes(), await changes()]
      const fromMs = Date.now()
      const restarts = async (server: Server, turn: number) => {
        for (let restart = 0; restart < RESTARTS / SERVERS.length; restart += 1) {
          if ((restart + turn) % 2 === 0) await docker('restart', '-t', '12', container(server))
          else {
            await docker('kill', '-s', 'KILL', container(server))
            await docker('start', container(server))
          }
          await healthy(server)
          await oneCall(server)
        }
      }
      await Promise.all(SERVERS.map(restarts))
      t.diagnostic(`${((Date.now() - fromMs) / RESTARTS).toFixed(0)} ms each`)
      assert.deepEqual(leftovers(before, await settled(before)), [])
      const [more, grown] = [daemonFiles() - files, auditBytes() - bytes]
      assert.ok(more < 10, `${more} open files of the daemon more`)
      assert.ok(grown > 0 && grown < RESTARTS * BYTES_PER_RESTART, `${grown} bytes of audit`)
      assert.deepEqual((await changes()).map(sorted), written.map(sorted))
      for (const server of SERVERS) assert.equal(await verified(server), 0)
    })
  })
}

const sorted = (text: string) => text.split('\n').sort()

const auditBytes = () =>
  SERVERS.reduce((sum, server) => sum + statSync(join(auditFolder(server), 'slot-0.jsonl')).size, 0)

/** A picture that is like `wanted`, or two alike in a row; after a minute and a half whatever is there. */
async function settled(wanted?: Picture): Promise<Picture> {
  let picture = await takePicture()
  for (const end = Date.now() + 90_000; Date.now() < end; ) {
    if (wanted !== undefined && leftovers(wanted, picture).length === 0) return picture
    await delay(1_000)
    const next = await takePicture()
    if (wanted === undefined && leftovers(picture, next).length + leftovers(next, picture).length === 0) return next
    picture = next
  }
  return picture
}

/** Ends the front or one worker from inside, where their process ids are known under gVisor too. */
async function killInside(server: Server, victim: 'front' | 'worker'): Promise<void> {
  const script = `const fs = require('node:fs')
    const command = (pid) => { try { return fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8') } catch { return '' } }
    const pid = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).find((name) => Number(name) !== process.pid && command(name).includes('/${victim}.js'))
    process.kill(Number(pid), 'SIGKILL')`
  await run('/usr/bin/docker', ['exec', container(server), '/nodejs/bin/node', '-e', script]) // without the front this container ends, and the script with it
}
