/* tests/app/shared.h: the real inputs that lie beside the source tree. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Path of a file or folder under $MIDWATCH_SHARED (default: beside the source); false without it.
 */
static inline bool shared_path(char *out, size_t size, const char *name)
{
    const char *shared = getenv("MIDWATCH_SHARED"), *source = getenv("MIDWATCH_SOURCE");

    if (shared && *shared)
        snprintf(out, size, "%s/%s", shared, name);
    else
        snprintf(out, size, "%s/../shared/%s", source ? source : ".", name);
    return access(out, R_OK) == 0;
}
