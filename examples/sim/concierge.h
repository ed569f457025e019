/* examples/sim/concierge.h: what the files of the mobile shop share: its variables, its log's form,
 * what its cache holds.
 *
 * Errors:  false with a sentence in why (PLACE_WHY bytes).
 * Owner:   the world, as `own`.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "app.h"
#include "chance.h"

#define CG_GROUPS        3
#define CG_GROUP_IDS     30 /* things of a group that are asked for */
#define CG_STRIPE_SECRET "whsec_demo"

struct world;

enum { CG_CONCIERGE, CG_PUSH, CG_TTL, CG_SETTINGS };

struct mobile {
    pthread_mutex_t lock;
    char set[CG_SETTINGS][32], effective[CG_SETTINGS][32]; /* of the platform; of the process */
    struct chance dice;
    double burst_debt;
    int64_t ticked_ms;
};

struct mobile *cg_mobile(const struct world *w);
double cg_unit(struct world *w); /* 0 <= x < 1, from the dice of all threads */

/* concierge_api.c */
extern const struct app_def cg_api;
extern const char *const cg_groups[CG_GROUPS];
/* cacheService.prime, once at the start: nobody measures a cache by its first minute. */
bool cg_prime(struct world *w, char *why);
/* A line of the log up to its own fields; what follows is the caller's. correlation may be NULL. */
void cg_line(struct app *a, const char *level, const char *correlation, struct str *out);

/* concierge_env.c */
bool cg_effective(struct world *w, int flag);  /* this kill switch is on in the process */
bool cg_env_write(struct world *w, char *why); /* DIR/backend.env, as the platform shows it */
void cg_env_take(struct world *w);             /* a new process has what is set now */
void cg_env_forget(struct world *w);
