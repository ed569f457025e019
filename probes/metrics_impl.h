/* probes/metrics_impl.h: what the files of the metrics probe share; nobody else includes it.
 *
 * metrics.c knows the options, metrics_value.c what one probe makes of the samples, metrics_page.c
 * fetches a page once for all probes that read it.
 */
#pragma once

#include "core/buf.h"
#include "core/option.h"
#include "probes/probe.h"
#include "probes/selector.h"
#include "probes/window.h"

enum metrics_mode { METRICS_GAUGE, METRICS_RATE, METRICS_RATIO, METRICS_QUANTILE };
enum metrics_combine { METRICS_SUM, METRICS_MAX, METRICS_MIN, METRICS_MEAN };

struct metrics_options { /* the probe's `self` */
    char *url, *bearer, *basic, *ca_file, *insecure_reason;
    struct strmap headers;
    char *gauge, *rate, *of;
    struct strlist ratio;
    double quantile; /* 0 = none */
    int64_t over_ms, connect_ms;
    int min_samples, combine;
    bool insecure;
};

struct metrics_taken { /* one sample that counts, until the page is known to be whole */
    int lane;
    double le, value; /* le: of a histogram's bucket */
    uint64_t key;
};

struct metrics_born { /* a series' own _created */
    uint64_t key;
    int64_t at_ms;
};

struct metrics_state { /* one probe: a reader of a page */
    struct probe *probe;
    struct metrics_page *page;
    struct metrics_state *next; /* reader of the same page */
    bool waiting;               /* polled, not yet reported */
    bool taking;                /* of the page that is coming in */
    enum metrics_mode mode;
    /* what counts: one selector, two for a ratio; `bucket` is NAME_bucket for a quantile */
    struct selector *sel[2];
    size_t n_sel;
    char *created[2];      /* name of the series' own birth, or NULL */
    struct window *window; /* NULL for a gauge */
    /* of this page */
    bool named[2]; /* a series of that name was there, whatever its labels */
    struct metrics_taken *taken;
    struct metrics_born *born;
    size_t n_taken, taken_cap, n_born, born_cap;
    bool full;
    struct report report;
};

/* metrics_page.c */
bool metrics_page_join(struct metrics_state *s, struct err *err); /* false: cannot ever be asked */
void metrics_page_leave(struct metrics_state *s);
void metrics_page_poll(struct metrics_state *s);
/* What is the same question: URL, headers, credentials, trust, and how long it may take. */
char *metrics_page_key(const struct metrics_options *o, int64_t timeout_ms);

/* metrics.c: what the options mean */
enum unit metrics_own_unit(const struct metrics_options *o); /* that the name itself speaks of */
double metrics_scale(const struct metrics_options *o, const struct probe_common *c);
const char *metrics_signal_name(const struct metrics_options *o);

/* metrics_value.c, called by the page */
size_t metrics_wanted(const struct metrics_state *s, const char *out[4]);
void metrics_begin(struct metrics_state *s);
void metrics_sample(struct metrics_state *s, const struct expo_sample *sample);
/* The page is whole. `process_ms`: when the process behind it started; 0 = it does not say. */
void metrics_complete(struct metrics_state *s, int64_t at_ms, int64_t process_ms);
