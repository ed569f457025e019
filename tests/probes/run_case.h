/* tests/probes/run_case.h: a probe case on the real clock, for probes that start real commands. It
 * ends with case_fini(). */
#pragma once

#include "tests/io/wait.h"
#include "tests/probes/probe_case.h"

static inline void run_init(struct probe_case *c, const char *kind, const char *const *pairs)
{
    struct err err = { "" };

    memset(c, 0, sizeof *c);
    c->io = io_new(&err);
    c->clients = (struct clients){ .io = c->io };
    case_open(c, &c->clients, kind, pairs);
}

/* One poll, until its report. */
static inline void run_poll(struct probe_case *c)
{
    int before = c->reports;

    c->probe.ops->poll(&c->probe);
    WAIT(c, c->reports > before);
    assert_int_equal(c->reports, before + 1);
}
