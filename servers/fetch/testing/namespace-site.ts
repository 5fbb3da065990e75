// The far end of the wire: a site and a name server on public addresses, as hostile as names, redirects and answers can be.
import { readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { HOSTILE_ANSWERS } from '../../../packages/host/src/outbound/testing/hostile-answers.ts'
import { hostileSite, type Play, reply } from '../../../packages/host/src/outbound/testing/hostile-site.ts'
import { nameServer, type Records } from '../../../packages/host/src/outbound/testing/name-server.ts'
import { documentOf } from './document-of.ts'
import { NAMES_V4, OWN_V4, SITE_V4, SITE_V6 } from './namespace-wire.ts'
import { pdfOf } from './pdf-documents.ts'
import { sitePlays } from './site-plays.ts'

const PLAIN = { 'content-type': 'text/plain' }
const zeros = Buffer.alloc(8_000_000) // above the cap, and quick to pack
const packed = (coding: string, bytes: Buffer) => reply(200, { ...PLAIN, 'content-encoding': coding }, bytes)
const to = (location: string, status = 302): Play => reply(status, { location })
const asked = (request: string) => /^host: (?<label>[a-z0-9]+)/im.exec(request)?.groups?.['label'] ?? ''

const ROBOTS: Readonly<Record<string, Play>> = {
  robots: to('https://127.0.0.1/'),
  robots2: to('https://loopback.example.com/robots.txt'),
  robots3: reply(503, PLAIN),
  robots4: HOSTILE_ANSWERS['/trickle'],
  robots5: packed('gzip', gzipSync(zeros)),
  robots6: reply(403, PLAIN),
  robots7: reply(200, PLAIN, 'User-agent: *\nDisallow: /'),
}

// For the benchmark: a page of as many bytes as the query says, made once.
const documents = new Map<number, Play>()
const documentPlay: Play = (socket, request) => {
  const bytes = Number(/\?(\d{1,7})/.exec(request)?.[1] ?? 10_000)
  const play = documents.get(bytes) ?? reply(200, { 'content-type': 'text/html; charset=utf-8' }, documentOf(bytes))
  documents.set(bytes, play)
  play(socket, request)
}

const plays: Readonly<Record<string, Play>> = {
  ...sitePlays(() => 443),
  ...HOSTILE_ANSWERS,
  '/': reply(200, PLAIN, 'public'),
  '/doc': documentPlay,
  '/loopback': to('https://127.0.0.1/'),
  '/mapped': to('https://[::ffff:7f00:1]/'),
  '/metadata': to('https://169.254.169.254/latest/meta-data/'),
  '/private': to('https://10.0.0.5/'),
  '/decimal': to('https://2130706433/'),
  '/name': to('https://loopback.example.com/'),
  '/http': to('http://good.example.com/'),
  '/kept-loopback': to('https://127.0.0.1/', 307),
  '/kept-name': to('https://loopback.example.com/', 308),
  '/kept-here': to('/echo', 307),
  '/kept-elsewhere': to('https://good.example.com/echo', 307),
  '/see-other': to('/echo', 303),
  '/elsewhere': to('https://good.example.com/echo'),
  '/nul': to('https://good.example.com\u0000.127.0.0.1/'),
  '/far': to('/far2'),
  '/far2': to('https://six.example.com/far3'),
  '/far3': to('https://loopback6.example.com/'),
  '/document': reply(200, { 'content-type': 'application/pdf' }, pdfOf(['Hello'])),
  '/document-inside': to('https://private.example.com/document'),
  '/zstd-twice': packed('zstd, zstd', zstdCompressSync(zstdCompressSync(zeros))),
  '/zstd-gzip': packed('gzip, zstd', zstdCompressSync(gzipSync(zeros))),
  '/br-twice': packed('br, br', brotliCompressSync(brotliCompressSync(zeros))),
  '/gzip-br': packed('gzip, br', brotliCompressSync(gzipSync(zeros))),
  '/wrong-type': reply(200, { 'content-type': 'application/pdf' }, '<p>no PDF'),
  '/two-types': (socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-type: image/png\r\ncontent-length: 1\r\n\r\nx'),
  '/robots.txt': (socket, request) => (ROBOTS[asked(request)] ?? reply(404, PLAIN))(socket, request),
}

const both: Records = { addresses: [SITE_V4, SITE_V6] }
const names = ['good', 'turn', 'post', ...Object.keys(ROBOTS)]
// Every second answer is loopback: between two look-ups of one call as well as between two calls.
const rebinding = (count: number) => ({ addresses: [count % 2 === 0 ? SITE_V4 : '127.0.0.1'], ttl: 0 })

const identity = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as { cert: string; key: string }
await nameServer(
  {
    ...Object.fromEntries(names.map((name) => [`${name}.example.com`, both])),
    'six.example.com': { addresses: [SITE_V6] },
    'rebind.example.com': rebinding,
    'loopback.example.com': { addresses: ['127.0.0.1'] },
    'loopback6.example.com': { addresses: ['::1'] },
    'mapped.example.com': { addresses: ['::ffff:127.0.0.1'] },
    'private.example.com': { addresses: ['10.0.0.5'] },
    'metadata.example.com': { addresses: ['169.254.169.254'] },
    'azure.example.com': { addresses: ['168.63.129.16'] },
    'own.example.com': { addresses: [OWN_V4] },
    'mixed.example.com': { addresses: [SITE_V4, '127.0.0.1'] },
    'mixed6.example.com': { addresses: [SITE_V4, '::1'] },
    'alias.example.com': { cname: 'inside.example.net', addresses: ['192.168.1.1'] },
    'nat64.example.com': { addresses: ['64:ff9b::7f00:1'] },
    'sixtofour.example.com': { addresses: ['2002:7f00:1::'] },
    'many.example.com': {
      addresses: [...Array.from({ length: 20 }, (_, i) => `93.184.216.${i + 100}`), '100.100.100.200'],
    },
    'broken.example.com': { rcode: 2 },
    'silent.example.com': { silent: true },
  },
  NAMES_V4,
  53,
)
await hostileSite(identity, plays, SITE_V4, 443)
await hostileSite(identity, plays, SITE_V6, 443)
process.stdout.write('ready\n')
