/* tests/harness/ptychild.c: see ptychild.h */
#include "ptychild.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

bool ptychild_open(struct ptychild *c, int cols, int rows)
{
    struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

    *c = (struct ptychild){ .master = -1, .slave = -1 };
    if (openpty(&c->master, &c->slave, NULL, NULL, &ws) < 0)
        return false;
    fcntl(c->master, F_SETFD, FD_CLOEXEC);
    fcntl(c->slave, F_SETFD, FD_CLOEXEC);
    fcntl(c->master, F_SETFL, O_NONBLOCK);
    return tcgetattr(c->slave, &c->first) == 0;
}

static void ptychild_exec(struct ptychild *c, char *const *argv, char *const *env, size_t n_env)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < NSIG; s++) /* a terminal starts programs like this, also one under nohup */
        signal(s, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (login_tty(dup(c->slave)) < 0)
        _exit(126);
    for (size_t i = 0; i < n_env; i++) {
        if (strchr(env[i], '='))
            putenv(env[i]);
        else
            unsetenv(env[i]);
    }
    execvp(argv[0], argv);
    dprintf(2, "ptyvt: %s: %s\r\n", argv[0], strerror(errno));
    _exit(127);
}

bool ptychild_start(struct ptychild *c, char *const *argv, char *const *env, size_t n_env)
{
    pid_t pid = fork();

    if (pid < 0)
        return false;
    if (pid == 0)
        ptychild_exec(c, argv, env, n_env);
    c->pid = pid;
    c->exited = false;
    c->status = 0;
    return true;
}

bool ptychild_reap(struct ptychild *c)
{
    if (c->pid && !c->exited && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
        c->exited = true;
    return c->exited;
}

void ptychild_hangup(struct ptychild *c)
{
    if (c->master >= 0)
        close(c->master);
    if (c->slave >= 0)
        close(c->slave);
    c->master = c->slave = -1;
    c->queued = 0;
}

void ptychild_close(struct ptychild *c)
{
    struct timespec pause = { 0, 5000000 };

    ptychild_hangup(c);
    for (int i = 0; c->pid && i < 200 && !ptychild_reap(c); i++)
        nanosleep(&pause, NULL);
    if (c->pid && !c->exited) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, &c->status, 0);
        c->exited = true;
    }
    free(c->queue);
    c->queue = NULL;
    c->queue_cap = 0;
}

void ptychild_resize(struct ptychild *c, int cols, int rows)
{
    struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

    if (c->master >= 0)
        ioctl(c->master, TIOCSWINSZ, &ws);
}

void ptychild_flush(struct ptychild *c)
{
    ssize_t n;

    while (c->master >= 0 && c->queued && (n = write(c->master, c->queue, c->queued)) > 0) {
        c->queued -= (size_t)n;
        memmove(c->queue, c->queue + n, c->queued);
    }
}

void ptychild_write(struct ptychild *c, const char *bytes, size_t n)
{
    if (c->master < 0)
        return;
    if (c->queued + n > c->queue_cap) {
        c->queue_cap = (c->queued + n) * 2;
        c->queue = realloc(c->queue, c->queue_cap);
        if (!c->queue)
            abort();
    }
    memcpy(c->queue + c->queued, bytes, n);
    c->queued += n;
    ptychild_flush(c);
}

bool ptychild_same_termios(const struct ptychild *c)
{
    struct termios now;

    if (c->slave < 0 || tcgetattr(c->slave, &now) < 0)
        return false;
    return now.c_iflag == c->first.c_iflag && now.c_oflag == c->first.c_oflag &&
           now.c_cflag == c->first.c_cflag && now.c_lflag == c->first.c_lflag &&
           !memcmp(now.c_cc, c->first.c_cc, sizeof now.c_cc);
}
