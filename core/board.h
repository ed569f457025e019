/* core/board.h: everything known at one instant, as plain data. The network half fills it, the
 * screen half draws it, and nothing else crosses between them.
 *
 * Units:   times are Unix milliseconds; 0 = never. Values are in the unit of their signal.
 * Errors:  none here; what could not be known is in `state` and `reason`.
 * Owner:   the board owns everything in it. Services and readings are made once from the
 *          configuration (board_new... in core/board.c) and then only change in place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alert.h"
#include "core/err.h"
#include "core/event.h"
#include "core/fault.h"
#include "core/series.h"
#include "core/silence.h"
#include "core/text.h"
#include "core/unit.h"

enum state { STATE_UNKNOWN, STATE_UP, STATE_DEGRADED, STATE_DOWN, STATE_STALE, STATE_DISABLED };
enum { STATE_COUNT = STATE_DISABLED + 1 };
const char *state_word(enum state s); /* "unknown" "up" "degraded" "down" "stale" "disabled" */
bool state_parse(const char *s, enum state *out);
/* Which of two is worse for somebody on call: down > degraded > stale > unknown > disabled > up. */
int state_rank(enum state s);

enum level { LEVEL_NONE, LEVEL_OK, LEVEL_WARN, LEVEL_CRIT }; /* a value against its thresholds */

/* Times of one exchange, microseconds from its start; -1 = that phase was not reached or not there
 * (a kept connection has no dns, connect and tls). */
struct phases {
    int32_t dns_us, connect_us, tls_us, first_byte_us, total_us;
};
#define PHASES_NONE ((struct phases){ -1, -1, -1, -1, -1 })

struct component {          /* a part of a service as its own health body tells it */
    struct text name, word; /* word: as the body says it, "DOWN", "error" */
    enum state state;
    struct text note;
    double value; /* NaN = none; responseTime, observedValue, waiting ... */
    enum unit unit;
};

struct signal {
    struct text name;      /* "errors", "latency"; unique within its service */
    struct text unit_word; /* "clients"; may be empty */
    enum unit unit;
    bool low_is_bad;        /* thresholds are floors */
    double warn, crit, max; /* NaN = none */
    /* the newest value */
    bool known; /* false: `note` says why, and value is NaN */
    double value;
    bool above;           /* the true value lies above: print ">1s" */
    double num, den;      /* NaN unless it is a ratio: 41 of 502 */
    enum unit share_unit; /* of num and den; UNIT_NONE = they are counts */
    struct text note;     /* "not enough data: 3 of 20 requests", "p95 0.2-0.5s" */
    int64_t at_ms;
    int64_t window_ms; /* 0 = instant */
    enum level level;
    int64_t since_ms;      /* it has been at this level since; 0 = there was no value yet */
    struct series *series; /* never NULL on a live board */
};

struct table {          /* a small result to show as it is: locks, long transactions */
    struct text *cells; /* (rows + 1) * cols, header first */
    size_t rows, cols;
    bool cut; /* there was more than the cap */
};

enum { READING_SIGNALS = 8, READING_COMPONENTS = 64, TABLE_ROWS = 50, TABLE_COLS = 12 };

struct reading {                        /* what one probe last told */
    struct text id, name, kind, target; /* name: the title; target: what is asked, without
                                           credentials */
    int64_t every_ms, timeout_ms;
    int fail_after;
    enum state state;
    struct text reason;  /* why the state is not up; for up: "200 in 41 ms" */
    enum fault fault;    /* class of the last failure */
    int64_t since_ms;    /* first seen in this state */
    int64_t evidence_ms; /* when the answer behind it came; 0 = never */
    int64_t good_ms;     /* last good answer; 0 = never */
    int failing;         /* failures in a row */
    bool in_flight;
    bool disagree; /* code and body say different things */
    bool insecure; /* TLS is not verified, by configuration: a permanent mark */
    int http_code; /* 0 = none */
    struct phases phases;
    struct component *components;
    size_t n_components, components_cap;
    struct signal *signals;
    size_t n_signals;
    struct table table;
    struct text version; /* as the body told */
    /* of the fold alone: not in the JSON form, not in copies */
    int64_t failed_ms; /* the first of the failures in a row */
    bool local;        /* it asks the console's own machine: it proves no network */
    struct reading_marks {
        struct text version, before; /* what the last version mark spoke of */
        int64_t told_ms, marked_ms;  /* `version` above stands since; the time of that mark */
    } marks;
};

struct service {
    struct text id, title;
    bool critical;
    size_t *deps; /* indices of services */
    size_t n_deps;
    struct reading *readings;
    size_t n_readings;
    /* judged */
    enum state state;
    struct text reason;
    int64_t since_ms, evidence_ms;
    int affected_by; /* index of the root cause, or -1 */
    int root_hides;  /* how many services this one explains */
    int worst;       /* index of the reading that decided, or -1 */
    struct text version;
};

enum mark_kind { MARK_VERSION, MARK_RESTART, MARK_CONFIG, MARK_FAULT, MARK_NOTE };
const char *mark_word(enum mark_kind kind);

struct mark { /* something changed in the world, drawn on every chart */
    int64_t at_ms;
    enum mark_kind kind;
    int service;       /* index, or -1 */
    struct text label; /* "1.4.2 > 1.5.0"; the service is not named in it */
};
enum { BOARD_MARKS = 256, BOARD_EVENTS = 512 }; /* the newest are kept */

struct verdict {
    enum state state; /* of the system */
    bool connecting;  /* not every probe has answered yet and nothing is wrong so far */
    bool blind;       /* the console cannot reach the network */
    struct text word; /* the profile's own: "UNHEALTHY", "DOWN" */
    int root;         /* index of the service to look at, or -1 */
    int64_t since_ms;
    int hides;          /* services explained by the root */
    int others;         /* further roots */
    struct text detail; /* "pool 20/20, new sessions refused" */
};

struct board {
    struct text watch, environment, source; /* source: the configuration's path, or "urls" */
    struct text words[STATE_COUNT];         /* the profile's own words, empty = ours */
    int64_t at_ms, started_ms;
    int64_t collector_ms;         /* last turn of the collector; a follower judges its age */
    int64_t unreachable_since_ms; /* 0 = the network can be reached */
    struct text notice;           /* "midwatch.yaml:14:3: ... ; the old configuration stays" */
    bool notice_bad;
    struct service *services;
    size_t n_services;
    struct mark marks[BOARD_MARKS];
    size_t n_marks;       /* oldest first */
    struct alert *alerts; /* in the order of the configuration */
    size_t n_alerts;
    struct silence *silences; /* in the order in which they began */
    size_t n_silences;
    struct event *events; /* of the journal, oldest first */
    size_t n_events;
    struct event *events_room; /* where they lie, with room behind; NULL = there was none yet */
    struct verdict verdict;
};

struct board *board_new(size_t n_services);
void board_free(struct board *b);
void board_add_services(struct board *b, size_t n); /* to a board without any */
/* Readings, signals and components are added while the board is built. */
struct reading *service_add_readings(struct service *s, size_t n);
struct signal *reading_add_signals(struct reading *r, size_t n, int64_t every_ms);
struct alert *board_add_alerts(struct board *b, size_t n);   /* once; all inactive, of no service */
int board_find_alert(const struct board *b, const char *id); /* index, or -1 */
void reading_set_components(struct reading *r,
                            size_t n); /* keeps the array, grows it, clears the rest */
void component_copy(struct component *to, const struct component *from);
void table_fini(struct table *t);
void board_mark(struct board *b, struct mark m); /* takes the label */
/* Takes its texts. In the order of their numbers; the same one twice is one, and one that is told
 * late goes to its place. A lower number of a later time is of a journal that came after. */
void board_event(struct board *b, struct event e);
int board_find(const struct board *b, const char *service_id); /* index, or -1 */
size_t board_n_readings(const struct board *b);
size_t board_n_answered(const struct board *b); /* readings that had any answer */
