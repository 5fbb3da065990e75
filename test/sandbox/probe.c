// What code that took over a server would try, one attempt per line of output: name and "ok" or the error. Test-only; static, no library.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *name, long result) {
  printf("%s %s\n", name, result >= 0 ? "ok" : strerrorname_np(errno));
  fflush(stdout);
}

// Waits for one child, or with -1 for all of them; where the profile has no such call (egress proxy), for as long as they need.
static void await(pid_t child) {
  errno = 0;
  while (waitpid(child, NULL, 0) > 0 && child < 0);
  if (errno == EPERM) poll(NULL, 0, child < 0 ? 2000 : 200);
}

// In a child where there may be one, so that one attempt does not change the next. BESIDE: the next one does not wait for its end.
#define BESIDE(name, expression) do { \
    child = fork(); \
    if (child <= 0) { errno = 0; long result = (long)(expression); say(name, result); } \
    if (child == 0) _exit(0); \
  } while (0)
#define ATTEMPT(name, expression) do { \
    pid_t child; \
    BESIDE(name, expression); \
    if (child > 0) await(child); \
  } while (0)

static int create(const char *path) { return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755); }

static int clone_user(void) {
  long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  return (int)child;
}

static int copy(const char *path) {
  char bytes[65536];
  int from = open("/proc/self/exe", O_RDONLY), to = create(path);
  if (to < 0) return -1;
  for (ssize_t count; (count = read(from, bytes, sizeof bytes)) > 0;) if (write(to, bytes, count) != count) return -1;
  return close(to);
}

static int run_copy(const char *path) {
  if (copy(path) < 0) return -1;
  execl(path, path, "euid", (char *)NULL);
  return -1;
}

// Code from a file without execve: what a loader does with a library.
static int map_copy(const char *path) {
  if (copy(path) < 0) return -1;
  return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open(path, O_RDONLY), 0) == MAP_FAILED ? -1 : 0;
}

static int reach(const char *address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) return -1;
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  if (poll(&wait, 1, 1500) == 0) { errno = ETIMEDOUT; return -1; }
  int fault = 0; socklen_t size = sizeof fault;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size);
  errno = fault;
  return fault == 0 ? 0 : -1;
}

// Asks the egress proxy for a tunnel, and says the status it answers with.
static void tunnel(const char *name, const char *authority) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(3128)};
  inet_pton(AF_INET, "172.30.5.3", &to.sin_addr);
  char text[1024]; int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) { say(name, -1); return; }
  int size = snprintf(text, sizeof text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority);
  if (write(fd, text, size) != size) { say(name, -1); return; }
  ssize_t count = read(fd, text, sizeof text - 1);
  printf("%s %.3s\n", name, count > 12 ? text + 9 : "cut");
  fflush(stdout);
  close(fd);
}

// Asks a name server for good.example.com over UDP, and waits for what it says: that a datagram left says nothing yet.
static int look_up(const char *address) {
  static const unsigned char query[] = "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x04good\x07" "example\x03" "com\0\0\x01\0\x01";
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
  inet_pton(AF_INET, address, &to.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || sendto(fd, query, sizeof query - 1, 0, (struct sockaddr *)&to, sizeof to) < 0) return -1;
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  if (poll(&wait, 1, 1500) == 0) { errno = ETIMEDOUT; return -1; }
  char answer[512];
  return (int)recv(fd, answer, sizeof answer, 0);
}

static void calls(void) {
  ATTEMPT("ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0));
  ATTEMPT("mount", mount("none", "/tmp", "tmpfs", 0, ""));
  ATTEMPT("bpf", syscall(SYS_bpf, 0, NULL, 0));
  ATTEMPT("io_uring", syscall(SYS_io_uring_setup, 1, (char[128]){0}));
  ATTEMPT("userfaultfd", syscall(SYS_userfaultfd, 1));
  ATTEMPT("keyctl", syscall(SYS_keyctl, 0, -3, 0, 0, 0));
  ATTEMPT("unshare-user", unshare(CLONE_NEWUSER));
  ATTEMPT("clone-user", clone_user());
  ATTEMPT("memfd", syscall(SYS_memfd_create, "x", 0));
  ATTEMPT("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0));
  ATTEMPT("netlink", socket(AF_NETLINK, SOCK_RAW, 9)); // NETLINK_AUDIT: not the routing family that fetch may ask
  ATTEMPT("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
  ATTEMPT("packet", socket(AF_PACKET, SOCK_RAW, 0));
  ATTEMPT("alg", socket(AF_ALG, SOCK_SEQPACKET, 0));
  ATTEMPT("udp", socket(AF_INET, SOCK_DGRAM, 0));
  ATTEMPT("netlink-route", socket(AF_NETLINK, SOCK_RAW, 0));
  ATTEMPT("raw-socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static void files(void) {
  ATTEMPT("write-tmp", create("/tmp/probe"));
  ATTEMPT("write-var-tmp", create("/var/tmp/probe"));
  ATTEMPT("write-app", create("/app/probe"));
  ATTEMPT("write-data", create("/data/probe"));
  ATTEMPT("write-policy", open("/etc/hardened-mcp/policy.yaml", O_WRONLY));
  ATTEMPT("write-keys", create("/etc/hardened-mcp/keys/probe"));
  ATTEMPT("write-audit", create("/audit/probe"));
  ATTEMPT("read-roots-file", open("/probe/root-only", O_RDONLY));
  ATTEMPT("docker-socket", open("/var/run/docker.sock", O_RDWR));
  ATTEMPT("core-pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY));
  ATTEMPT("exec-audit", run_copy("/audit/probe-copy"));
}

static void temporary(void) {
  ATTEMPT("map-tmp", map_copy("/tmp/probe-map"));
  ATTEMPT("exec-tmp", run_copy("/tmp/probe-copy"));
}

static void suid(void) {
  pid_t child = fork();
  if (child == 0) { execl("/probe/suid", "/probe/suid", "euid", (char *)NULL); say("suid", -1); _exit(1); }
  waitpid(child, NULL, 0);
}

static void forks(void) {
  int made = 0;
  for (; made < 600; made++) { pid_t child = fork(); if (child == 0) { pause(); _exit(0); } if (child < 0) break; }
  printf("forks %d\n", made);
  fflush(stdout);
  kill(0, SIGKILL);
}

static void memory(void) {
  for (int step = 0; step < 96; step++) { char *block = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); if (block == MAP_FAILED) { say("memory", -1); exit(1); } memset(block, step + 1, 16 << 20); }
  printf("memory ok\n");
}

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "euid")) printf("probe started\n");
  fflush(stdout);
  for (int at = 1; at < count; at++) {
    if (!strcmp(words[at], "calls")) calls();
    else if (!strcmp(words[at], "files")) files();
    else if (!strcmp(words[at], "temporary")) temporary();
    else if (!strcmp(words[at], "suid")) suid();
    else if (!strcmp(words[at], "forks")) forks();
    else if (!strcmp(words[at], "memory")) memory();
    else if (!strcmp(words[at], "euid")) { printf("euid %d\n", (int)geteuid()); }
    else if (!strcmp(words[at], "reach") && at + 3 < count) { pid_t child; char *name = words[at + 1]; BESIDE(name, reach(words[at + 2], atoi(words[at + 3]))); at += 3; }
    else if (!strcmp(words[at], "tunnel") && at + 2 < count) { tunnel(words[at + 1], words[at + 2]); at += 2; }
    else if (!strcmp(words[at], "look-up") && at + 2 < count) { pid_t child; char *name = words[at + 1]; BESIDE(name, look_up(words[at + 2])); at += 2; }
  }
  await(-1);
  return 0;
}
