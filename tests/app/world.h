/* tests/app/world.h: the two systems of the demo as a script for the virtual loop: what their
 * servers, bodies and pages say, and the faults that a test switches.
 */
#pragma once

#include "app/watch.h"
#include "io/fake.h"

#include <stdbool.h>

struct world {
    struct io *io;
    struct watch *watch;
    struct secrets *secrets;
    bool neurmatic;
    bool redis_down, db_down, html_200, degraded_as_503;
    bool backend_1_down;
    char backups[64];         /* a real folder, of a night each up to that of WORLD_T0_S */
    bool shutting_down, away; /* the API, on its way through a restart */
    bool newest_corrupt;      /* gzip says so */
    bool s3_missing;          /* the newest dump was not uploaded */
    double requests;          /* counted on /metrics */
    char log[64];             /* of the API */
    void (*changed)(void *arg, bool loud); /* of the watch; or NULL */
    void *changed_arg;
    char body[4096];
};

enum { WORLD_T0_S = 1769652000 }; /* 2026-01-29T02:00:00Z */

/* The shipped profile of the system on a virtual loop; `step_ms` shifts when it begins, so that a
 * fault meets the probes at another point of their slots. */
void world_start(struct world *w, const char *system, int64_t step_ms);
/* The dump of `nights` ago comes or goes. */
void world_dump(const struct world *w, int nights, bool there);
void world_stop(struct world *w);
const struct service *world_service(const struct world *w, const char *id);
const struct alert *world_alert(const struct world *w, const char *id);
const struct reading *world_reading(const struct world *w, const char *id, const char *probe);
