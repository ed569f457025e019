/* tests/harness/killshim.c: ends the process it is loaded into with SIGKILL in the n-th call that
 * changes a file below a folder: before it, after it, or with half of a write done.
 *
 *     LD_PRELOAD=killshim.so KILL_DIR=/dir KILL_AT=17 KILL_HOW=0|1|2 program
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int calls;

static int number(const char *name, int none)
{
    const char *s = getenv(name);

    return s ? atoi(s) : none;
}

static int below(const char *path)
{
    const char *dir = getenv("KILL_DIR");

    return dir && path && !strncmp(path, dir, strlen(dir));
}

static int ours(int fd)
{
    char link[64], path[PATH_MAX];
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return 0;
    path[n] = '\0';
    return below(path);
}

/* Is it this one, and is it to be done first? */
static int now(int counted)
{
    return counted && atomic_fetch_add(&calls, 1) + 1 == number("KILL_AT", -1);
}

static void end(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static int how(void)
{
    return number("KILL_HOW", 0);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    ssize_t done;

    if (!now(ours(fd)))
        return syscall(SYS_write, fd, bytes, n);
    done = how() ? syscall(SYS_write, fd, bytes, how() == 2 ? n / 2 : n) : 0;
    end();
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    ssize_t done;

    if (!now(ours(fd)))
        return syscall(SYS_pwrite64, fd, bytes, n, at);
    done = how() ? syscall(SYS_pwrite64, fd, bytes, how() == 2 ? n / 2 : n, at) : 0;
    end();
    return done;
}

static int simple(long nr, int fd, long arg)
{
    int last = now(ours(fd)), rc;

    if (last && !how())
        end();
    rc = (int)syscall(nr, fd, arg);
    if (last)
        end();
    return rc;
}

int fdatasync(int fd)
{
    return simple(SYS_fdatasync, fd, 0);
}

int fsync(int fd)
{
    return simple(SYS_fsync, fd, 0);
}

int ftruncate64(int fd, off64_t size)
{
    return simple(SYS_ftruncate, fd, size);
}

int rename(const char *from, const char *to)
{
    int last = now(below(to)), rc;

    if (last && !how())
        end();
    rc = (int)syscall(SYS_rename, from, to);
    if (last)
        end();
    return rc;
}

int unlink(const char *path)
{
    int last = now(below(path)), rc;

    if (last && !how())
        end();
    rc = (int)syscall(SYS_unlink, path);
    if (last)
        end();
    return rc;
}
