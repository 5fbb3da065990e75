// Answers that break HTTP or never end, path by path: floods, trickles, lengths that lie, other protocols, resets.
import { flood, type Play } from './hostile-site.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n'
const BLOCK = Buffer.alloc(65_536, 97)

export const HOSTILE_ANSWERS = {
  '/103': flood('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  '/headers': flood(OK, `x-pad: ${'a'.repeat(1000)}\r\n`),
  '/one-header': flood(`${OK}x-pad: `, BLOCK),
  '/slow-headers': flood(OK, 'x', 50),
  '/trickle': flood(`${OK}content-length: 100000\r\n\r\n`, 'a', 50),
  '/mute': () => undefined,
  '/endless': flood(`${OK}\r\n`, BLOCK),
  '/endless-chunk': flood(`${OK}transfer-encoding: chunked\r\n\r\nffffffffff\r\n`, BLOCK),
  '/declared': flood(`${OK}content-length: 999999999\r\n\r\n`, BLOCK),
  '/drip': flood(`${OK}transfer-encoding: chunked\r\n\r\n`, '1\r\na\r\n'.repeat(1_000)),
  '/short': (socket) => socket.end(`${OK}content-length: 100\r\n\r\nshort`),
  '/both': (socket) =>
    socket.end(`${OK}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
  '/two-lengths': (socket) => socket.end(`${OK}content-length: 3\r\ncontent-length: 5\r\n\r\nhello`),
  '/negative-length': (socket) => socket.end(`${OK}content-length: -1\r\n\r\nhello`),
  '/garbage': (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  '/reset': (socket) => socket.destroy(),
  '/reset-late': (socket) => socket.write(`${OK}content-length: 100\r\n\r\nabc`, () => socket.destroy()),
} as const satisfies Record<string, Play>
