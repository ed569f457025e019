/* probes/jsonlog_impl.h: between the parts of the kind `jsonlog`. */
#pragma once

#include "probes/log.h"
#include "probes/logfilter.h"
#include "probes/loggroups.h"
#include "probes/logpast.h"
#include "probes/logwindow.h"
#include "probes/probe.h"

enum { JSONLOG_KEYS = 4, JSONLOG_TOP = 10, JSONLOG_NEEDS = 64 /* bits */ };

enum jsonlog_measure {
    JSONLOG_COUNT,
    JSONLOG_RATE,
    JSONLOG_RATIO,
    JSONLOG_TOP_GROUP,
    JSONLOG_SUM,
    JSONLOG_MEAN,
    JSONLOG_MAX,
    JSONLOG_P50,
    JSONLOG_P75,
    JSONLOG_P90,
    JSONLOG_P95,
    JSONLOG_P98,
    JSONLOG_P99
};

struct jsonlog_options { /* the probe's `self` */
    struct strlist source;
    struct strmap where, of;
    int measure; /* enum jsonlog_measure */
    char *field, *time;
    struct strlist group_by;
    int64_t over_ms, silent_ms, against_ms, history_ms;
    int min_samples;
};

struct jsonlog_counts {          /* what the lines come to; a thread's own while it reads */
    int64_t over_ms, arrived_ms; /* arrived_ms: of the newest line */
    struct logfilter *where, *of;
    int field;   /* -1 = none */
    bool weighs; /* groups by the sum of the field, not by lines */
    int keys[JSONLOG_KEYS];
    size_t n_keys;
    /* Without which nothing can be counted: a misspelt one would be no error for ever. */
    struct jsonlog_need {
        const char *name; /* borrowed from the options */
        int place;
    } needs[JSONLOG_NEEDS];
    size_t n_needs;
    uint64_t seen; /* a bit for each of them that a line ever had */
    struct logwindow *window;
    struct loggroups *groups; /* NULL = none are asked for */
    struct logpast *past;     /* NULL = nothing to compare with */
};

struct jsonlog_state {
    struct probe *probe; /* NULL once closed */
    struct log_reader reader;
    struct io_timer *limit;
    bool owed; /* a report */
    struct jsonlog_counts counts;
    struct text cells[(JSONLOG_TOP + 1) * (JSONLOG_KEYS + 1)];
    struct table table;
    struct report report;
};

const char *jsonlog_measure_word(int measure);
/* 0 when it is no quantile. */
double jsonlog_quantile(int measure);
/* Of what is measured, also where that is then compared. */
enum unit jsonlog_unit(const struct jsonlog_options *o, const struct probe_common *c);
/* What is counted; NULL where the unit says it. */
const char *jsonlog_word(const struct jsonlog_options *o, const struct probe_common *c);
/* From the log's unit into the signal's. */
double jsonlog_scale(const struct jsonlog_options *o, const struct probe_common *c);

/* jsonlog_lines.c */
bool jsonlog_bind(struct jsonlog_counts *c, const struct jsonlog_options *o,
                  struct logpaths *paths);
void jsonlog_line(struct jsonlog_counts *c, const struct log_line *line);
void jsonlog_counts_fini(struct jsonlog_counts *c);

/* jsonlog_say.c: into the report, which was begun. */
void jsonlog_say(const struct jsonlog_options *o, const struct probe_common *common,
                 struct jsonlog_state *s, const struct log_view *view);
