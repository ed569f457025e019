/* alerts/rule.h: the condition of an alert, as people say it, and what it says of a board.
 *
 *     api.errors > 5% for 5m                      a signal against a limit in its own unit
 *     queue.depth.growth > 0 and not status(worker) == up
 *     status(api) == down for 2m                  also: api is down, api.health is not up
 *     age(dumps.nightly) > 26h                    of the newest thing, or of the last good answer
 *     host.cost > 2 * avg(host.cost, 24h)         avg, min, max of its past
 *     nodata(api.errors) for 10m
 *
 * A name is service.probe (its first signal) or service.probe.signal; a state is asked of a service
 * or of a probe. There are three answers: what cannot be known is neither true nor false, and says
 * why. `and`, `or` and `not` pass that on unless the other side decides alone.
 *
 * Units:   limits in the unit of their signal; times are Unix milliseconds.
 * Errors:  with the place in the text, in bytes from its start.
 * Owner:   rule_parse() to rule_free(). A rule is bound to the places of one board and good for
 *          every board of that shape.
 */
#pragma once

#include "core/board.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RULE_LEN = 1000, RULE_DEPTH = 32, RULE_TERMS = 64 };

struct rule;

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

struct rule_answer {
    enum truth truth;
    struct text value; /* what decided: "8.2% (41 of 502)"; of the first term where nothing did */
    struct text note;  /* unknown: why: "api.errors: no answer yet" */
};

/* NULL with err and *at set. */
struct rule *rule_parse(const char *words, size_t *at, struct err *err);
void rule_free(struct rule *r);
int64_t rule_for_ms(const struct rule *r); /* of its `for`; 0 = at once, -1 = none was written */

/* Finds the names of the rule on a board and reads its limits in their units. `recover`: the limit
 * beyond which a rule that held holds no more (NULL = its own), for rules of one comparison. Errors
 * in `recover` have *at == SIZE_MAX. */
bool rule_bind(struct rule *r, const struct board *b, const char *recover, size_t *at,
               struct err *err);
int rule_service(const struct rule *r); /* the first that it names */

/* `held`: it held until now, so `recover` is the limit. */
void rule_ask(const struct rule *r, const struct board *b, bool held, struct rule_answer *out);
void rule_answer_fini(struct rule_answer *a);
