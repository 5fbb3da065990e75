// What the test site answers, path by path: pages and types, codings and bombs, redirects of every kind.
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { flood, type Play, reply } from '../../../packages/host/src/outbound/testing/hostile-site.ts'

const HTML = { 'content-type': 'text/html; charset=utf-8' }
const PLAIN = { 'content-type': 'text/plain' }
const bomb = Buffer.alloc(100_000_000)

const to = (location: string): Play => reply(302, { location })

/** `otherPort` is asked when a redirect to the second site is played. */
export const sitePlays = (otherPort: () => number): Readonly<Record<string, Play>> => ({
  '/page': reply(200, HTML, '<title>T</title><h1>Hi</h1><p hidden>x</p><p>Grüße <a href="b">b</a>'),
  '/json': reply(200, { 'content-type': 'application/json' }, '{"a":[1,2]}'),
  '/problem': reply(500, { 'content-type': 'application/problem+json' }, '{"title":"no"}'),
  '/plain': reply(200, PLAIN, 'a <b> c'),
  '/feed': reply(200, { 'content-type': 'application/atom+xml' }, '<feed/>'),
  '/missing': reply(404, HTML, '<p>not here'),
  '/empty-error': reply(503, HTML),
  '/empty': reply(204, HTML),
  '/svg': reply(200, { 'content-type': 'image/svg+xml' }, '<svg/>'),
  '/svg-as-application': reply(200, { 'content-type': 'application/svg+xml' }, '<svg/>'),
  '/png': reply(200, { 'content-type': 'image/png' }, 'x'),
  '/binary': reply(200, { 'content-type': 'application/octet-stream' }, 'x'),
  '/untyped': reply(200, {}, 'x'),
  '/latin': reply(200, { 'content-type': 'text/html; charset=iso-8859-1' }, Buffer.from('<p>Gr\xfc\xdfe', 'latin1')),
  '/meta-charset': reply(
    200,
    { 'content-type': 'text/html' },
    Buffer.from('<meta charset="windows-1252"><p>\x80 Gr\xfc\xdfe', 'latin1'),
  ),
  '/shift-jis': reply(200, { 'content-type': 'text/html; charset=shift_jis' }, Buffer.from([0x93, 0xfa, 0x96, 0x7b])),
  '/utf7': reply(200, { 'content-type': 'text/html; charset=utf-7' }, '+ADw-script+AD4-'),
  '/gzip': reply(200, { ...PLAIN, 'content-encoding': 'gzip' }, gzipSync('packed')),
  '/br': reply(200, { ...PLAIN, 'content-encoding': 'br' }, brotliCompressSync('packed')),
  '/twice': reply(200, { ...PLAIN, 'content-encoding': 'gzip, br' }, brotliCompressSync(gzipSync('packed'))),
  '/thrice': reply(200, { ...PLAIN, 'content-encoding': 'gzip, gzip, gzip' }, gzipSync(gzipSync(gzipSync('packed')))),
  '/zstd': reply(200, { ...PLAIN, 'content-encoding': 'zstd' }, zstdCompressSync(bomb)),
  '/unknown-coding': reply(200, { ...PLAIN, 'content-encoding': 'compress' }, 'x'),
  '/broken-gzip': reply(200, { ...PLAIN, 'content-encoding': 'gzip' }, gzipSync('packed').subarray(0, 12)),
  '/bomb-gzip': reply(200, { ...PLAIN, 'content-encoding': 'gzip' }, gzipSync(bomb)),
  '/bomb-br': reply(200, { ...PLAIN, 'content-encoding': 'br' }, brotliCompressSync(bomb)),
  '/bomb-twice': reply(200, { ...PLAIN, 'content-encoding': 'gzip, gzip' }, gzipSync(gzipSync(bomb))),
  '/endless': flood('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n', Buffer.alloc(65_536, 97)),
  '/trickle': flood('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n', 'a', 40),
  '/drip': flood(
    'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n',
    '1\r\na\r\n'.repeat(1_000),
  ),
  '/to-page': to('/page'),
  '/to-relative': to('page?x#y'),
  '/to-other': (socket, request) => to(`https://other.corp:${otherPort()}/`)(socket, request),
  '/to-http': to('http://site.corp/page'),
  '/to-loopback': to('https://127.0.0.1/'),
  '/to-decimal': to('https://2130706433/'),
  '/to-mapped': to('https://[::ffff:7f00:1]/'),
  '/to-metadata': to('https://169.254.169.254/latest/meta-data/'),
  '/to-meta-name': to('https://metadata.google.internal/'),
  '/to-rebind': to('https://rebind.example.com/'),
  '/to-user': to('https://site.corp@evil.com/'),
  '/to-backslash': to('https:\\\\evil.com'),
  '/to-slash-backslash': to('/\\evil.com'),
  '/to-one-slash': to('https:/evil.com/'),
  '/to-no-slash': to('https:evil.com'),
  '/to-file': to('file:///etc/passwd'),
  '/to-data': to('data:text/html,x'),
  '/to-tab': to('/pa\tge'),
  '/to-port': (socket, request) => to(`https://site.corp:${otherPort()}/`)(socket, request),
  '/to-scheme-relative': to('//127.0.0.1/'),
  '/loop': to('/loop'),
  '/chain': (socket, request) => {
    const left = Number(/\?(\d+)/.exec(request)?.[1])
    to(left > 1 ? `/chain?${left - 1}` : '/page')(socket, request)
  },
  '/two-locations': (socket) =>
    socket.write('HTTP/1.1 302 X\r\nlocation: /page\r\nlocation: /json\r\ncontent-length: 0\r\n\r\n'),
  '/no-location': reply(302, HTML, 'nowhere'),
  '/long': reply(200, PLAIN, `${'0123456789'.repeat(4_000)}end`),
  '/emoji': reply(200, PLAIN, '😀'.repeat(30_000)),
  '/control': reply(200, PLAIN, '\u0001"\\'.repeat(30_000)),
  '/deep': reply(200, HTML, `<p>top${'<div>'.repeat(400)}deep`),
  '/echo': (socket, request) => reply(200, PLAIN, request)(socket, request),
})
