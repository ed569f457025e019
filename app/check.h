/* app/check.h: `midwatch check FILE...`: every mistake of every file. */
#pragma once

#include "core/buf.h"
#include "core/option.h"

#include <stddef.h>

/* Good news to `out` ("FILE: ok: 7 services, 14 probes, 3 variables"), mistakes to `bad`, one a
 * line. Gives the exit status: 0, or 2 when a file is not fine. `sets` may be NULL. */
int check_files(char *const *paths, size_t n, const struct strmap *sets, struct buf *out,
                struct buf *bad);
