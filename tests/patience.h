/* tests/patience.h: does this run take many times as long, and as much memory, as the program does
 * for its users? So it is with sanitizers and under Valgrind. Bounds of memory say nothing then,
 * and bounds of time are wider; so are these where the host has taken the machine away meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Steal so far, over all processors: what a host took from a virtual machine; 0 on a real one. */
static inline long long patience_taken_ms(void)
{
    long long ticks = 0;
    FILE *f = fopen("/proc/stat", "re");

    if (!f)
        return 0;
    if (fscanf(f, "cpu %*d %*d %*d %*d %*d %*d %*d %lld", &ticks) != 1)
        ticks = 0;
    fclose(f);
    return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

static long long patience_began_ms;

__attribute__((constructor)) static void patience_begin(void)
{
    patience_began_ms = patience_taken_ms();
}

static inline bool patience_host(void)
{
    enum { TAKEN_MS = 40 }; /* less than this moves no bound */

    return patience_taken_ms() - patience_began_ms >= TAKEN_MS;
}

/* The longest that something may take, in the unit that is given. */
static inline long long patience_times(long long bound)
{
    return patience() || patience_host() ? 10 * bound : bound;
}
