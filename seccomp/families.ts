// The system calls a server may make, grouped by what needs them. Everything that is not named here is refused.

export type Family = Readonly<{ because: string; calls: readonly string[] }>

/** In every profile. */
export const COMMON: Readonly<Record<string, Family>> = {
  memory: {
    because: 'V8 heap, its code pages (W^X switching) and the C allocator',
    calls: words('brk mmap mprotect munmap madvise mremap'),
  },
  threads: {
    because: 'the pool of libuv, the collector of V8, the watchdog thread of a worker',
    calls: words(
      'futex set_robust_list rseq set_tid_address gettid getpid sched_yield sched_getaffinity sched_getparam sched_getscheduler membarrier exit exit_group tgkill',
    ),
  },
  signals: {
    because: 'handlers, masks and their return; restart_syscall is how the kernel resumes a sleep',
    calls: words('rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall'),
  },
  time: {
    because: 'timers; the clocks are a fallback for machines whose vDSO cannot answer (gVisor, some virtual machines)',
    calls: words('clock_gettime clock_nanosleep gettimeofday'),
  },
  io: {
    because: 'reading, writing and waiting, on files, pipes and sockets that are open',
    calls: words(
      'read write readv writev pread64 close lseek fcntl pipe2 eventfd2 epoll_create1 epoll_ctl epoll_pwait poll ppoll',
    ),
  },
  files: {
    because: 'loading code and data, checking what a path is before it is used',
    calls: words(
      'newfstatat fstat statx getdents64 readlink readlinkat access faccessat faccessat2 getcwd statfs fstatfs',
    ),
  },
  identity: {
    because: 'who am I, on what machine; random bytes',
    calls: words('getuid geteuid getgid getegid getppid capget uname sysinfo getrandom getrusage'),
  },
  processes: {
    because:
      'the supervisor starts, ends and replaces front and workers, and lets the front go first; clone is filtered: no new namespace',
    calls: words('wait4 kill dup2 dup3 setpriority'),
  },
  channels: {
    because:
      'front and workers talk over socket pairs that the supervisor hands out; socket and socketpair are filtered',
    calls: words('sendmsg recvmsg shutdown getsockname getsockopt setsockopt'),
  },
  serving: {
    because: 'the front listens for the gateway, and holds the lock of its audit directory on an abstract unix name',
    calls: words('bind listen accept4 getpeername'),
  },
  audit: {
    because: 'the front appends to the trail, makes it durable and closes a segment',
    calls: words('pwrite64 fsync fdatasync ftruncate rename renameat unlink unlinkat mkdir mkdirat link linkat'),
  },
  start: {
    because:
      'runc loads the filter before the one execve of the entry point, and its own runtime still runs under it; glibc of x86-64 sets a register',
    calls: words('execve dup close_range openat2 arch_prctl'),
  },
}

/** Of `COMMON`, what the egress proxy has no use for: it starts no process and writes no file. */
export const NOT_FOR_PROXY: readonly string[] = ['processes', 'audit']

/** In the profile of `file` alone. */
export const WRITING: Family = {
  because:
    "the worker of a writable root keeps the mode of a replaced file and ends empty directories; SQLite looks at the path of the root's lock",
  calls: words('chmod fchmodat rmdir lstat stat'),
}

/** In the profile of `fetch` and of the egress proxy. */
export const DIALLING: Family = {
  because: 'the fetch worker opens connections to the egress proxy, which opens them to the world',
  calls: words('connect'),
}

/** In the profile of the egress proxy alone. */
export const RESOLVING: Family = {
  because: 'the egress proxy asks the resolver, and the kernel for its own addresses (refused as targets)',
  calls: words('sendto recvfrom'),
}

/** What the servers try and do without: seen in every recording, and refused on purpose. */
export const REFUSED: Readonly<Record<string, string>> = {
  clone3: 'its flags are out of reach of a filter; ENOSYS makes glibc use clone',
  io_uring_setup: 'libuv tries it for batching; a kernel interface with a long list of holes; EPERM makes it use epoll',
  io_uring_enter: 'follows io_uring_setup',
}

function words(text: string): readonly string[] {
  return text.split(' ')
}
