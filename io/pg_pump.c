/* io/pg_pump.c: pouring from one socket into another, a cup at a time. */
#include "io/pg_pump.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PUMP_CUP = 16 << 10, PUMP_OUT_MAX = 1 << 20 };

bool pg_pump_start(struct pg_pump *p, int fd)
{
    struct stat st;
    int pair[2];

    *p = (struct pg_pump){ .real = -1, .cup = -1 };
    p->real = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (p->real < 0)
        return false;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
        close(p->real);
        return false;
    }
    if (dup3(pair[0], fd, O_CLOEXEC) < 0 || fstat(fd, &st) < 0) {
        close(pair[0]);
        close(pair[1]);
        close(p->real);
        return false;
    }
    close(pair[0]);
    p->cup = pair[1];
    p->fd = fd;
    p->inode = st.st_ino;
    p->on = true;
    return true;
}

void pg_pump_stop(struct pg_pump *p)
{
    if (!p->on)
        return;
    pg_pump_out(p);
    close(p->real);
    close(p->cup);
    buf_fini(&p->out);
    p->on = false;
}

bool pg_pump_is(const struct pg_pump *p, int fd)
{
    struct stat st;

    return p->on && fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == p->inode;
}

/* Bytes that libpq has not read yet. */
static int pg_pump_level(const struct pg_pump *p)
{
    int n = 0;

    return ioctl(p->fd, FIONREAD, &n) == 0 ? n : 0;
}

bool pg_pump_empty(const struct pg_pump *p)
{
    return !p->on || pg_pump_level(p) == 0;
}

static void pg_pump_end(struct pg_pump *p, int error)
{
    if (p->ended)
        return;
    p->ended = true;
    p->error = error;
    shutdown(p->cup, SHUT_WR);
}

void pg_pump_in(struct pg_pump *p)
{
    char bytes[PUMP_CUP];
    ssize_t n;

    if (p->ended || !pg_pump_empty(p))
        return;
    n = recv(p->real, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        /* it fits: the cup is empty, and smaller than any socket's buffer */
        if (send(p->cup, bytes, (size_t)n, MSG_NOSIGNAL) != n)
            pg_pump_end(p, ENOBUFS);
        p->poured += n;
    } else if (n == 0) {
        pg_pump_end(p, 0);
    } else if (errno != EAGAIN && errno != EINTR) {
        pg_pump_end(p, errno);
    }
}

bool pg_pump_out(struct pg_pump *p)
{
    char bytes[PUMP_CUP];
    ssize_t n = sizeof bytes;

    while (n == sizeof bytes && p->out.len < PUMP_OUT_MAX) {
        n = recv(p->cup, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n > 0)
            buf_add(&p->out, bytes, (size_t)n);
    }
    while (p->out.len) {
        n = send(p->real, p->out.bytes, p->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (errno == EAGAIN || errno == EINTR)
                return true;
            buf_clear(&p->out); /* the reading side will meet the end, and its reason */
            return false;
        }
        buf_drop(&p->out, (size_t)n);
    }
    return false;
}
