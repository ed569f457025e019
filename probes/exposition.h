/* probes/exposition.h: pages of Prometheus text 0.0.4 and OpenMetrics 1.0, read as they arrive.
 *
 * Fed in pieces of any size; no copy of the page is kept, only a line that is cut by a piece's end.
 * Two ways to read:
 *   probing: only samples of the wanted names are looked into, everything else is skipped line by
 *            line; the first lines are read in full, so that a web page is refused at once;
 *   strict:  every line obeys OpenMetrics 1.0: grammar, families, groups, histograms.
 *
 * Units:   timestamps are Unix milliseconds in both formats; values as on the page. "NaN" and what
 *          is beyond a double come as NaN or infinite: the caller must not show them as numbers.
 * Errors:  "line 12: ..."; after an error the page is lost until expo_begin().
 * Owner:   the reader owns its memory and copies the wanted names. What a sink gets is borrowed for
 *          the call; names and labels are raw bytes from outside.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum expo_format { EXPO_TEXT, EXPO_OPENMETRICS };

enum expo_type {
    EXPO_UNKNOWN,
    EXPO_COUNTER,
    EXPO_GAUGE,
    EXPO_HISTOGRAM,
    EXPO_SUMMARY,
    EXPO_GAUGEHISTOGRAM,
    EXPO_INFO,
    EXPO_STATESET
};

enum { EXPO_LINE_MAX = 16384 };

struct expo_sample {
    const char *name;
    size_t name_len;
    const char *labels; /* between the braces, raw: see expo_label_next() */
    size_t labels_len;
    double value;
    bool has_time;
    int64_t at_ms;
    enum expo_type type; /* of its family; EXPO_UNKNOWN while probing for some names only */
};

typedef void expo_sink(void *arg, const struct expo_sample *sample);

struct expo;

/* OpenMetrics for application/openmetrics-text, else text 0.0.4. */
enum expo_format expo_format_of(const char *content_type);

/* `n_wanted` of 0: every sample. `sink` may be NULL: the page is only checked. */
struct expo *expo_new(const char *const *wanted, size_t n_wanted, expo_sink *sink, void *arg);
void expo_free(struct expo *e);
/* A new page. `strict` is for OpenMetrics. */
void expo_begin(struct expo *e, enum expo_format format, bool strict);
bool expo_feed(struct expo *e, const char *bytes, size_t len, struct err *err);
/* The page is over: refuses an empty page, and OpenMetrics without its "# EOF". */
bool expo_end(struct expo *e, struct err *err);
size_t expo_samples(const struct expo *e); /* that went to the sink */
/* Lines beyond the first that cannot be a sample of any name; passed over unless strict. Complete
 * only where all samples are wanted. */
size_t expo_strange(const struct expo *e);

/* Walks over the labels of a sample: *at begins at `labels` and moves; false at the end. The value
 * is raw; expo_unescape() resolves \\ \" \n and returns the length (never more than it was). */
struct expo_label {
    const char *name, *value;
    size_t name_len, value_len;
};
bool expo_label_next(const char **at, const char *end, struct expo_label *out);
size_t expo_unescape(char *out, size_t cap, const char *raw, size_t len);
/* A decimal number as in an exposition ("1.5e3", "+Inf", "nan"); no hex, no underscores. */
bool expo_number(const char *s, size_t len, double *out);
