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
 * call waits while the file HANG_WHILE exists. Errno -1: as FUSE does it. unlink: a file that this process has open stays
 * in its folder under another name until it is closed; statfs: all figures are zero. A path that begins with = must end with
 * the rest of it. FAULTS_FROM: writes fail from this offset of a file on.
 */

static int counts[64];

static int matches(const char *path, const char *wanted) {
  if (wanted[0] != '=') return strstr(path, wanted) != NULL;
  size_t have = strlen(path), want = strlen(wanted + 1);
  return have >= want && strcmp(path + have - want, wanted + 1) == 0;
}

/* The path as people know it, of one that begins with a descriptor of a folder. */
static const char *known(const char *path, char *to, size_t room) {
  int fd, end = 0;
  if (sscanf(path, "/proc/self/fd/%d%n", &fd, &end) != 1 || path[end] != '/') return path;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, to, room - 1);
  if (length < 0) return path;
  snprintf(to + length, room - length, "%s", path + end);
  return to;
}

/* 0: go on; -1: errno is set; 1: as if the file system were FUSE. */
static int fault(const char *call, const char *path) {
  const char *rules = getenv("FAULTS");
  if (!rules || !path) return 0;
  char whole[8192];
  path = known(path, whole, sizeof whole);
  char copy[4096], *rest = copy;
  snprintf(copy, sizeof copy, "%s", rules);
  for (int at = 0; rest && at < 64; at++) {
    char *rule = strsep(&rest, " "), *name = strsep(&rule, ":"), *number = strsep(&rule, ":");
    char *text = strsep(&rule, ":"), *first = strsep(&rule, ":"), *last = strsep(&rule, ":");
    if (!text || strcmp(name, call) || !matches(path, text)) continue;
    int times = __sync_add_and_fetch(&counts[at], 1);
    if (times < (first ? atoi(first) : 1) || (last && times > atoi(last))) continue;
    if (atoi(number) < 0) return 1;
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

/* A file without a name is made in a folder: rules know it as a file there. FUSE has no such files. */
static int fault_in_folder(const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/", folder);
  const char *rules = getenv("FAULTS");
  if (rules && strstr(rules, "unlink:-1:")) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return fault("create", path);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(real))dlsym(RTLD_NEXT, #name)
#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
    int is_nameless = (flags & O_TMPFILE) == O_TMPFILE; \
    if (is_nameless ? fault_in_folder(path) : fault(flags & O_CREAT ? "create" : "open", path)) return -1; \
    REAL(name); return real(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
int rename(const char *from, const char *to) { if (fault("rename", to)) return -1; REAL(rename); return real(from, to); }
/* A path from a folder's descriptor, as a whole. */
static const char *in_folder(int folder, const char *path, char *to, size_t room) {
  if (folder == AT_FDCWD || path[0] == '/') return path;
  snprintf(to, room, "/proc/self/fd/%d/%s", folder, path);
  return to;
}
int linkat(int from, const char *what, int to, const char *path, int flags) {
  char whole[4096];
  if (fault("rename", in_folder(to, path, whole, sizeof whole))) return -1;
  REAL(linkat); return real(from, what, to, path, flags);
}
/* brigade opens files without a name by it, and no others. */
int openat(int folder, const char *path, int flags, ...) {
  va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list);
  char whole[4096];
  if ((flags & O_TMPFILE) == O_TMPFILE && fault_in_folder(in_folder(folder, path, whole, sizeof whole))) return -1;
  REAL(openat); return real(folder, path, flags, mode);
}
int mkdir(const char *path, mode_t mode) { if (fault("mkdir", path)) return -1; REAL(mkdir); return real(path, mode); }
static int is_open(const char *path) {
  struct stat named, opened;
  if (lstat(path, &named)) return 0;
  for (int fd = 0; fd < 4096; fd++)
    if (!fstat(fd, &opened) && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) return 1;
  return 0;
}
static int hide(const char *path) {
  static int last;
  char hidden[4096];
  const char *slash = strrchr(path, '/');
  snprintf(hidden, sizeof hidden, "%.*s/.fuse_hidden%d", (int)(slash - path), path, __sync_add_and_fetch(&last, 1));
  return rename(path, hidden);
}
int unlink(const char *path) {
  int how = fault("unlink", path);
  if (how < 0) return -1;
  if (how > 0 && is_open(path)) return hide(path);
  REAL(unlink); return real(path);
}
int close(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = getenv("FAULTS") ? readlink(link, path, sizeof path - 1) : -1;
  path[length < 0 ? 0 : length] = 0;
  REAL(close);
  int result = real(fd);
  if (strstr(path, "/.fuse_hidden")) remove(path);
  return result;
}
#define STATFS(name) \
  int name(const char *path, struct name *to) { \
    int how = fault("statfs", path); \
    if (how < 0) return -1; \
    if (how > 0) { memset(to, 0, sizeof *to); return 0; } \
    REAL(name); return real(path, to); \
  }
STATFS(statfs)
STATFS(statfs64)
static int fault_in_write(int fd, off64_t at) {
  const char *from = getenv("FAULTS_FROM");
  return from && at < atoll(from) ? 0 : fault_at("write", fd);
}
ssize_t write(int fd, const void *bytes, size_t n) { if (fault_in_write(fd, lseek(fd, 0, SEEK_CUR))) return -1; REAL(write); return real(fd, bytes, n); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) { if (fault_in_write(fd, at)) return -1; REAL(pwrite64); return real(fd, bytes, n, at); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { if (fault_in_write(fd, at)) return -1; REAL(pwrite); return real(fd, bytes, n, at); }
ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at) { if (fault_in_write(fd, at)) return -1; REAL(pwritev64); return real(fd, v, n, at); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { if (fault_in_write(fd, at)) return -1; REAL(pwritev); return real(fd, v, n, at); }
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
