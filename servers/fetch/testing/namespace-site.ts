// The far end of the wire: a site and a name server on public addresses, as hostile as names and redirects can be.
import { readFileSync } from 'node:fs'
import { hostileSite, type Play, reply } from '../../../packages/host/src/outbound/testing/hostile-site.ts'
import { nameServer, type Records } from '../../../packages/host/src/outbound/testing/name-server.ts'
import { NAMES_V4, SITE_V4, SITE_V6 } from './namespace-scenario.ts'

const PLAIN = { 'content-type': 'text/plain' }
const to = (location: string): Play => reply(302, { location })
const plays: Readonly<Record<string, Play>> = {
  '/': reply(200, PLAIN, 'public'),
  '/loopback': to('https://127.0.0.1/'),
  '/mapped': to('https://[::ffff:7f00:1]/'),
  '/metadata': to('https://169.254.169.254/latest/meta-data/'),
  '/private': to('https://10.0.0.5/'),
  '/decimal': to('https://2130706433/'),
  '/name': to('https://loopback.example.com/'),
  '/http': to('http://good.example.com/'),
  '/robots.txt': (socket, request) =>
    (/host: robots\./i.test(request) ? to('https://127.0.0.1/') : reply(404, PLAIN))(socket, request),
}

const identity = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as { cert: string; key: string }
const both: Records = { addresses: [SITE_V4, SITE_V6] }
await nameServer(
  {
    'good.example.com': both,
    'turn.example.com': both,
    'robots.example.com': both,
    'six.example.com': { addresses: [SITE_V6] },
    // Every second answer is loopback: between two look-ups of one call as well as between two calls.
    'rebind.example.com': (asked) => ({ addresses: [asked % 2 === 0 ? SITE_V4 : '127.0.0.1'] }),
    'loopback.example.com': { addresses: ['127.0.0.1'] },
    'loopback6.example.com': { addresses: ['::1'] },
    'mapped.example.com': { addresses: ['::ffff:127.0.0.1'] },
    'private.example.com': { addresses: ['10.0.0.5'] },
    'metadata.example.com': { addresses: ['169.254.169.254'] },
    'azure.example.com': { addresses: ['168.63.129.16'] },
    'own.example.com': { addresses: ['93.184.216.2'] },
    'mixed.example.com': { addresses: [SITE_V4, '127.0.0.1'] },
    'mixed6.example.com': { addresses: [SITE_V4, '::1'] },
    'alias.example.com': { cname: 'inside.example.net', addresses: ['192.168.1.1'] },
    'many.example.com': {
      addresses: [...Array.from({ length: 20 }, (_, i) => `93.184.216.${i + 100}`), '100.100.100.200'],
    },
  },
  NAMES_V4,
  53,
)
await hostileSite(identity, plays, SITE_V4, 443)
await hostileSite(identity, plays, SITE_V6, 443)
process.stdout.write('ready\n')
