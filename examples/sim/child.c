/* examples/sim/child.c: fork, drop, exec; and the end of it. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void child_die(const char *what)
{
    dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
    _exit(127);
}

static void child_become(struct child *c, const char *const argv[], const struct place_account *as,
                         const char *dir, int log_fd, pid_t parent)
{
    static char path[] = "PATH=/usr/bin:/bin", lang[] = "LANG=C.UTF-8", tz[] = "TZ=UTC";
    char home[300];
    char *env[] = { path, lang, tz, home, NULL };
    sigset_t none;

    snprintf(home, sizeof home, "HOME=%s", dir);
    setsid();
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null_fd = open("/dev/null", O_RDONLY);
    if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(log_fd, 1) < 0 || dup2(log_fd, 2) < 0)
        _exit(127);
    umask(077);
    if (chdir(dir) != 0)
        child_die(dir);
    if (as->drop && (setgroups(0, NULL) != 0 || setgid(as->gid) != 0 || setuid(as->uid) != 0))
        child_die("becoming the unprivileged user");
    if (prctl(PR_SET_PDEATHSIG, c->stop_signal) != 0)
        child_die("prctl");
    if (getppid() != parent) /* it died before we asked to be told */
        _exit(127);
    /* exec takes char *const[] for reasons of history; it changes nothing */
    execve(argv[0], (char *const *)(uintptr_t)argv, env);
    child_die(argv[0]);
}

bool child_start(struct child *c, const char *const argv[], const struct place_account *as,
                 const char *dir, const char *log, char *why)
{
    pid_t parent = getpid();
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd < 0) {
        snprintf(why, PLACE_WHY, "%s: %s", log, strerror(errno));
        return false;
    }
    pid_t pid = fork();
    if (pid == 0)
        child_become(c, argv, as, dir, fd, parent);
    close(fd);
    if (pid < 0) {
        snprintf(why, PLACE_WHY, "starting %s: %s", c->name, strerror(errno));
        return false;
    }
    c->pid = pid;
    c->kill_at_ms = 0;
    return true;
}

void child_stop(struct child *c, int64_t now_mono_ms, int64_t patience_ms)
{
    if (!c->pid)
        return;
    kill(c->pid, c->stop_signal);
    kill(c->pid, SIGCONT); /* somebody may have frozen it to play dead */
    c->kill_at_ms = now_mono_ms + patience_ms;
}

void child_tick(struct child *c, int64_t now_mono_ms)
{
    if (c->pid && c->kill_at_ms && now_mono_ms >= c->kill_at_ms)
        kill(c->pid, SIGKILL);
}
