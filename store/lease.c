/* store/lease.c: a lock of the system on a file: it cannot outlive its holder. */
#include "store/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "store/place.h"

struct lease {
    int fd;
};

static int lease_open(const char *dir, const char *name, struct err *err)
{
    int folder = place_open(dir, true, err), fd;

    if (folder < 0)
        return -1;
    fd = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        err_set(err, "cannot open %s/%s: %s", dir, name, strerror(errno));
    close(folder);
    return fd;
}

struct lease *lease_try(const char *dir, const char *name, struct err *err)
{
    struct lease *l;
    int fd;

    err->msg[0] = '\0';
    fd = lease_open(dir, name, err);
    if (fd < 0)
        return NULL;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            err_set(err, "cannot lock %s/%s: %s", dir, name, strerror(errno));
        close(fd);
        return NULL;
    }
    l = xcalloc(1, sizeof *l);
    l->fd = fd;
    return l;
}

void lease_free(struct lease *l)
{
    if (!l)
        return;
    close(l->fd);
    free(l);
}
