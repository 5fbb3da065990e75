// The container's process: a proxy that listens where it is told, logs each connection on stderr, and ends when its tunnels have.
import { egressProxy } from '../../packages/host/src/outbound/egress-proxy.ts'
import { operationalLog } from '../../packages/host/src/log.ts'
import { settingsOf } from './settings.ts'

const EXIT_CONFIG = 78
const DRAIN_MS = 8_000 // docker stop waits for 12 seconds

const log = operationalLog({ name: 'egress-proxy', level: 'info' })

try {
  const { listen, ...settings } = settingsOf(process.argv.slice(2))
  const server = egressProxy({ ...settings, log: (level, event, fields) => log[level](event, fields) })
  const end = () => {
    server.close(() => process.exit(0))
    setTimeout(() => process.exit(0), DRAIN_MS).unref()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end)
  server.on('error', (error) => {
    log.error('egress.broken', { reason: error.message })
    process.exit(1)
  })
  server.listen(listen.port, listen.address, () => log.info('egress.serving', listen))
} catch (thrown) {
  const line = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown)
  process.stderr.write(`egress-proxy: ${line}\n`)
  process.exit(EXIT_CONFIG)
}
