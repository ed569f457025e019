/* io/child.h: child processes: argv, never a shell; built environment; own session; killed with the
 * whole group at the limit, and with all that left the group at the end (io/orphans.h); output and
 * number of processes capped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "io/loop.h"

/* Where programs are looked for, and the PATH that a child gets. */
#define CHILD_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct child;

struct child_spec {
    const char *const *argv; /* argv[0] is an absolute path */
    /* The environment is built: ours of HOME LANG LC_ALL TERM USER TZ, CHILD_PATH, the mark of
     * io/orphans.h, and these
     * "NAME=value", each name once and never PATH, which take the place of ours; NULL = none. */
    const char *const *env;
    const char *cwd;  /* NULL = / */
    int64_t limit_ms; /* 0 = none; TERM at the limit, KILL 5 s later */
    bool keep_stdin;  /* a pipe stays open as a lifeline; else /dev/null */
    size_t max_bytes; /* of stdout and of stderr; 0 = CHILD_OUTPUT_MAX */
    bool die_with_us; /* PR_SET_PDEATHSIG where there is one */
    bool background;  /* it gives way to everybody: nice 19, the disk when nobody wants it */
    bool own_house;   /* what it leaves behind is its own business, and how much it starts */
};

struct child_events {
    /* A piece of output as it comes (fd 1 or 2); may be NULL. */
    void (*output)(void *arg, int fd, const char *bytes, size_t len);
    /* The end: exit status as of waitpid(), or err set when it could not be started. `out` and
     * `errout` hold what was kept (NUL-terminated); *_dropped the bytes beyond the cap. */
    void (*ended)(void *arg, int status, const struct err *err, const char *out, const char *errout,
                  size_t dropped);
};

/* Never fails by itself: what could not be started comes through `ended`, later. A virtual loop has
 * no processes but what its script says of them. The child sees descriptors 0-2, default signals,
 * umask 077. */
struct child *child_start(struct io *io, const struct child_spec *spec,
                          const struct child_events *ev, void *arg);
int child_pid(const struct child *c); /* 0 = not started */
void child_close_stdin(struct child *c);
void child_kill(struct child *c); /* TERM now, KILL 5 s later; `ended` still comes */
void child_free(struct child *c); /* kills at once; no callback comes any more */
