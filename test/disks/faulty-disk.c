#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/*
 * A disk that fails, for LD_PRELOAD. FAULTS holds rules, separated by blanks: call:errno:path[:first[:last]]. The call
 * fails with this number on paths that hold this text, from the first to the last time (counted from 1). Errno 0: the
 * call waits while the file HANG_WHILE exists. A path that begins with = must end with the rest of it.
 */

static int counts[64];

static int matches(const char *path, const char *wanted) {
  if (wanted[0] != '=') return strstr(path, wanted) != NULL;
  size_t have = strlen(path), want = strlen(wanted + 1);
  return have >= want && strcmp(path + have - want, wanted + 1) == 0;
}

/* 0: go on; otherwise errno is set. */
static int fault(const char *call, const char *path) {
  const char *rules = getenv("FAULTS");
  if (!rules || !path) return 0;
  char copy[4096], *rest = copy;
  snprintf(copy, sizeof copy, "%s", rules);
  for (int at = 0; rest && at < 64; at++) {
    char *rule = strsep(&rest, " "), *name = strsep(&rule, ":"), *number = strsep(&rule, ":");
    char *text = strsep(&rule, ":"), *first = strsep(&rule, ":"), *last = strsep(&rule, ":");
    if (!text || strcmp(name, call) || !matches(path, text)) continue;
    int times = __sync_add_and_fetch(&counts[at], 1);
    if (times < (first ? atoi(first) : 1) || (last && times > atoi(last))) continue;
    if (atoi(number) != 0) {
      errno = atoi(number);
      return -1;
    }
    const char *hang = getenv("HANG_WHILE");
    while (hang && access(hang, F_OK) == 0) {
      struct timespec some = {0, 20 * 1000 * 1000};
      nanosleep(&some, NULL);
    }
  }
  return 0;
}

static int fault_at(const char *call, int fd) {
  char link[64], path[4096];
  if (!getenv("FAULTS")) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fault(call, path);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(real))dlsym(RTLD_NEXT, #name)
#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
    if (fault(flags & O_CREAT ? "create" : "open", path)) return -1; \
    REAL(name); return real(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
int rename(const char *from, const char *to) { if (fault("rename", to)) return -1; REAL(rename); return real(from, to); }
int mkdir(const char *path, mode_t mode) { if (fault("mkdir", path)) return -1; REAL(mkdir); return real(path, mode); }
int unlink(const char *path) { if (fault("unlink", path)) return -1; REAL(unlink); return real(path); }
int statfs(const char *path, struct statfs *to) { if (fault("statfs", path)) return -1; REAL(statfs); return real(path, to); }
int statfs64(const char *path, struct statfs64 *to) { if (fault("statfs", path)) return -1; REAL(statfs64); return real(path, to); }
ssize_t write(int fd, const void *bytes, size_t n) { if (fault_at("write", fd)) return -1; REAL(write); return real(fd, bytes, n); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) { if (fault_at("write", fd)) return -1; REAL(pwrite64); return real(fd, bytes, n, at); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { if (fault_at("write", fd)) return -1; REAL(pwrite); return real(fd, bytes, n, at); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) { if (fault_at("write", fd)) return -1; REAL(pwritev64); return real(fd, v, n, at); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { if (fault_at("write", fd)) return -1; REAL(pwritev); return real(fd, v, n, at); }
int futimens(int fd, const struct timespec t[2]) { if (fault_at("utimes", fd)) return -1; REAL(futimens); return real(fd, t); }
int utimensat(int at, const char *path, const struct timespec t[2], int flags) { if (path ? fault("utimes", path) : fault_at("utimes", at)) return -1; REAL(utimensat); return real(at, path, t, flags); }
int fsync(int fd) { if (fault_at("sync", fd)) return -1; REAL(fsync); return real(fd); }
int fdatasync(int fd) { if (fault_at("sync", fd)) return -1; REAL(fdatasync); return real(fd); }
int syncfs(int fd) { if (fault_at("sync", fd)) return -1; REAL(syncfs); return real(fd); }
/* Locks of SQLite. */
#define LOCKS(name) \
  int name(int fd, int command, ...) { \
    va_list list; va_start(list, command); void *argument = va_arg(list, void *); va_end(list); \
    int locks = command == F_SETLK || command == F_SETLKW || command == 37 || command == 38; \
    if (locks && ((struct flock *)argument)->l_type != F_UNLCK && fault_at("lock", fd)) return -1; \
    REAL(name); return real(fd, command, argument); \
  }
LOCKS(fcntl)
LOCKS(fcntl64)
