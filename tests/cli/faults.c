/* Lets one operation on files below `faulty` fail: the one whose number FAULT_AT names, counted from
   1. If the number is odd, the disk stays full from then on. FAULT_MARK is made when it happens.
   To be preloaded; see faults.rs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long count;

static int fails(const char *path, int error) {
    const char *at = getenv("FAULT_AT"), *mark = getenv("FAULT_MARK");
    if (!at || !mark || !strstr(path, "faulty")) return 0;
    long chosen = atol(at), number = atomic_fetch_add(&count, 1) + 1;
    int stays_full = chosen % 2 && number > chosen && error == ENOSPC;
    if (number != chosen && !stays_full) return 0;
    syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY, 0600));
    errno = error;
    return 1;
}

static int fails_at(int file, int error) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(path, error);
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return fails(path, flags & O_CREAT ? ENOSPC : EIO) ? -1 : real(path, flags, mode); \
    }

OPEN(open)
OPEN(open64)

ssize_t write(int file, const void *bytes, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fails_at(file, ENOSPC) ? -1 : real(file, bytes, length);
}

int fsync(int file) {
    REAL(int, "fsync", int);
    return fails_at(file, EIO) ? -1 : real(file);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return fails(to, EIO) ? -1 : real(from, to);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return fails(path, EIO) ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return fails(path, ENOSPC) ? -1 : real(path, mode);
}
