/* examples/sim/tools.c: restarts, docker and ssh, and the stubs themselves. */
#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "now.h"
#include "world.h"

#define RESTART_STOP_MS 2000 /* how long an everyday shutdown answers 503 */
#define RESTART_WAIT_MS 90000

/* ---- restarts ---- */

static bool restart_server(struct world *w, enum server which, const char *fault, char *why)
{
    pthread_mutex_lock(&w->change);
    bool ok = true;
    if (world_fault(w, fault))
        ok = world_set(w, fault, false, NULL, why) == 200; /* which starts it */
    else
        ok = servers_stop(&w->servers, which, why) && servers_start(&w->servers, which, why);
    pthread_mutex_unlock(&w->change);
    return ok;
}

static bool restart_app(struct world *w, struct app *a, char *why)
{
    int64_t deadline = now_mono_ms() + RESTART_WAIT_MS;

    pthread_mutex_lock(&w->change);
    if (app_phase(a) == APP_UP) /* a slow shutdown that runs already is the one to wait for */
        app_stop(a, RESTART_STOP_MS);
    pthread_mutex_unlock(&w->change);
    while (app_phase(a) != APP_UP) {
        if (now_mono_ms() > deadline) {
            snprintf(why, PLACE_WHY, "%s did not come back within %d s", a->def->name,
                     RESTART_WAIT_MS / 1000);
            return false;
        }
        now_sleep_ms(50);
    }
    return true;
}

bool world_restart(struct world *w, const char *service, char *why)
{
    if (!strcmp(service, "redis"))
        return restart_server(w, SERVER_REDIS, "redis_down", why);
    if (!strcmp(service, "postgres") || !strcmp(service, "db"))
        return restart_server(w, SERVER_PG, "db_down", why);
    for (int i = 0; i < w->app_n; i++)
        if (!strcmp(w->apps[i].def->name, service))
            return restart_app(w, &w->apps[i], why);
    snprintf(why, PLACE_WHY, "No such service: %s", service);
    return false;
}

/* ---- helpers ---- */

const char *tools_option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], name))
            return argv[i + 1];
    return NULL;
}

bool tools_sh(struct world *w, const char *script, const char *arg4, const char *arg5, char *why)
{
    static char path_env[] = "PATH=/usr/bin:/bin", lang[] = "LANG=C.UTF-8";
    const struct boot *b = w->boot;
    char run[300], port[16], log[300];
    const char *const argv[] = { "sh", "-c", script, "sh", b->place.pg_bin,
                                 run,  port, arg4,   arg5, NULL };
    char *env[] = { path_env, lang, NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    pid_t pid;
    int status = -1;

    snprintf(run, sizeof run, "%s/run", b->place.dir);
    snprintf(port, sizeof port, "%d", b->pg_port);
    snprintf(log, sizeof log, "%s/log/tools.log", b->place.dir);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_addchdir_np(&files, b->place.dir); /* so that the end finds it */
    posix_spawnattr_init(&attr);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attr, &none); /* the worker's threads block everything */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    int rc = posix_spawn(&pid, "/bin/sh", &files, &attr, (char *const *)(uintptr_t)argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    if (rc == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    if (rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    snprintf(why, PLACE_WHY, "a tool of PostgreSQL failed, see %s", log);
    return false;
}

/* ---- docker-compose, docker, ssh ---- */

static int compose_restart(struct world *w, int argc, char **argv, const char *word,
                           struct str *out)
{
    char why[PLACE_WHY] = "";
    int n = 0;

    for (int i = 0; i < argc; i++) {
        if (argv[i][0] == '-')
            continue;
        n++;
        if (!world_restart(w, argv[i], why)) {
            str_addf(out, "%s %s ... error\nERROR: %s\n", word, argv[i], why);
            return 1;
        }
        str_addf(out, "%s %s ... done\n", word, argv[i]);
    }
    for (int i = 0; !n && i < w->app_n; i++) { /* no service named: all of the app */
        if (!world_restart(w, w->apps[i].def->name, why))
            return 1;
        str_addf(out, "%s %s ... done\n", word, w->apps[i].def->name);
    }
    return 0;
}

static struct app *compose_app(struct world *w, const char *name)
{
    for (int i = 0; i < w->app_n; i++)
        if (!strcmp(w->apps[i].def->name, name))
            return &w->apps[i];
    return NULL;
}

/* exec SERVICE printenv DATABASE_URL | wget ... URL | npx prisma migrate deploy */
static int compose_exec(struct world *w, int argc, char **argv, struct str *out)
{
    struct app *a = argc >= 2 ? compose_app(w, argv[0]) : NULL;
    char why[CLIENT_WHY] = "";

    if (!a) {
        str_addf(out, "ERROR: No such service: %s\n", argc ? argv[0] : "");
        return 1;
    }
    if (!strcmp(argv[1], "printenv") && argc == 3 && !strcmp(argv[2], "DATABASE_URL")) {
        if (!world_fault(w, "env_hides_ssm"))
            return 1; /* not set: the parameter is used */
        str_addf(out, "postgres://app@127.0.0.1:%d/ratemyunit\n", w->boot->pg_port);
        return 0;
    }
    if (!strcmp(argv[1], "wget") || !strcmp(argv[1], "curl")) {
        const char *path = strstr(argv[argc - 1], "//");
        struct client c;

        path = path ? strchr(path + 2, '/') : NULL;
        client_init(&c, a->http.port);
        int code =
            client_ask(&c, "GET", path ? path : "/", "Connection: close\r\n", NULL, 10000, why);
        if (c.body.len && code < 400)
            str_add(out, c.body.s);
        else
            str_addf(out, "wget: server returned error: %d %s\n", code, why);
        client_fini(&c);
        return code >= 200 && code < 400 ? 0 : 1;
    }
    if (!strcmp(argv[1], "npx")) {
        str_add(out, "No pending migrations to apply.\n");
        return 0;
    }
    str_addf(out, "exec: %s: not in this demo\n", argv[1]);
    return 127;
}

static void compose_ps(struct world *w, struct str *out)
{
    static const char *const states[] = { "Up", "Up (stopping)", "Restarting" };

    str_add(out, "Name        State           Ports\n");
    for (int i = 0; i < w->app_n; i++) {
        struct app *a = &w->apps[i];
        bool down = world_fault(w, a->def->down_fault);
        down = down || (i == 0 && world_fault(w, "api_502"));
        str_addf(out, "%-11s %-15s 127.0.0.1:%d->3000/tcp\n", a->def->name,
                 down ? "Exit 137" : states[app_phase(a)], a->http.port);
    }
    str_addf(out, "%-11s %-15s 6379/tcp\n", "redis",
             world_fault(w, "redis_down") ? "Exit 0" : "Up");
}

static int tool_compose(struct world *w, int argc, char **argv, struct str *out)
{
    int i = 1;

    while (i < argc && argv[i][0] == '-') /* -f FILE, -p NAME */
        i += !strcmp(argv[i], "-f") || !strcmp(argv[i], "-p") ? 2 : 1;
    const char *verb = i < argc ? argv[i] : "";
    if (!strcmp(verb, "restart") && i + 1 < argc)
        return compose_restart(w, argc - i - 1, argv + i + 1, "Restarting", out);
    if (!strcmp(verb, "up"))
        return compose_restart(w, argc - i - 1, argv + i + 1, "Recreating", out);
    if (!strcmp(verb, "exec")) {
        for (i++; i < argc && argv[i][0] == '-'; i++) {
        }
        return compose_exec(w, argc - i, argv + i, out);
    }
    if (!strcmp(verb, "ps")) {
        compose_ps(w, out);
        return 0;
    }
    if (!strcmp(verb, "pull")) {
        for (int k = 0; k < w->app_n; k++)
            str_addf(out, "Pulling %s ... done\n", w->apps[k].def->name);
        return 0;
    }
    str_addf(out, "docker-compose: '%s': this demo knows restart, up, exec, ps and pull\n", verb);
    return 1;
}

static int tool_docker(struct world *w, int argc, char **argv, struct str *out)
{
    const char *verb = argc > 1 ? argv[1] : "";
    double memory = world_number(w, "memory");

    if (!strcmp(verb, "ps")) {
        compose_ps(w, out);
        return 0;
    }
    if (!strcmp(verb, "stats")) {
        str_add(out, "NAME           MEM %     MEM USAGE / LIMIT\n");
        for (int i = 0; i < w->app_n; i++) {
            double share = memory > 0 ? memory : 41;
            str_addf(out, "%-14s %5.1f%%    %.0fMiB / 1GiB\n", w->apps[i].def->name, share,
                     share * 10.24);
        }
        return 0;
    }
    if (!strcmp(verb, "logs") && argc > 2) {
        for (int i = 0; i < w->app_n; i++)
            app_log_tail(&w->apps[i], 4000, out);
        return 0;
    }
    str_addf(out, "docker: '%s': this demo knows ps, stats and logs\n", verb);
    return 1;
}

/* ssh [options] HOST COMMAND...: the command, on the only host there is. */
static int tool_ssh(struct world *w, int argc, char **argv, struct str *out)
{
    char words[2048] = "", *inner[64];
    size_t len = 0;
    int i = 1, n = 0;

    while (i < argc && argv[i][0] == '-')
        i += strchr("bcDEeFIiJLlmOopQRSWw", argv[i][1]) && !argv[i][2] ? 2 : 1;
    for (i++; i < argc && len < sizeof words - 1; i++)
        len += (size_t)snprintf(words + len, sizeof words - len, "%s ", argv[i]);
    for (char *save, *p = strtok_r(words, " ", &save); p && n < 63; p = strtok_r(NULL, " ", &save))
        inner[n++] = p;
    inner[n] = NULL;
    if (!n) {
        str_add(out, "Connection to the demo's host closed.\n");
        return 0;
    }
    if (!strcmp(inner[0], "ssh"))
        return 255; /* no host behind the host */
    return tools_run(w, n, inner, out);
}

/* ---- the table and the stubs ---- */

static const struct {
    const char *name;
    int (*run)(struct world *w, int argc, char **argv, struct str *out);
} tools[] = {
    { "aws", tool_aws },
    { "docker", tool_docker },
    { "docker-compose", tool_compose },
    { "ssh", tool_ssh },
    { "k6", tool_k6 },
    { "free", tool_free },
    { "certbot", tool_certbot },
    { "backup.sh", tool_backup },
    { "health-check.sh", tool_health_check },
    { "set-env.sh", tool_set_env },
    { "redeploy.sh", tool_redeploy },
    { "snapshots", tool_snapshots },
    { "cloudwatch", tool_cloudwatch },
    { "rds-age", tool_rds_age },
    { "snapshot-age", tool_snapshot_age },
    { "s3-age", tool_s3_age },
    { "s3-same", tool_s3_same },
    { "check_host", tool_check_host },
};

int tools_run(struct world *w, int argc, char **argv, struct str *out)
{
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];

    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        if (!strcmp(tools[i].name, name))
            return tools[i].run(w, argc, argv, out);
    str_addf(out, "%s: not a tool of this demo\n", name);
    return 127;
}

bool tools_write(const struct boot *b, char *why)
{
    bool ok = true;

    for (size_t i = 0; i < sizeof tools / sizeof tools[0] && ok; i++) {
        struct str s = { 0 };
        char name[64];

        snprintf(name, sizeof name, "bin/%s", tools[i].name);
        str_add(&s,
                "#!/bin/sh\n# changes the simulated system; the real one is not touched\nexec ");
        str_shell(&s, b->self);
        str_addf(&s, " ctl http://127.0.0.1:%d tool ", b->port[BOOT_CONTROL]);
        str_shell(&s, b->place.dir);
        str_addf(&s, "/commands.log %s \"$@\"\n", tools[i].name);
        ok = place_write(&b->place, name, s.s, NULL, 0755, why);
        str_fini(&s);
    }
    return ok;
}
