/* tui/spans.h: what was read of series for charts and sparklines, kept from frame to frame: only
 * the buckets that may have changed are read again.
 *
 * Owner:   a zeroed struct is ready; spans_fini() frees. spans_forget() when the board is another
 *          one: series are known by their address.
 */
#pragma once

#include "core/series.h"
#include "widgets/chart.h"

#include <stddef.h>

enum { SPANS_KEPT = 128 };

struct spans_entry {
    const struct series *series;
    struct chart_plan plan;
    int64_t newest_ms; /* of the series when it was read */
    struct series_span *spans;
};

struct spans {
    struct spans_entry kept[SPANS_KEPT];
};

void spans_fini(struct spans *k);
void spans_forget(struct spans *k);
/* plan.n spans; valid until the next call. */
const struct series_span *spans_read(struct spans *k, const struct series *s,
                                     struct chart_plan plan);
