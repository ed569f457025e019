/* tests/probes/files_case.h: a folder of backups, and the kind `files` that looks into it on a real
 * loop. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/probes/run_case.h"

#define HOUR 3600000LL

#define HEAD  "--\n-- PostgreSQL database dump\n--\n"
#define WHOLE HEAD "COPY t FROM stdin;\n\\.\n--\n-- PostgreSQL database dump complete\n--\n\n"

struct folder {
    char path[64], pattern[96];
    struct probe_case c;
};

static inline void folder_init(struct folder *f)
{
    memset(f, 0, sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/midwatch-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->pattern, sizeof f->pattern, "%s/db*", f->path);
}

static inline void folder_age(struct folder *f, const char *name, int64_t age_ms)
{
    char path[256];
    struct timespec now, at[2];
    int64_t ms;

    clock_gettime(CLOCK_REALTIME, &now);
    ms = (int64_t)now.tv_sec * 1000 - age_ms;
    at[0] = at[1] = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_int_equal(utimensat(AT_FDCWD, path, at, 0), 0);
}

static inline void folder_put(struct folder *f, const char *name, const char *bytes, size_t len,
                              int64_t age_ms)
{
    char path[256];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", f->path, name);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    fclose(out);
    folder_age(f, name, age_ms);
}

static inline void folder_dump(struct folder *f, const char *name, int64_t age_ms)
{
    folder_put(f, name, WHOLE, strlen(WHOLE), age_ms);
}

static inline void folder_open(struct folder *f, const char *const *pairs)
{
    const char *all[64] = { "files", f->pattern };
    size_t n = 2;

    for (size_t i = 0; pairs[i] && n < 62; i++)
        all[n++] = pairs[i];
    run_init(&f->c, "files", all);
}

static inline void folder_ask(struct folder *f)
{
    run_poll(&f->c);
}

/* The pairs by which a script of sh reads back, which gets the file as $1. */
#define VERIFY(script) "verify", "/bin/sh", "verify", "-c", "verify", script, "verify", "sh"

/* A script that ends when there is a file `go` in the folder. */
static inline const char *folder_gate(const struct folder *f, char out[200])
{
    snprintf(out, 200, "while [ ! -e %s/go ]; do sleep 0.02; done", f->path);
    return out;
}

static inline void folder_fini(struct folder *f)
{
    char command[128];

    case_fini(&f->c);
    snprintf(command, sizeof command, "rm -r '%s'", f->path);
    assert_int_equal(system(command), 0);
}

static inline void holds(const struct folder *f, enum state state, const char *words)
{
    if (f->c.state != state || !strstr(f->c.reason, words))
        fail_msg("%s '%s'\nwanted %s '%s'\n%s", state_word(f->c.state), f->c.reason,
                 state_word(state), words, f->c.table);
}
