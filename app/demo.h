/* app/demo.h: the simulator behind `midwatch demo`: started, asked for faults, ended with us.
 *
 * Errors:  as words for the screen through `said`.
 * Owner:   demo_start() to demo_stop(). Its configuration is the caller's to load: demo_vars() are
 *          the variables that point it at the simulator.
 */
#pragma once

#include "app/config.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/option.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct demo;

struct demo_events {
    void (*said)(void *arg, bool bad, const char *words);
    void (*ready)(void *arg); /* its servers answer (or never will); at once when they do already */
    void (*gone)(void *arg);  /* it failed or ended: demo_gone() has the words */
    void *arg;
};

/* Starts the simulator and waits for its first line (its ports), at most 10 s. */
struct demo *demo_start(struct io *io, const char *system, struct err *err);
void demo_stop(struct demo *d);
void demo_on(struct demo *d, const struct demo_events *events);

/* Why the simulator is no more; NULL while it runs. What the board shows then is nobody's system.
 */
const char *demo_gone(const struct demo *d);
const struct strmap *demo_vars(const struct demo *d);
/* The simulator's own folder, which goes with it, however we end; NULL when it told none. */
const char *demo_dir(const struct demo *d);
/* A profile speaks of a team's production; on the simulator no screen may. */
void demo_own(struct config *c);
/* The profile of the system: examples/<system>/midwatch.yaml, beside the program or installed. */
bool demo_profile(const char *system, char *path, size_t size, struct err *err);
/* Faults by name, for completion. */
const char *const *demo_faults(const struct demo *d, size_t *n);
/* "redis_down" toggles, "conn_leak=25" sets, "off" lifts all. The outcome comes through `said`. */
void demo_fault(struct demo *d, const char *what);
/* The faults of a scenario ("RMU-2"), injected once the simulator is ready. False with the list. */
bool demo_scenario(struct demo *d, const char *id, struct err *err);
/* Systems, scenarios and faults as lines. */
bool demo_list(const char *system, struct buf *out, struct err *err);
