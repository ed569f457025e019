/* probes/expo_strict.h: the rules of OpenMetrics 1.0 that reach beyond one line: families and their
 * suffixes, metadata before samples, groups that stay together, histograms that add up, # EOF.
 *
 * Errors:  false with *why, a constant text.
 * Owner:   expo_strict_new() to expo_strict_free(); grows with the names and groups of a page.
 */
#pragma once

#include "probes/expo_line.h"

struct expo_strict;

struct expo_strict *expo_strict_new(void);
void expo_strict_free(struct expo_strict *x);
void expo_strict_begin(struct expo_strict *x);
/* One line without its newline. `*sample` tells whether `out` holds one. */
bool expo_strict_line(struct expo_strict *x, const char *s, size_t len, struct expo_line *out,
                      bool *sample, const char **why);
bool expo_strict_ended(const struct expo_strict *x);
bool expo_strict_end(struct expo_strict *x, const char **why);
