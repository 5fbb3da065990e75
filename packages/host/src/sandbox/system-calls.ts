// Numbers of the system calls that the profiles name: x86-64, then aarch64 (`-`: not there). From Linux's unistd headers.

export type Machine = 'x64' | 'arm64'

const TABLE = `
accept4 288 242, access 21 -, arch_prctl 158 -, bind 49 200, brk 12 214, capget 125 90, chmod 90 -,
clock_gettime 228 113, clock_nanosleep 230 115, clone 56 220, clone3 435 435, close 3 57, close_range 436 436,
connect 42 203, dup 32 23, dup2 33 -, dup3 292 24, epoll_create1 291 20, epoll_ctl 233 21, epoll_pwait 281 22,
eventfd2 290 19, execve 59 221, exit 60 93, exit_group 231 94, faccessat 269 48, faccessat2 439 439, fchmodat 268 53,
fcntl 72 25,
fdatasync 75 83, fstat 5 80, fstatfs 138 44, fsync 74 82, ftruncate 77 46, futex 202 98, getcwd 79 17,
getdents64 217 61, getegid 108 177, geteuid 107 175, getgid 104 176, getpeername 52 205, getpid 39 172,
getppid 110 173, getrandom 318 278, getrusage 98 165, getsockname 51 204, getsockopt 55 209, gettid 186 178,
gettimeofday 96 169, getuid 102 174, ioctl 16 29, kill 62 129, link 86 -, linkat 265 37, listen 50 201, lseek 8 62, lstat 6 -,
madvise 28 233, membarrier 324 283, mkdir 83 -, mkdirat 258 34, mmap 9 222, mprotect 10 226, mremap 25 216,
munmap 11 215, newfstatat 262 79, openat 257 56, openat2 437 437, pipe2 293 59, poll 7 -,
ppoll 271 73, prctl 157 167, pread64 17 67, prlimit64 302 261, pwrite64 18 68, read 0 63, readlink 89 -,
readlinkat 267 78, readv 19 65, recvfrom 45 207, recvmsg 47 212, rename 82 -, renameat 264 38,
restart_syscall 219 128, rmdir 84 -, rseq 334 293, rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139,
sched_getaffinity 204 123, sched_getparam 143 121, sched_getscheduler 145 120, sched_yield 24 124, sendmsg 46 211,
sendto 44 206, set_robust_list 273 99, set_tid_address 218 96, setpriority 141 140, setsockopt 54 208,
shutdown 48 210, sigaltstack 131 132, socket 41 198, socketpair 53 199, stat 4 -, statfs 137 43, statx 332 291, sysinfo 99 179,
tgkill 234 131, uname 63 160, unlink 87 -, unlinkat 263 35, wait4 61 260, write 1 64, writev 20 66`

const ROWS = TABLE.split(',').map((row) => row.trim().split(' '))
const numbers = (column: number) =>
  new Map(ROWS.filter((row) => row[column] !== '-').map((row) => [row[0] as string, Number(row[column])]))

const NUMBERS: Readonly<Record<Machine, ReadonlyMap<string, number>>> = { x64: numbers(1), arm64: numbers(2) }

/** `undefined` for a call that the machine does not have. Throws `RangeError` for a name that the table lacks. */
export function callNumber(name: string, machine: Machine): number | undefined {
  if (!ROWS.some(([known]) => known === name)) throw new RangeError(`No number is known for the system call ${name}`)
  return NUMBERS[machine].get(name)
}
