/* examples/sim/concierge_env.c: the variables of the mobile backend: set at the platform, effective
 * in the process from its next start on. */
#include <stdio.h>
#include <string.h>

#include "concierge.h"
#include "tools.h"
#include "world.h"

static const char *const cg_flags[CG_SETTINGS] = { "CONCIERGE_DISABLED",
                                                   "PUSH_NOTIFICATIONS_DISABLED",
                                                   "RECOMMENDATIONS_CACHE_TTL_OVERRIDE" };

bool cg_effective(struct world *w, int flag)
{
    struct mobile *m = cg_mobile(w);

    pthread_mutex_lock(&m->lock);
    bool on = !strcmp(m->effective[flag], "true");
    pthread_mutex_unlock(&m->lock);
    return on;
}

bool cg_env_write(struct world *w, char *why)
{
    struct mobile *m = cg_mobile(w);
    struct str s = { 0 };

    for (int i = 0; i < CG_SETTINGS; i++)
        if (m->set[i][0])
            str_addf(&s, "%s=%s\n", cg_flags[i], m->set[i]);
    bool ok = place_write(&w->boot->place, "backend.env", s.s ? s.s : "", NULL, 0644, why);
    str_fini(&s);
    return ok;
}

/* set-env.sh NAME VALUE: at the platform; the running process does not see it. */
int tool_set_env(struct world *w, int argc, char **argv, struct str *out)
{
    struct mobile *m = w->system == &system_concierge ? cg_mobile(w) : NULL;
    char why[PLACE_WHY] = "";

    for (int i = 0; m && argc >= 2 && argc <= 3 && i < CG_SETTINGS; i++) {
        if (strcmp(argv[1], cg_flags[i]) != 0)
            continue;
        pthread_mutex_lock(&m->lock);
        snprintf(m->set[i], sizeof m->set[i], "%s", argc == 3 ? argv[2] : "");
        bool ok = cg_env_write(w, why);
        pthread_mutex_unlock(&m->lock);
        str_addf(out, ok ? "%s is set; it takes a redeploy\n" : "%s\n", ok ? argv[1] : why);
        return ok ? 0 : 1;
    }
    str_add(out, "set-env.sh NAME [VALUE]: no such variable here\n");
    return 64;
}

/* redeploy.sh backend: a new process with the variables of now. */
int tool_redeploy(struct world *w, int argc, char **argv, struct str *out)
{
    struct mobile *m = w->system == &system_concierge ? cg_mobile(w) : NULL;
    char why[PLACE_WHY] = "";

    (void)argc;
    (void)argv;
    if (!m) {
        str_add(out, "redeploy.sh: not in this demo\n");
        return 64;
    }
    if (world_fault(w, "redeploy_forgotten")) {
        str_add(out, "build queued\n"); /* and nobody looks whether it ever ran */
        return 0;
    }
    if (!world_restart(w, w->apps[0].def->name, why)) {
        str_addf(out, "redeploy.sh: %s\n", why);
        return 1;
    }
    str_add(out, "backend is live\n");
    return 0;
}

void cg_env_take(struct world *w)
{
    struct mobile *m = cg_mobile(w);

    pthread_mutex_lock(&m->lock);
    memcpy(m->effective, m->set, sizeof m->set);
    pthread_mutex_unlock(&m->lock);
}

void cg_env_forget(struct world *w)
{
    struct mobile *m = cg_mobile(w);
    char why[PLACE_WHY];

    pthread_mutex_lock(&m->lock);
    memset(m->set, 0, sizeof m->set);
    memset(m->effective, 0, sizeof m->effective);
    if (!cg_env_write(w, why))
        world_log(w, "%s", why);
    pthread_mutex_unlock(&m->lock);
}
