/* probes/expo_line.h: one sample line of an exposition page.
 *
 * Errors:  false with *why, a constant text.
 * Owner:   everything in the result points into the line.
 */
#pragma once

#include "probes/exposition.h"

struct expo_line {
    struct expo_sample sample;
    double time; /* as on the page, for comparing; only with sample.has_time */
    bool exemplar;
    size_t exemplar_len; /* characters of its labels' names and values */
};

/* `strict`: single blanks, no trailing comma, no label twice, as OpenMetrics wants it. The line
 * comes without its newline. */
bool expo_line_parse(const char *s, size_t len, enum expo_format format, bool strict,
                     struct expo_line *out, const char **why);
/* Length of the metric name at `s`, 0 when there is none. */
size_t expo_name(const char *s, size_t len);
