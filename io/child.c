/* io/child.c: child processes. fork and exec are ours (uv_spawn can neither ask for a death signal
 * nor close what leaked in); the end is told by SIGCHLD through the loop.
 */
#include "io/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/secret.h"
#include "io/fake.h"
#include "io/limits.h"
#include "io/orphans.h"

enum {
    CHILD_KILL_MS = 5000,  /* from TERM to KILL */
    CHILD_DRAIN_MS = 1000, /* what a descendant that kept the pipe may still say after the end */
    CHILD_READ = 16 << 10,
    CHILD_READS = 8 /* in one turn */
};

struct child_pipe {
    struct child *c;
    int fd, nr; /* nr: 1 or 2 */
    struct io_watch *watch;
    struct buf kept;
};

struct child {
    struct io *io;
    struct child_events ev;
    void *arg;
    char *name;
    pid_t pid;
    size_t max_bytes, dropped;
    struct child_pipe out, err;
    int in_fd, fail_fd;
    struct io_signal *chld;
    struct io_timer *timer;
    int status;
    struct err why;
    bool failed; /* not started */
    bool faked;  /* a script said how it ended, in `status` and `out` */
    bool exited, killing, ended, orphan;
    unsigned long run; /* of orphans.h; 0 = it knows of the end */
    bool *gone;        /* set when freed from inside a callback */
};

static const char *const child_path = "PATH=" CHILD_PATH;
static const char *const child_allowed[] = { "HOME", "LANG", "LC_ALL", "TERM", "USER", "TZ" };
enum { CHILD_ALLOWED = sizeof child_allowed / sizeof child_allowed[0] };

/* ---- the child's side, between fork and exec: only what is safe after a fork of threads ---- */

struct child_plan {
    const struct child_spec *spec;
    char *const *envp;
    int in, out, err, fail;
    pid_t parent;
    unsigned long tasks_max; /* 0 = no limit of ours */
};

static void child_close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0) == 0)
        return;
#endif
    for (int fd = first; fd < 4096; fd++)
        close(fd);
}

MW_NORETURN static void child_fail(int fd)
{
    int e = errno;

    while (write(fd, &e, sizeof e) < 0 && errno == EINTR)
        ;
    _exit(127);
}

static void child_signals(void)
{
    sigset_t none;

    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL); /* fails for KILL and STOP, which is fine */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* As far as the system lets us: it is a courtesy, no condition. */
static void child_background(void)
{
    setpriority(PRIO_PROCESS, 0, 19);
#if defined SYS_ioprio_set
    enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_IDLE = 3 << 13 }; /* linux/ioprio.h, since 5.9 only */

    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
#endif
}

static void child_limit_tasks(unsigned long max)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NPROC, &r) < 0)
        return;
    if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > max)
        r.rlim_cur = max;
    if (r.rlim_max == RLIM_INFINITY || r.rlim_max > max)
        r.rlim_max = max;
    setrlimit(RLIMIT_NPROC, &r);
}

MW_NORETURN static void child_exec(const struct child_plan *p)
{
    int from[4] = { p->in, p->out, p->err, p->fail };

    child_signals();
    setsid(); /* no controlling terminal, and a group that can be killed as one */
#ifdef PR_SET_PDEATHSIG
    if (p->spec->die_with_us) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != p->parent)
            _exit(127); /* it died before we asked */
    }
#endif
    if (p->tasks_max)
        child_limit_tasks(p->tasks_max);
    umask(077);
    if (p->spec->background)
        child_background();
    for (int i = 0; i < 4; i++) { /* they may lie on 0..3 themselves: away from there first */
        from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 10);
        if (from[i] < 0)
            child_fail(p->fail);
    }
    for (int i = 0; i < 4; i++)
        if (dup2(from[i], i) < 0)
            child_fail(from[3]);
    fcntl(3, F_SETFD, FD_CLOEXEC); /* an exec that works closes it */
    child_close_from(4);
    if (chdir(p->spec->cwd ? p->spec->cwd : "/") < 0)
        child_fail(3);
    execve(p->spec->argv[0], (char *const *)p->spec->argv, p->envp);
    child_fail(3);
}

/* ---- ours ---- */

static void child_pipe_close(struct child_pipe *p)
{
    io_watch_free(p->watch);
    p->watch = NULL;
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

/* Its end is known: what it left has no reason to go on. */
static void child_leave(struct child *c)
{
    if (c->run)
        orphans_end(c->io, c->run);
    c->run = 0;
}

static void child_destroy(struct child *c)
{
    child_leave(c);
    child_pipe_close(&c->out);
    child_pipe_close(&c->err);
    if (c->in_fd >= 0)
        close(c->in_fd);
    if (c->fail_fd >= 0)
        close(c->fail_fd);
    io_signal_free(c->chld);
    io_timer_free(c->timer);
    buf_fini(&c->out.kept);
    buf_fini(&c->err.kept);
    free(c->name);
    free(c);
}

static void child_end(struct child *c)
{
    c->ended = true;
    child_pipe_close(&c->out);
    child_pipe_close(&c->err);
    child_close_stdin(c);
    io_timer_off(c->timer);
    child_leave(c);
    if (c->ev.ended)
        c->ev.ended(c->arg, c->status, c->failed ? &c->why : NULL, buf_str(&c->out.kept),
                    buf_str(&c->err.kept), c->dropped);
}

static void child_keep(struct child *c, struct child_pipe *p, const char *bytes, size_t len)
{
    size_t room = c->max_bytes - p->kept.len;
    size_t take = len < room ? len : room;

    buf_add(&p->kept, bytes, take);
    c->dropped += len - take;
}

/* False when the child was freed by its owner. */
static bool child_read(struct child_pipe *p)
{
    struct child *c = p->c;
    char block[CHILD_READ];
    bool gone = false;

    c->gone = &gone;
    for (int i = 0; i < CHILD_READS && p->fd >= 0; i++) {
        ssize_t n = read(p->fd, block, sizeof block);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0) {
            child_pipe_close(p);
            break;
        }
        child_keep(c, p, block, (size_t)n);
        if (c->ev.output)
            c->ev.output(c->arg, p->nr, block, (size_t)n);
        if (gone)
            return false;
    }
    c->gone = NULL;
    return true;
}

static void child_on_pipe(void *arg, int events)
{
    struct child_pipe *p = arg;
    struct child *c = p->c;

    (void)events;
    if (child_read(p) && c->exited && c->out.fd < 0 && c->err.fd < 0)
        child_end(c);
}

static void child_on_exit(struct child *c)
{
    int e;

    c->exited = true;
    if (c->fail_fd >= 0 && read(c->fail_fd, &e, sizeof e) == (ssize_t)sizeof e) {
        c->failed = true;
        err_set(&c->why, "cannot start %s: %s", c->name, strerror(e));
    }
    if (!child_read(&c->out) || !child_read(&c->err))
        return;
    if (c->out.fd < 0 && c->err.fd < 0)
        child_end(c);
    else
        io_timer_arm(c->timer, CHILD_DRAIN_MS);
}

/* Looks before it reaps: while the process is a zombie its group's number cannot be anybody else's.
 */
static bool child_reap(struct child *c)
{
    siginfo_t info = { 0 };

    if (c->exited || c->pid <= 0)
        return false;
    if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
        return false;
    if (c->killing)
        kill(-c->pid, SIGKILL); /* who ignored the TERM in its group */
    return waitpid(c->pid, &c->status, WNOHANG) == c->pid;
}

static void child_on_signal(void *arg, int signo)
{
    struct child *c = arg;

    (void)signo;
    if (!child_reap(c))
        return;
    if (c->orphan) {
        io_release(c->io);
        child_destroy(c);
    } else {
        child_on_exit(c);
    }
}

static void child_on_timer(void *arg)
{
    struct child *c = arg;

    if (c->ended)
        return;
    if (c->failed || c->exited || c->faked) {
        if (c->faked && c->ev.output && c->out.kept.len)
            c->ev.output(c->arg, 1, c->out.kept.bytes, c->out.kept.len);
        child_end(c);
        return;
    }
    if (c->killing)
        kill(-c->pid, SIGKILL);
    else
        child_kill(c);
}

void child_kill(struct child *c)
{
    if (!c || c->exited || c->killing || c->pid <= 0)
        return;
    c->killing = true;
    kill(-c->pid, SIGTERM);
    kill(-c->pid, SIGCONT); /* a stopped one has to hear it */
    io_timer_arm(c->timer, CHILD_KILL_MS);
}

void child_close_stdin(struct child *c)
{
    if (c->in_fd >= 0)
        close(c->in_fd);
    c->in_fd = -1;
}

int child_pid(const struct child *c)
{
    return c->pid;
}

void child_free(struct child *c)
{
    if (!c)
        return;
    if (c->gone)
        *c->gone = true;
    c->gone = NULL;
    if (c->pid <= 0 || c->exited) {
        child_destroy(c);
        return;
    }
    c->killing = true;
    kill(-c->pid, SIGKILL);
    if (child_reap(c)) {
        child_destroy(c);
        return;
    }
    /* It is about to go, or hangs in the kernel: reaped when it is out, or by init after us. */
    c->orphan = true;
    io_hold(c->io);
    child_pipe_close(&c->out);
    child_pipe_close(&c->err);
    io_timer_off(c->timer);
}

/* ---- starting ---- */

static bool child_pipe_open(struct child_pipe *p, int *theirs)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return false;
    p->fd = fds[0];
    *theirs = fds[1];
    p->watch =
        io_watch_new(p->c->io, p->fd, IO_READ, child_on_pipe, p); /* sets our end O_NONBLOCK */
    return p->watch != NULL;
}

static bool child_plan_open(struct child *c, struct child_plan *p)
{
    int fds[2];

    if (!child_pipe_open(&c->out, &p->out) || !child_pipe_open(&c->err, &p->err))
        return false;
    if (c->in_fd == -2) { /* a lifeline was asked for */
        if (pipe2(fds, O_CLOEXEC) < 0)
            return false;
        p->in = fds[0];
        c->in_fd = fds[1];
    } else {
        p->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (p->in < 0 || pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    c->fail_fd = fds[0];
    p->fail = fds[1];
    return true;
}

static void child_plan_close(struct child_plan *p)
{
    int fds[] = { p->in, p->out, p->err, p->fail };

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* True when `more` names this variable too: "HOME=/root" and "HOME=/srv" are one. */
static bool child_is_given(const char *const *more, const char *name)
{
    size_t len = strlen(name);

    for (; more && *more; more++)
        if (strncmp(*more, name, len) == 0 && (*more)[len] == '=')
            return true;
    return false;
}

static char **child_environment(const char *const *more, const char *mark)
{
    size_t n = 0, n_more = 0;
    char **env;

    while (more && more[n_more])
        n_more++;
    env = xcalloc(CHILD_ALLOWED + n_more + 3, sizeof *env);
    env[n++] = xstrdup(child_path);
    env[n++] = xstrdup(mark);
    for (size_t i = 0; i < CHILD_ALLOWED; i++) {
        const char *value = getenv(child_allowed[i]);
        struct buf b = { 0 };

        if (!value || child_is_given(more, child_allowed[i]))
            continue;
        buf_addf(&b, "%s=%s", child_allowed[i], value);
        env[n++] = b.bytes;
    }
    for (size_t i = 0; i < n_more; i++)
        env[n++] = xstrdup(more[i]);
    return env;
}

static bool child_fork(struct child *c, const struct child_spec *spec)
{
    struct child_plan p = {
        .spec = spec, .in = -1, .out = -1, .err = -1, .fail = -1, .parent = getpid()
    };
    sigset_t all, old;
    char mark[80], **built;
    int e = 0;

    orphans_mark(c->io, mark);
    built = child_environment(spec->env, mark);
    if (!spec->own_house)
        p.tasks_max = orphans_tasks_max(c->io);
    p.envp = built;
    if (child_plan_open(c, &p)) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old); /* no handler of ours may run in the child */
        c->pid = fork();
        if (c->pid == 0)
            child_exec(&p);
        e = errno;
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (c->pid > 0)
            c->run = orphans_add(c->io, c->pid, spec->own_house);
    } else {
        e = errno;
    }
    child_plan_close(&p);
    for (char **at = built; *at; at++) {
        secret_wipe(*at, strlen(*at));
        free(*at);
    }
    free(built);
    errno = e;
    return c->pid > 0;
}

static bool child_fake(struct child *c, const struct child_spec *spec, int64_t *delay_ms)
{
    const struct fake_net *net = io_fake(c->io);
    struct fake_answer answer = { 0 };

    if (!net || !net->command)
        return false;
    net->command(net->arg, spec->argv, &answer);
    c->faked = true;
    c->status = answer.code << 8;
    *delay_ms = answer.delay_ms;
    child_keep(c, &c->out, answer.body ? answer.body : "", fake_answer_len(&answer));
    return true;
}

struct child *child_start(struct io *io, const struct child_spec *spec,
                          const struct child_events *ev, void *arg)
{
    struct child *c = xcalloc(1, sizeof *c);
    int64_t delay_ms = 0;

    assert(spec->argv && spec->argv[0]);
    c->io = io;
    c->ev = *ev;
    c->name = xstrdup(spec->argv[0]);
    c->arg = arg;
    c->max_bytes = spec->max_bytes ? spec->max_bytes : CHILD_OUTPUT_MAX;
    c->out = (struct child_pipe){ .c = c, .fd = -1, .nr = 1 };
    c->err = (struct child_pipe){ .c = c, .fd = -1, .nr = 2 };
    c->in_fd = spec->keep_stdin ? -2 : -1;
    c->fail_fd = -1;
    c->timer = io_timer_new(io, child_on_timer, c);
    c->chld = io_signal_new(io, SIGCHLD, child_on_signal, c);
    if (io_is_virtual(io) && child_fake(c, spec, &delay_ms))
        ;
    else if (io_is_virtual(io))
        err_set(&c->why, "no processes on a virtual clock");
    else if (spec->argv[0][0] != '/')
        err_set(&c->why, "%s is not an absolute path", spec->argv[0]);
    else if (!child_fork(c, spec))
        err_set(&c->why, "cannot start %s: %s", c->name, strerror(errno));
    if (c->pid <= 0) {
        c->failed = !c->faked;
        c->pid = 0;
        io_timer_arm(c->timer, delay_ms); /* `ended` never comes inside this call */
    } else if (spec->limit_ms > 0) {
        io_timer_arm(c->timer, spec->limit_ms);
    }
    return c;
}
