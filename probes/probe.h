/* probes/probe.h: a probe is one periodic question: a table of functions and a table of options.
 *
 * A kind is one file, one line in probes/registry.c, one test, one man page section. poll() starts
 * one measurement and returns at once; the answer comes through probe_report(), exactly once per
 * poll. A value is known or unknown with its reason; a failed read never becomes a number.
 *
 * Owner:   the caller owns the probe and its `self` (of ops->size bytes, filled from the option
 *          tables); open/close bracket what the kind holds of the network.
 */
#pragma once

#include "core/option.h"
#include "core/report.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/pg.h"
#include "io/redis.h"

struct probe;
struct log;
struct metrics_page;

struct probe_common { /* options that every kind takes: probe_common_options */
    int64_t every_ms, timeout_ms, confirm_ms;
    int fail_after;
    enum unit unit;  /* of the main signal; UNIT_NONE = the kind's own choice */
    char *unit_word; /* "clients" */
    char *title;     /* on screen instead of the key; NULL */
    double warn, crit, max;
    bool low_is_bad;
    int when_crit; /* 0 degraded, 1 down */
};
extern const struct option probe_common_options[];
/* The unit of the main signal: what `unit` says, else count where there is a word for what is
 * counted, else the kind's own. */
enum unit probe_unit(const struct probe_common *c, enum unit own);
/* For the check of kinds that measure one thing: "its latency in milliseconds". */
bool probe_unit_fixed(const struct probe_common *c, const char *what, struct err *err);
/* For kinds that are dear to ask: neither the slots nor `confirm` ask more often. `why` is such as
 * "a command is run every 5s at most". */
bool probe_seldom(const struct probe_common *c, int64_t least_ms, const char *why, struct err *err);

/* A list of JSON Pointers, as a single one is checked by its type. */
bool probe_pointers(const char *option, const struct strlist *list, struct err *err);

struct signal_spec {
    const char *name;
    enum unit unit;
    const char *unit_word; /* NULL */
    bool main;             /* warn, crit and max of the options belong to this one */
    int64_t window_ms;
    bool low_is_bad;           /* less is worse, whatever the options say */
    const double *warn, *crit; /* limits of another signal than the main one; NULL = none */
};

struct probe_trust { /* options of the kinds that speak TLS */
    const char *ca_file, *insecure_reason;
    bool insecure;
};
/* Options about TLS go with an address that has it, and leaving it unverified needs a reason.
 * `plain` says how one sees that there is none: "the URL is http". */
bool probe_trust_check(const struct probe_trust *trust, bool tls, const char *plain,
                       struct err *err);

struct clients { /* what a kind may ask with */
    struct io *io;
    struct http *http;
    struct pg *pg;
    struct redis *redis;
    /* What a reference names, for the caller to free; NULL with err when it cannot be had (a probe
     * then reports AUTH, and tries again at the next poll). */
    struct secret *(*secret)(void *arg, const char *reference, struct err *err);
    void *secret_arg;
    struct metrics_page *pages; /* probes/metrics_page.c: what several probes read at once */
    struct log *logs;           /* probes/log.c: the same of logs */
};

/* What `reference` names, for the caller to free; NULL for none. False when it cannot be had now.
 */
bool probe_secret(const struct clients *c, const char *reference, struct secret **out,
                  struct err *err);

struct probe_ops {
    const char *kind; /* also the key that holds the target: { http: URL } */
    const char *help;
    const struct option *options; /* the first is the target, named like the kind */
    size_t size;
    /* After all options are read: what no single option shows. May be NULL. Message as in
     * "ratio: needs two series, good and all". */
    bool (*check)(void *self, struct probe_common *common, struct err *err);
    /* Which signals it feeds, main one first; at most READING_SIGNALS. Also tells the unit in which
     * warn and crit are written. */
    size_t (*signals)(const void *self, const struct probe_common *common,
                      struct signal_spec out[READING_SIGNALS]);
    /* Probes that give the same number are asked at the same moment: they share what they ask. May
     * be NULL: each at its own. */
    uint64_t (*together)(const void *self);
    /* What is asked, for the screen, without credentials. */
    void (*target)(const void *self, struct text *out);
    bool local;       /* it asks this machine: its answer proves no network */
    int requests_max; /* over HTTP, of one question; 0 = one */
    bool (*open)(struct probe *p, struct err *err);
    void (*poll)(struct probe *p);
    /* Cancels what is in flight; no report comes any more. Called after an open() that failed too.
     */
    void (*close)(struct probe *p);
};

struct probe {
    const struct probe_ops *ops;
    void *self;  /* options, read-only once open */
    void *state; /* the kind's own, from open to close */
    const struct probe_common *common;
    struct clients *clients;
    /* filled by app/: */
    void (*on_report)(void *arg, struct probe *p, const struct report *r);
    /* the kept connection closed unasked, or more is known than was told: ask now */
    void (*on_closed)(void *arg, struct probe *p);
    void *arg;
    int64_t closed_ms; /* when it last told of a close (monotonic); 0 = never */
};

void probe_report(struct probe *p, const struct report *r);
/* The kept connection closed unasked. Told on at most once an interval: a server that hangs up
 * after each answer must not be asked twice as often for ever, and never in a storm. */
void probe_closed(struct probe *p);
/* The question as a whole failed: no value, and its note says why too. */
void probe_report_failed(struct report *r, enum fault fault, const char *why);

extern const struct probe_ops *const probe_kinds[]; /* NULL-terminated: probes/registry.c */
const struct probe_ops *probe_kind(const char *kind);
