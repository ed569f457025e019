/* io/orphans.c: finding and ending what commands leave behind. */
#include "io/orphans.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/limits.h"

#define ORPHANS_MARK  "MIDWATCH_RUN="
#define ORPHANS_OTHER (~0ul)

enum {
    ORPHANS_FOUND = 256,         /* in one pass; the rest in the next */
    ORPHANS_REAPED = 64,         /* commands that end during one */
    ORPHANS_PASSES = 40,         /* then what is left cannot be ended: until the next command */
    ORPHANS_WAIT_MS = 5,         /* before a pass that follows one that killed */
    ORPHANS_ENVIRON = 256 << 10, /* bytes in which a mark is looked for */
    ORPHANS_COUNT_MS = 60000     /* so long a count of tasks is good enough */
};

struct orphan { /* a child of ours, as /proc tells */
    pid_t pid;
    unsigned long run; /* of its mark; 0 = it has none, ORPHANS_OTHER = of another loop */
    bool zombie;
};

struct orphans {
    struct io *io;
    pid_t self;
    bool reaper;    /* of all that is left; from the first command on */
    bool strangers; /* there were children before it, of whoever became us by exec */
    char mark[64];  /* what all marks of this loop begin with: "MIDWATCH_RUN=1234.567." */
    unsigned long serial;
    struct {
        pid_t pid;
        unsigned long run;
        bool spare;
    } * runs; /* under way, and those whose orphans are spared */
    size_t n, cap;
    /* of the worker while `looking` */
    bool looking, again;
    int passes;
    unsigned wait_ms;
    struct orphan found[ORPHANS_FOUND];
    size_t n_found;
    /* Commands that were reaped since that pass began: their numbers may be anybody's by now. */
    pid_t reaped[ORPHANS_REAPED];
    size_t n_reaped;
    int64_t counted_ms; /* monotonic; 0 = never */
    unsigned long tasks;
};

static void orphans_free(void *arg)
{
    struct orphans *o = arg;

    free(o->runs);
    free(o);
}

static struct orphans *orphans_get(struct io *io)
{
    struct orphans *o = io_keep(io);

    if (!o) {
        o = xcalloc(1, sizeof *o);
        o->io = io;
        o->self = getpid();
        snprintf(o->mark, sizeof o->mark, ORPHANS_MARK "%ld.%lld.", (long)o->self,
                 (long long)io_mono_us(io));
        io_keep_set(io, o, orphans_free);
    }
    return o;
}

/* ---- /proc, in a worker ---- */

/* The bytes of a small file; 0 when there are none. */
static size_t orphans_read(pid_t pid, const char *file, char *out, size_t cap)
{
    char path[64];
    size_t len = 0;
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while (len < cap - 1 && (n = read(fd, out + len, cap - 1 - len)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        len += (size_t)n;
    }
    close(fd);
    out[len] = '\0';
    return len;
}

static unsigned long orphans_run_of(const struct orphans *o, pid_t pid)
{
    char *bytes = xmalloc(ORPHANS_ENVIRON);
    size_t len = orphans_read(pid, "environ", bytes, ORPHANS_ENVIRON), own = strlen(o->mark);
    unsigned long run = 0;

    for (size_t at = 0; at < len && !run; at += strlen(bytes + at) + 1)
        if (strncmp(bytes + at, o->mark, own) == 0)
            run = strtoul(bytes + at + own, NULL, 10);
        else if (strncmp(bytes + at, ORPHANS_MARK, sizeof ORPHANS_MARK - 1) == 0)
            run = ORPHANS_OTHER;
    free(bytes);
    return run;
}

/* "12 (a name (with) anything) Z 1 ...": state and parent stand behind the last parenthesis. */
static bool orphans_is_ours(pid_t pid, pid_t self, bool *zombie)
{
    char stat[512], *at;
    long parent;
    char state;

    if (!orphans_read(pid, "stat", stat, sizeof stat) || !(at = strrchr(stat, ')')) ||
        sscanf(at + 1, " %c %ld", &state, &parent) != 2)
        return false;
    *zombie = state == 'Z';
    return parent == (long)self;
}

static pid_t orphans_next(DIR *proc)
{
    for (struct dirent *e; (e = readdir(proc));)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
            return (pid_t)strtol(e->d_name, NULL, 10);
    return 0;
}

static void orphans_look(void *arg)
{
    struct orphans *o = arg;
    DIR *proc;
    pid_t pid;

    o->n_found = 0;
    if (o->wait_ms)
        nanosleep(&(struct timespec){ .tv_nsec = (long)o->wait_ms * 1000000 }, NULL);
    proc = opendir("/proc");
    while (proc && o->n_found < ORPHANS_FOUND && (pid = orphans_next(proc))) {
        struct orphan *x = &o->found[o->n_found];

        *x = (struct orphan){ .pid = pid };
        if (!orphans_is_ours(pid, o->self, &x->zombie))
            continue;
        if (!x->zombie)
            x->run = orphans_run_of(o, pid);
        o->n_found++;
    }
    if (proc)
        closedir(proc);
}

/* ---- on the loop: only here is anything reaped, so that a number is still whose it was ---- */

static bool orphans_is_command(const struct orphans *o, pid_t pid)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->runs[i].pid == pid)
            return true;
    return false;
}

/* Was its number given back since it was found? Where there are too many to tell, yes. */
static bool orphans_was_reaped(const struct orphans *o, pid_t pid)
{
    for (size_t i = 0; i < o->n_reaped && i < ORPHANS_REAPED; i++)
        if (o->reaped[i] == pid)
            return true;
    return o->n_reaped > ORPHANS_REAPED;
}

/* Is it left by a command that has ended? */
static bool orphans_is_left(const struct orphans *o, const struct orphan *x)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->runs[i].run == x->run)
            return false;
    return x->run != ORPHANS_OTHER && (x->run || (o->n == 0 && !o->strangers));
}

static void orphans_begin(struct orphans *o);

static void orphans_found(void *arg)
{
    struct orphans *o = arg;
    size_t killed = 0;

    o->looking = false;
    for (size_t i = 0; i < o->n_found; i++) {
        const struct orphan *x = &o->found[i];

        if (orphans_is_command(o, x->pid) || orphans_was_reaped(o, x->pid))
            continue;
        if (x->zombie)
            waitpid(x->pid, NULL, WNOHANG);
        else if (orphans_is_left(o, x))
            killed += kill(x->pid, SIGKILL) == 0;
    }
    if (o->again)
        o->passes = 0;
    if (o->again || ((killed || o->n_found == ORPHANS_FOUND) && o->passes < ORPHANS_PASSES)) {
        o->wait_ms = o->again ? 0 : ORPHANS_WAIT_MS;
        orphans_begin(o);
    }
}

static void orphans_begin(struct orphans *o)
{
    o->looking = true;
    o->again = false;
    o->n_reaped = 0;
    o->passes++;
    io_work(o->io, orphans_look, orphans_found, o);
}

void orphans_mark(struct io *io, char out[80])
{
    struct orphans *o = orphans_get(io);

    snprintf(out, 80, "%s%lu", o->mark, ++o->serial);
}

/* A shell that did `tunnel & exec midwatch` left us a child: it and what it starts are no orphans
 * of any command. */
static void orphans_reap_all(struct orphans *o, pid_t pid)
{
    o->reaper = true;
    orphans_look(o);
    for (size_t i = 0; i < o->n_found; i++)
        o->strangers |=
            !o->found[i].run && o->found[i].pid != pid && !orphans_is_command(o, o->found[i].pid);
#ifdef PR_SET_CHILD_SUBREAPER
    prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
}

unsigned long orphans_add(struct io *io, pid_t pid, bool spare)
{
    struct orphans *o = orphans_get(io);

    if (!spare && !o->reaper)
        orphans_reap_all(o, pid);
    if (o->n == o->cap) {
        o->cap = o->cap ? 2 * o->cap : 8;
        o->runs = xreallocarray(o->runs, o->cap, sizeof *o->runs);
    }
    o->runs[o->n].pid = pid;
    o->runs[o->n].run = o->serial;
    o->runs[o->n++].spare = spare;
    return o->serial;
}

void orphans_end(struct io *io, unsigned long run)
{
    struct orphans *o = orphans_get(io);

    for (size_t i = 0; i < o->n; i++) {
        if (o->runs[i].run != run)
            continue;
        if (o->looking && o->n_reaped++ < ORPHANS_REAPED)
            o->reaped[o->n_reaped - 1] = o->runs[i].pid;
        if (o->runs[i].spare) {
            o->runs[i].pid = 0; /* somebody else's by now; its mark stays */
            return;
        }
        o->runs[i] = o->runs[--o->n];
        break;
    }
    if (o->looking) {
        o->again = true;
        return;
    }
    o->passes = 0;
    o->wait_ms = 0;
    orphans_begin(o);
}

/* ---- tasks ---- */

/* The links of /proc/N/task are its threads, and two. */
static unsigned long orphans_count(void)
{
    unsigned long tasks = 0;
    DIR *proc = opendir("/proc");
    uid_t uid = getuid();
    char path[64];
    struct stat st;
    pid_t pid;

    while (proc && (pid = orphans_next(proc))) {
        snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
        if (stat(path, &st) == 0 && st.st_uid == uid)
            tasks += st.st_nlink > 2 ? (unsigned long)st.st_nlink - 2 : 1;
    }
    if (proc)
        closedir(proc);
    return tasks;
}

unsigned long orphans_tasks_max(struct io *io)
{
    struct orphans *o = orphans_get(io);
    int64_t now_ms = io_mono_ms(io);

    if (!o->counted_ms || now_ms - o->counted_ms > ORPHANS_COUNT_MS) {
        o->tasks = orphans_count();
        o->counted_ms = now_ms;
    }
    return o->tasks ? o->tasks + CHILD_TASKS_MAX : 0;
}
