/* examples/sim/guardian.c: the process that others start and that sees to it that nothing stays.
 *
 * It has one thread, owns the servers and the worker, and ends everything on end of file on stdin,
 * on SIGTERM, SIGINT or SIGHUP, and when the worker dies. When it is killed itself the servers get
 * their death signal and the worker removes the directory (worker.c); when both are killed the next
 * start removes it (place.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "cert.h"
#include "child.h"
#include "evict.h"
#include "now.h"
#include "str.h"
#include "world.h"

enum { CHILD_WORKER, CHILD_INITDB, CHILD_PG, CHILD_REDIS, CHILDREN };

struct guardian {
    struct boot *boot;
    struct child child[CHILDREN];
    int link, signals;
    int reserved[2]; /* the servers' ports, bound until the server takes over */
    int stopping;    /* the child whose end the worker waits for, -1: none */
    bool ready, over;
    bool stdin_open;
    char why[PLACE_WHY]; /* set: it ends with "failed" */
};

static void guardian_say(const char *line)
{
    size_t n = strlen(line), done = 0;

    while (done < n) { /* nobody may read; that is no reason to end */
        ssize_t w = write(STDOUT_FILENO, line + done, n - done);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return;
        done += (size_t)w;
    }
}

static void guardian_say_failed(const char *why)
{
    struct str s = { 0 };

    str_add(&s, "{\"event\":\"failed\",\"why\":");
    str_json(&s, why);
    str_add(&s, "}\n");
    guardian_say(s.s);
    str_fini(&s);
}

static void guardian_fail(struct guardian *g, const char *why)
{
    if (!g->why[0])
        snprintf(g->why, sizeof g->why, "%.*s", (int)sizeof g->why - 1, why);
    g->over = true;
}

static void guardian_say_ports(const struct boot *b)
{
    struct str s = { 0 };

    str_addf(&s, "{\"event\":\"ports\",\"system\":\"%s\",\"vars\":{", b->system->name);
    system_vars(b, &s);
    str_addf(&s, "},\"control\":\"http://127.0.0.1:%d\",\"dir\":", b->port[BOOT_CONTROL]);
    str_json(&s, b->place.dir);
    str_add(&s, "}\n");
    guardian_say(s.s);
    str_fini(&s);
}

/* The last lines of a server's log, for the message. */
static void guardian_log_tail(const struct boot *b, const char *name, char *out, size_t cap)
{
    char path[400], buf[241];
    ssize_t n = 0;

    snprintf(path, sizeof path, "%s/log/%s.log", b->place.dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        off_t end = lseek(fd, 0, SEEK_END);
        n = pread(fd, buf, sizeof buf - 1, end > 240 ? end - 240 : 0);
        close(fd);
    }
    buf[n > 0 ? n : 0] = '\0';
    while (n > 0 && buf[n - 1] == '\n')
        buf[--n] = '\0';
    for (ssize_t i = 0; i < n; i++)
        if (buf[i] == '\n')
            buf[i] = ' ';
    snprintf(out, cap, "%s", buf);
}

/* ---- the servers ---- */

static bool guardian_configure_pg(const struct boot *b, char *why)
{
    const char *dir = b->place.dir;
    struct str s = { 0 };

    str_addf(&s,
             "data_directory = '%s/pg'\nhba_file = '%s/pg_hba.conf'\nport = %d\n"
             "listen_addresses = '127.0.0.1'\nunix_socket_directories = '%s/run'\n"
             "max_connections = %d\n",
             dir, dir, b->pg_port, dir, b->system->pg_max_connections);
    /* mmap: what a killed server leaves lies in its directory, not in /dev/shm. */
    str_add(&s, "fsync = off\nfull_page_writes = off\n"
                "shared_buffers = 16MB\nmin_wal_size = 32MB\nmax_wal_size = 64MB\n"
                "wal_level = minimal\nmax_wal_senders = 0\nautovacuum = off\njit = off\n"
                "max_logical_replication_workers = 0\ndynamic_shared_memory_type = mmap\n"
                "timezone = 'UTC'\nlog_timezone = 'UTC'\nlog_min_messages = warning\n");
    /* The superuser has no way in over TCP: any user of this machine can reach the port, and a
     * superuser may run programs. */
    bool ok = place_write(&b->place, "postgresql.conf", s.s, NULL, 0644, why) &&
              place_write(&b->place, "pg_hba.conf",
                          "local all all trust\n"
                          "host all app,midwatch 127.0.0.1/32 trust\n",
                          NULL, 0644, why);
    str_fini(&s);
    return ok;
}

static bool guardian_configure_redis(const struct boot *b, char *why)
{
    const char *dir = b->place.dir;
    struct str s = { 0 };

    str_addf(
        &s,
        "bind 127.0.0.1\nport %d\nunixsocket %s/redis/redis.sock\nunixsocketperm 700\n"
        "dir %s/redis\nsave \"\"\nappendonly %s\nappendfsync no\nauto-aof-rewrite-min-size 8mb\n"
        "maxmemory %s\nmaxmemory-policy allkeys-lru\ndaemonize no\n",
        b->redis_port, dir, dir, b->system->redis_ephemeral ? "no" : "yes",
        b->system->redis_maxmemory);
    if (b->redis_password[0])
        str_addf(&s, "requirepass %s\n", b->redis_password);
    bool ok = place_write(&b->place, "redis/redis.conf", s.s, &b->place.redis_user, 0600, why);
    str_fini(&s);
    if (ok && b->redis_password[0])
        ok = place_write(&b->place, "redis.password", b->redis_password, NULL, 0600, why);
    return ok;
}

/* Before its file is told to anybody. */
static bool guardian_certify(struct boot *b, char *why)
{
    if (!b->system->zone)
        return true;
    b->authority = cert_authority_new(why);
    return b->authority && cert_authority_write(b->authority, &b->place, "ca.pem", why);
}

static bool guardian_prepare(struct boot *b, char *why)
{
    const struct place *p = &b->place;

    return place_subdir(p, "log", 0755, NULL, why) && place_subdir(p, "bin", 0755, NULL, why) &&
           place_subdir(p, "pg", 0700, &p->pg_user, why) &&
           place_subdir(p, "run", 0700, &p->pg_user, why) &&
           place_subdir(p, "redis", 0700, &p->redis_user, why) && guardian_configure_pg(b, why) &&
           guardian_configure_redis(b, why) && guardian_certify(b, why);
}

static bool guardian_start_initdb(struct guardian *g, char *why)
{
    const struct place *p = &g->boot->place;
    char prog[300], data[300], log[300];

    snprintf(prog, sizeof prog, "%s/initdb", p->pg_bin);
    snprintf(data, sizeof data, "%s/pg", p->dir);
    snprintf(log, sizeof log, "%s/log/initdb.log", p->dir);
    const char *const argv[] = { prog,
                                 "-D",
                                 data,
                                 "-A",
                                 "trust",
                                 "-U",
                                 "postgres",
                                 "--no-sync",
                                 "--locale=C",
                                 "--encoding=UTF8",
                                 "--no-instructions",
                                 NULL };
    return child_start(&g->child[CHILD_INITDB], argv, &p->pg_user, data, log, why);
}

static void guardian_release(struct guardian *g, int which)
{
    if (g->reserved[which] >= 0)
        close(g->reserved[which]);
    g->reserved[which] = -1;
}

static bool guardian_start_pg(struct guardian *g, char *why)
{
    const struct place *p = &g->boot->place;
    char prog[300], data[300], log[300], conf[320];

    snprintf(prog, sizeof prog, "%s/postgres", p->pg_bin);
    snprintf(data, sizeof data, "%s/pg", p->dir);
    snprintf(log, sizeof log, "%s/log/postgres.log", p->dir);
    snprintf(conf, sizeof conf, "config_file=%s/postgresql.conf", p->dir);
    const char *const argv[] = { prog, "-D", data, "-c", conf, NULL };
    guardian_release(g, 0);
    return child_start(&g->child[CHILD_PG], argv, &p->pg_user, data, log, why);
}

static bool guardian_start_redis(struct guardian *g, char *why)
{
    const struct place *p = &g->boot->place;
    char prog[300], conf[300], dir[300], log[300];

    snprintf(prog, sizeof prog, "%s", p->redis_server);
    snprintf(conf, sizeof conf, "%s/redis/redis.conf", p->dir);
    snprintf(dir, sizeof dir, "%s/redis", p->dir);
    snprintf(log, sizeof log, "%s/log/redis.log", p->dir);
    const char *const argv[] = { prog, conf, NULL };
    guardian_release(g, 1);
    return child_start(&g->child[CHILD_REDIS], argv, &p->redis_user, dir, log, why);
}

static bool guardian_start_worker(struct guardian *g, int theirs, char *why)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0) {
        close(g->link);
        close(g->signals);
        guardian_release(g, 0);
        guardian_release(g, 1);
        g->boot->link = theirs;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            _exit(1);
        worker_run(g->boot);
    }
    if (pid < 0) {
        snprintf(why, PLACE_WHY, "fork: %s", strerror(errno));
        return false;
    }
    g->child[CHILD_WORKER].pid = pid;
    return true;
}

/* ---- the link ---- */

static void guardian_answer(struct guardian *g, const char *why)
{
    char text[PLACE_WHY + 8];

    if (why)
        snprintf(text, sizeof text, "no %s", why);
    else
        snprintf(text, sizeof text, "ok %d %d", (int)g->child[CHILD_PG].pid,
                 (int)g->child[CHILD_REDIS].pid);
    if (send(g->link, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        guardian_fail(g, "the worker does not listen");
}

static void guardian_obey(struct guardian *g, const char *word)
{
    char why[PLACE_WHY] = "";
    bool ok = true;

    if (!strcmp(word, "ready")) {
        g->ready = true;
        guardian_say("{\"event\":\"ready\"}\n");
        return;
    }
    if (!strncmp(word, "failed ", 7)) {
        guardian_fail(g, word + 7);
        return;
    }
    if (!strcmp(word, "pg stop") || !strcmp(word, "redis stop")) {
        int which = word[0] == 'p' ? CHILD_PG : CHILD_REDIS;
        if (g->child[which].pid) {
            child_stop(&g->child[which], now_mono_ms(), 700);
            g->stopping = which;
            return; /* answered when it has ended */
        }
    } else if (!strcmp(word, "pg start") && !g->child[CHILD_PG].pid) {
        ok = guardian_start_pg(g, why);
    } else if (!strcmp(word, "redis start") && !g->child[CHILD_REDIS].pid) {
        ok = guardian_start_redis(g, why);
    }
    guardian_answer(g, ok ? NULL : why);
}

static void guardian_ended(struct guardian *g, int which, int status)
{
    struct child *c = &g->child[which];
    char why[PLACE_WHY], tail[256], how[40];

    c->pid = 0;
    c->kill_at_ms = 0;
    if (g->stopping == which) {
        g->stopping = -1;
        guardian_answer(g, NULL);
        return;
    }
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof how, "exit code %d", WEXITSTATUS(status));
    if (which == CHILD_INITDB && status == 0) {
        if (!guardian_start_pg(g, why))
            guardian_fail(g, why);
        return;
    }
    /* After the start a server that somebody killed is an outage like another: it stays dead until
     * the fault is switched on and off. */
    if (which != CHILD_WORKER && g->ready)
        return;
    guardian_log_tail(g->boot, c->name, tail, sizeof tail);
    snprintf(why, sizeof why, "%s ended with %s%s%s", c->name, how, tail[0] ? ": " : "", tail);
    guardian_fail(g, why);
}

static void guardian_reap(struct guardian *g)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < CHILDREN; i++)
            if (g->child[i].pid == pid)
                guardian_ended(g, i, status);
}

/* ---- the loop and the end ---- */

static void guardian_read(struct guardian *g, const struct pollfd *fds)
{
    char buf[PLACE_WHY + 16];
    struct signalfd_siginfo si;

    if (fds[0].revents && g->stdin_open) {
        ssize_t n = read(STDIN_FILENO, buf, sizeof buf);
        if (n == 0 || (n < 0 && errno == EBADF))
            g->over = true;
        else if (n < 0 && errno != EINTR && errno != EAGAIN)
            g->stdin_open = false; /* a terminal that is not ours to read: signals remain */
    }
    if (fds[1].revents && read(g->signals, &si, sizeof si) == sizeof si && si.ssi_signo != SIGCHLD)
        g->over = true;
    if (fds[2].revents & POLLIN) {
        ssize_t n = recv(g->link, buf, sizeof buf - 1, MSG_DONTWAIT);
        if (n > 0) {
            buf[n] = '\0';
            guardian_obey(g, buf);
        }
    }
    guardian_reap(g);
}

static void guardian_loop(struct guardian *g)
{
    while (!g->over) {
        struct pollfd fds[3] = {
            { .fd = g->stdin_open ? STDIN_FILENO : -1, .events = POLLIN },
            { .fd = g->signals, .events = POLLIN },
            { .fd = g->child[CHILD_WORKER].pid ? g->link : -1, .events = POLLIN },
        };
        bool busy = g->stopping >= 0;

        if (poll(fds, 3, busy ? 20 : -1) < 0 && errno != EINTR)
            break;
        guardian_read(g, fds);
        for (int i = 0; i < CHILDREN; i++)
            child_tick(&g->child[i], now_mono_ms());
    }
}

static void guardian_end(struct guardian *g)
{
    int64_t begin = now_mono_ms();
    int alive = 1;

    /* The worker first: it holds nothing that is worth a farewell. */
    child_stop(&g->child[CHILD_WORKER], begin, 0);
    child_stop(&g->child[CHILD_REDIS], begin, 0);
    child_stop(&g->child[CHILD_INITDB], begin, 500);
    child_stop(&g->child[CHILD_PG], begin, 800);
    while (alive && now_mono_ms() - begin < 1000) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            for (int i = 0; i < CHILDREN; i++)
                if (g->child[i].pid == pid)
                    g->child[i].pid = 0;
        alive = 0;
        for (int i = 0; i < CHILDREN; i++) {
            child_tick(&g->child[i], now_mono_ms());
            alive += g->child[i].pid != 0;
        }
        if (alive)
            now_sleep_ms(5);
    }
    evict_from(g->boot->place.dir, 600); /* backends, initdb's helpers */
    place_remove(&g->boot->place);
    cert_authority_free(g->boot->authority);
}

static bool guardian_bind(struct guardian *g, char *why)
{
    struct boot *b = g->boot;

    g->reserved[0] = place_bind(SOCK_STREAM, &b->pg_port, why);
    g->reserved[1] = place_bind(SOCK_STREAM, &b->redis_port, why);
    for (int i = 0; i < BOOT_LISTENERS; i++) {
        b->fd[i] = -1;
        if (!(b->system->listeners & (1u << i)))
            continue;
        b->fd[i] = place_bind(i == BOOT_DNS ? SOCK_DGRAM : SOCK_STREAM, &b->port[i], why);
        if (b->fd[i] < 0 || (i != BOOT_DNS && listen(b->fd[i], 64) != 0))
            return false;
    }
    return g->reserved[0] >= 0 && g->reserved[1] >= 0;
}

static bool guardian_begin(struct guardian *g, char *why)
{
    int pair[2];

    if (!place_find(&g->boot->place, why) ||
        !place_open(&g->boot->place, g->boot->wanted_dir, why) || !guardian_bind(g, why) ||
        !guardian_prepare(g->boot, why))
        return false;
    guardian_say_ports(g->boot);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        snprintf(why, PLACE_WHY, "socketpair: %s", strerror(errno));
        return false;
    }
    g->link = pair[0];
    bool ok = guardian_start_initdb(g, why) &&
              (!g->boot->system->redis_maxmemory || guardian_start_redis(g, why)) &&
              guardian_start_worker(g, pair[1], why);
    close(pair[1]);
    for (int i = 0; i < BOOT_LISTENERS; i++)
        if (g->boot->fd[i] >= 0)
            close(g->boot->fd[i]);
    return ok;
}

int guardian_run(struct boot *b)
{
    struct guardian g = {
        .boot = b,
        .child = { [CHILD_WORKER] = { .name = "worker", .stop_signal = SIGKILL },
                   [CHILD_INITDB] = { .name = "initdb", .stop_signal = SIGTERM },
                   [CHILD_PG] = { .name = "postgres", .stop_signal = SIGQUIT },
                   [CHILD_REDIS] = { .name = "redis", .stop_signal = SIGKILL } },
        .link = -1,
        .reserved = { -1, -1 },
        .stopping = -1,
        .stdin_open = true,
    };
    char why[PLACE_WHY] = "";
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    g.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

    if (guardian_begin(&g, why))
        guardian_loop(&g);
    else
        guardian_fail(&g, why);
    /* Say it before the end, which may take a second. */
    if (g.why[0])
        guardian_say_failed(g.why);
    guardian_end(&g);
    return g.why[0] ? 1 : 0;
}
