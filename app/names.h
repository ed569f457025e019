/* app/names.h: which words may name things in a configuration.
 *
 * An id ([a-z0-9][a-z0-9_-]{0,63}) names a watch, a service or a probe: it can be a file name, an
 * argument and a path of keys without any quoting. A variable is named as in a shell.
 */
#pragma once

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { NAME_MAX_LEN = 64 };

/* Says what is wrong, in words such as "'-rf' cannot be a name: ...". */
bool name_is_id(const char *name, struct err *err);
bool name_is_var(const char *name);
/* The beginning of a text for a message, cut at a character; `out` of `size` >= 8 bytes. */
const char *name_excerpt(char *out, size_t size, const char *text);
