/* probes/loggroups.h: the lines of a window by a field of theirs: which error, which token.
 *
 * At most LOGGROUPS_MAX at a time; what would be one more is counted together with others of its
 * kind, and loggroups_rest() says how much that is.
 *
 * Units:   time in steps of a window of LOGWINDOW_STEPS.
 * Errors:  none.
 * Owner:   loggroups_new() to loggroups_free(). Keys are raw bytes of strangers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { LOGGROUPS_MAX = 1024, LOGGROUPS_KEY = 240 /* bytes of a key at most */ };

struct loggroups;

struct loggroup { /* borrowed until the next loggroups_add() */
    const char *key;
    size_t len;
    double weight;
};

struct loggroups *loggroups_new(void);
void loggroups_free(struct loggroups *g);
void loggroups_add(struct loggroups *g, const char *key, size_t len, int64_t step, double weight);
/* The heaviest of the window that ends with `step`, at most `cap`; equal ones in the order of their
 * keys. `*n_all` is how many there are. */
size_t loggroups_top(const struct loggroups *g, int64_t step, struct loggroup *out, size_t cap,
                     size_t *n_all);
double loggroups_rest(const struct loggroups *g, int64_t step);
