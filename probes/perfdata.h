/* probes/perfdata.h: what plugins of Nagios print behind the bar:
 * 'label'=value[UOM];warn;crit;min;max. Source: the Monitoring Plugins Development Guidelines,
 * "Performance data".
 *
 * Errors:  perfdata_find() is false when the label is not there, or has no number ("U").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/unit.h"

struct perfdata {
    double value;
    enum unit
        unit; /* seconds, percent, bytes (scaled to them); NONE of a bare number or a counter */
};

/* `text` is the whole output; perfdata stands behind the first bar of its first line, and behind
 * the first bar of the lines after it. */
bool perfdata_find(const char *text, const char *label, struct perfdata *out);
