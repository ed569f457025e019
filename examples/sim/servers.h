/* examples/sim/servers.h: the worker's word with the guardian: stop and start the real servers.
 *
 * Errors:  false with a sentence in why.
 * Owner:   the world. Every call is serialised; stop returns when the server is gone, start when it
 *          answers.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "boot.h"

enum server { SERVER_PG, SERVER_REDIS, SERVERS };

struct servers {
    const struct boot *boot;
    pthread_mutex_t lock;
    _Atomic int pid[SERVERS]; /* 0: not running as far as we know */
};

void servers_init(struct servers *s, const struct boot *b);
bool servers_stop(struct servers *s, enum server which, char *why);
bool servers_start(struct servers *s, enum server which, char *why);
bool servers_await(struct servers *s, enum server which, int timeout_ms, char *why);
bool servers_pids(struct servers *s, char *why);           /* asks for them anew */
void servers_tell(struct servers *s, const char *message); /* "ready", "failed WHY" */

/* A superuser's connection string (unix socket) for a database. */
void servers_conninfo(const struct boot *b, const char *db, char *out, size_t cap);
