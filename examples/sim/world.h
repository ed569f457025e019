/* examples/sim/world.h: the simulated system inside the worker: its table, its faults, its clock.
 *
 * Units:   world_now_ms(): the simulated Unix time in milliseconds (the real one plus what was
 * advanced). Errors:  sentences in why (PLACE_WHY bytes). Owner:   the worker's stack; it lives as
 * long as the process. `change` serialises every change of a fault (its effect included), `lock`
 * guards the plain values.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "app.h"
#include "boot.h"
#include "http.h"
#include "leak.h"
#include "servers.h"
#include "str.h"
#include "system.h"

struct world;
struct aws;
struct backups;
struct nginx;
struct queues;
struct tokens;

struct fault_now {
    bool on;
    char value[32];
    double number;
};

struct world {
    const struct boot *boot;
    const struct system *system;
    struct servers servers;
    pthread_mutex_t lock;
    pthread_mutex_t change; /* recursive */
    int64_t offset_ms;
    struct fault_now faults[SYSTEM_FAULTS];
    atomic_bool live; /* the servers are up; before that no fault is taken */
    struct app apps[SYSTEM_APPS];
    int app_n;
    struct http_listener web, control;
    struct leak leak;
    struct aws *aws; /* these are NULL where a system does not have them */
    struct queues *queues;
    struct nginx *nginx;
    struct backups *backups;
    struct tokens *tokens;
    void *own; /* what only this system has: its file knows */
};

void world_init(struct world *w, const struct boot *b);
void *world_alloc(size_t size);  /* zeroed, for as long as the process lives */
void world_run(struct world *w); /* starts the threads that make it live; returns at once */
int64_t world_now_ms(struct world *w);
void world_advance(struct world *w, int64_t ms);

bool world_fault(struct world *w, const char *name);
double world_number(struct world *w, const char *name); /* 0 while off */
bool world_text(struct world *w, const char *name, char *out, size_t cap);
const struct fault_def *world_fault_def(const struct system *s, const char *name);

/* `name` may be "name=value", and '-' stands for '_'; value may be NULL. The answer is an HTTP
 * code: 200, 400, 404 (unknown), 500 (its effect failed) or 503 (still starting). */
int world_set(struct world *w, const char *name, bool on, const char *value, char *why);
void world_clear(struct world *w, const char *name); /* off, when it is on */
bool world_reset(struct world *w, char *why);        /* all off, clock back */

void world_log(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The effects of redis_down and db_down. */
bool world_redis_down(struct world *w, bool on, char *why);
bool world_db_down(struct world *w, bool on, char *why);

/* control.c: every listener answers it. True when the path was one of /__sim. */
bool control_handle(struct world *w, struct http_request *rq, struct http_response *rs);
