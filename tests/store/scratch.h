/* tests/store/scratch.h: a folder of a test's own, as a store wants it, and its files. */
#pragma once

#include "core/buf.h"

#include <stddef.h>

struct scratch {
    char dir[64];
};

void scratch_make(struct scratch *s); /* mode 0700 */
void scratch_empty(const struct scratch *s);
void scratch_drop(struct scratch *s); /* with all that is in it */
void scratch_read(const struct scratch *s, const char *name, struct buf *out);
void scratch_line(const struct scratch *s, const char *name, int n, struct buf *out); /* from 1 */
void scratch_write(const struct scratch *s, const char *name, const char *bytes, size_t len);
void scratch_remove(const struct scratch *s, const char *name);
