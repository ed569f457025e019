/* tests/bench/floor.h: what the floor programs share: options, a paced clock, libcurl's multi
 * interface over epoll with a pool of easy handles.
 *
 * A floor does the core of one job and nothing else: it is what the job costs at least, with the
 * libraries that midwatch uses.
 *
 * Units:   microseconds. Errors: end the program.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct floor_options {
    unsigned port, targets, addresses, interval_ms, in_flight;
    const char *path; /* the target's number is appended when it ends in / */
    bool close;       /* a new connection each time */
    unsigned slots;   /* moments of the interval at which targets fall due; 0 = each has its own */
    bool tls;
};

struct floor_fetch { /* one target: its handle stays, as midwatch's does */
    CURL *easy;
    unsigned id;
    bool busy;
    uint64_t done, failed, skipped;
};

/* What is done with a reply: bytes as they come, and the end. */
struct floor_job {
    size_t (*bytes)(char *data, size_t size, size_t n, void *fetch);
    bool (*ended)(struct floor_fetch *f,
                  long code); /* code 0: it failed; false = not as it should be */
};

void floor_parse(int argc, char **argv, struct floor_options *o);
int64_t floor_now_us(void);
/* Asks all targets once per interval until SIGTERM; then prints what was done. */
int floor_run(const struct floor_options *o, const struct floor_job *job);
