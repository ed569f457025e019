/* tests/patience.h: does this run take many times as long, and as much memory, as the program does
 * for its users? So it is with sanitizers and under Valgrind. Bounds of memory say nothing then,
 * and bounds of time are wider.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/sanitized.h"

static inline bool patience_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload && strstr(preload, "vgpreload");
}

static inline bool patience(void)
{
    return MW_SANITIZED || patience_valgrind();
}

/* The longest that something may take, in the unit that is given. */
static inline long long patience_times(long long bound)
{
    return patience() ? 10 * bound : bound;
}
