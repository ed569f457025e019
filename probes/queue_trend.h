/* probes/queue_trend.h: where a queue is going: work done, growth, when it will be empty. Pure.
 *
 * Units:   milliseconds, monotonic; rates are jobs a minute.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TREND_POINTS = 64 };
#define TREND_WINDOW_MS 300000 /* rates are means over so long */
#define TREND_LEAST_MS  60000  /* and nothing is said of less */

struct queue_trend {
    struct {
        int64_t at_ms;
        double depth, done; /* done: NaN where it is not told */
    } point[TREND_POINTS];
    int n, newest;
    uint64_t head; /* the next job, and since when it has been that */
    int64_t head_ms;
};

struct queue_rates {
    double growth; /* of the depth; NaN = not known yet */
    double served; /* NaN = the layout tells no work done */
    int64_t over_ms;
    int64_t stuck_ms; /* the same job has been next for so long; 0 = there is none */
};

void trend_add(struct queue_trend *t, int64_t at_ms, double depth, double done, uint64_t head);
/* After an answer that told nothing: no rate spans the gap, the head keeps its time. */
void trend_gap(struct queue_trend *t);
struct queue_rates trend_rates(const struct queue_trend *t, int64_t at_ms);
/* "growing +88/min", "drains in 12m", "steady", "idle"; "" while no rate supports a word. */
const char *trend_words(const struct queue_rates *r, double depth, char out[64]);
