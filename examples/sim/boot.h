/* examples/sim/boot.h: what the guardian prepares and the worker inherits over fork().
 *
 * Two processes: the guardian (one thread: lifeline, servers, directory) and the worker (many
 * threads: HTTP, faults, traffic). They speak over `link`, one datagram a message; the worker asks
 *   "pg start" | "pg stop" | "redis start" | "redis stop" | "pids"    answered "ok PG REDIS" or "no
 * WHY" and tells "ready" or "failed WHY" once, which is not answered.
 *
 * Owner:   main's stack.
 */
#pragma once

#include <stdbool.h>

#include "place.h"

struct cert_authority;
struct system;

enum boot_listener {
    BOOT_API,
    BOOT_WEB,
    BOOT_CONTROL,
    BOOT_B1,
    BOOT_B2,
    BOOT_TLS,
    BOOT_DNS, /* UDP; the others are TCP */
    BOOT_LISTENERS
};

struct boot {
    const struct system *system;
    struct place place;
    const char *wanted_dir; /* --dir, or NULL */
    bool quiet;
    int port[BOOT_LISTENERS], fd[BOOT_LISTENERS]; /* bound by the guardian; fd -1 where unused */
    int pg_port, redis_port;
    char redis_password[65];          /* "" : none */
    struct cert_authority *authority; /* NULL: a system without an edge */
    char self[512];                   /* this program, for the stubs */
    int link;                         /* the worker's end */
};

int guardian_run(struct boot *b); /* the exit code */
_Noreturn void worker_run(struct boot *b);
