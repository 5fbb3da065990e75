// The filters that bubblewrap loads, asked of the kernel call by call: each of the profile's refusals is one, and what Node needs passes.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type Profile, type Role, seccompFilter } from '../../packages/host/src/sandbox/seccomp-filter.ts'

const profileOf = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../seccomp', `${name}.json`), 'utf8')) as Profile

const [EPERM, ENOSYS] = ['1', '38']
// Numbers and arguments for x86-64. `0`: the call came through to the kernel and succeeded.
const ASKED: Readonly<Record<string, readonly (number | string)[]>> = {
  getpid: [39],
  unixStream: [41, 1, 1, 0],
  tcp: [41, 2, 1, 0],
  udp: [41, 2, 2, 0],
  netlink: [41, 16, 3, 0],
  packet: [41, 17, 3, 0],
  fork: [56, 17, 0, 0, 0, 0],
  newUser: [56, 0x10000011, 0, 0, 0, 0],
  clone3: [435, 0, 0],
  ptrace: [101, 0, 0, 0, 0],
  bpf: [321, 0, 0, 0],
  ioUring: [425, 1, 0],
  unshare: [272, 0x10000000],
  mount: [165, 0, 0, 0, 0, 0],
  memfd: [319, 0, 0],
  keyctl: [250, 0, 0],
  userfaultfd: [323, 0],
  processVmReadv: [310, 1, 0, 0, 0, 0, 0],
  pidfdOpen: [434, 1, 0],
  setuid: [105, 0],
  listen: [50, 99, 1],
  connect: [42, 99, 0, 0],
  unlink: [87, 0],
  execveat: [322, 99, 0, 0, 0, 0],
  x32: [0x40000027],
}
const ALWAYS = { getpid: '0', unixStream: '0', fork: EPERM, newUser: EPERM, clone3: ENOSYS, netlink: EPERM, packet: EPERM, ptrace: EPERM, bpf: EPERM, ioUring: EPERM, unshare: EPERM, mount: EPERM, memfd: EPERM, keyctl: EPERM, userfaultfd: EPERM, processVmReadv: EPERM, pidfdOpen: EPERM, setuid: EPERM, execveat: EPERM, x32: EPERM } // biome-ignore format: one row

const [EBADF, EFAULT] = ['9', '14']
const ROWS: readonly [string, readonly string[], Role, Readonly<Record<string, string>>][] = [
  ['a worker without network', ['file'], { kind: 'worker', local: true }, { tcp: EPERM, udp: EPERM, listen: EPERM, connect: EPERM, unlink: EPERM }],
  ['a worker that writes', ['file'], { kind: 'writer', local: true }, { tcp: EPERM, listen: EPERM, connect: EPERM, unlink: EFAULT }],
  ['the front on stdio', ['file'], { kind: 'front', local: true }, { tcp: EPERM, udp: EPERM, listen: EBADF, connect: EPERM, unlink: EFAULT }],
  ['the worker that dials', ['fetch', 'egress-proxy'], { kind: 'worker', local: false }, { tcp: '0', udp: '0', netlink: '0', listen: EPERM, connect: EBADF }],
] // biome-ignore format: a table

suite('the filter of', () => {
  for (const [who, profiles, role, own] of ROWS)
    test(who, async () => {
      const said = await ask(
        seccompFilter({ syscalls: profiles.flatMap((name) => profileOf(name).syscalls) }, role, 'x64'),
      )
      const expected = { ...ALWAYS, ...own }
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, said[name]])), expected)
    })
})

test('a name without a number stops the generator, and aarch64 has a program too', () => {
  const role: Role = { kind: 'worker', local: true }
  const odd: Profile = { syscalls: [{ names: ['time_travel'], action: 'SCMP_ACT_ALLOW' }] }
  assert.throws(() => seccompFilter(odd, role, 'x64'), RangeError)
  assert.ok(seccompFilter(profileOf('file'), role, 'arm64').length > 800)
})

// Perl has the system call as a word.
async function ask(filter: Buffer): Promise<Record<string, string>> {
  const calls = Object.entries(ASKED).map(([name, words]) => `$!=0; $r=syscall(${words.join(',')}); $e=$!+0; exit 0 if $r==0 && '${name}'=~/fork|newUser/; print '${name} ',($r<0?$e:0),"\\n";`) // biome-ignore format: one line of Perl
  const bwrap = [
    '--unshare-user',
    '--dev-bind',
    '/',
    '/',
    '--seccomp',
    '4',
    '--',
    '/usr/bin/perl',
    '-e',
    calls.join(''),
  ]
  const child = spawn('/usr/bin/bwrap', bwrap, {
    stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'pipe'],
    timeout: 20_000,
  })
  ;(child.stdio[4] as Socket).on('error', () => undefined).end(filter)
  let text = ''
  for await (const chunk of child.stdout as Socket) text += String(chunk)
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
}
