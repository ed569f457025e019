/* app/yaml_scan.h: the bytes of a file before YAML is read: is it text at all?
 *
 * Refused with their places: byte order marks, invalid UTF-8, NUL and other control characters,
 * Unicode's own line separators. Blanks, tabs and line ends of every system pass.
 */
#pragma once

#include "app/config_errors.h"

#include <stdbool.h>
#include <stddef.h>

/* True when libyaml may have it. */
bool scan_text(const char *file, const char *bytes, size_t len, struct config_errors *errors);
/* A tab among the blanks that begin a line (from 1). */
bool scan_line_has_tab(const char *bytes, size_t len, int line);
