/* examples/sim/tools.c: what the stub executables of DIR/bin do to the simulated services, and what
 * they print. A stub is three lines of sh that hand their argv to `midwatch-sim ctl`, which logs it
 * in DIR/commands.log and asks here.
 */
#include "now.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
            snprintf(why, PLACE_WHY, "%s did not come back within %d s", a->name,
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
        if (!strcmp(w->apps[i].name, service))
            return restart_app(w, &w->apps[i], why);
    snprintf(why, PLACE_WHY, "No such service: %s", service);
    return false;
}

/* ---- docker-compose ---- */

static int tool_compose(struct world *w, int argc, char **argv, struct str *out)
{
    char why[PLACE_WHY] = "";
    int i = 1;

    while (i < argc && argv[i][0] == '-') /* -f FILE, -p NAME */
        i += !strcmp(argv[i], "-f") || !strcmp(argv[i], "-p") ? 2 : 1;
    if (i + 1 >= argc || strcmp(argv[i], "restart") != 0) {
        str_add(out, "docker-compose: this demo knows: restart SERVICE\n");
        return 1;
    }
    for (i++; i < argc; i++) {
        if (!world_restart(w, argv[i], why)) {
            str_addf(out, "Restarting %s ... error\nERROR: %s\n", argv[i], why);
            return 1;
        }
        str_addf(out, "Restarting %s ... done\n", argv[i]);
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct world *w, int argc, char **argv, struct str *out);
} tools[] = {
    { "docker-compose", tool_compose },
};

int tools_run(struct world *w, int argc, char **argv, struct str *out)
{
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        if (!strcmp(tools[i].name, argv[0]))
            return tools[i].run(w, argc, argv, out);
    str_addf(out, "%s: not a tool of this demo\n", argv[0]);
    return 127;
}

bool tools_write(const struct boot *b, char *why)
{
    bool ok = true;

    for (size_t i = 0; i < sizeof tools / sizeof tools[0] && ok; i++) {
        struct str s = { 0 };
        char path[400];

        snprintf(path, sizeof path, "%s/bin/%s", b->place.dir, tools[i].name);
        str_add(&s,
                "#!/bin/sh\n# changes the simulated system; the real one is not touched\nexec ");
        str_shell(&s, b->self);
        str_addf(&s, " ctl http://127.0.0.1:%d tool ", b->port[BOOT_CONTROL]);
        str_shell(&s, b->place.dir);
        str_addf(&s, "/commands.log %s \"$@\"\n", tools[i].name);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
        ok = fd >= 0 && write(fd, s.s, s.len) == (ssize_t)s.len && fchmod(fd, 0755) == 0;
        if (!ok)
            snprintf(why, PLACE_WHY, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        str_fini(&s);
    }
    return ok;
}
