/* app/schema.h: what the option tables say to programs.
 *
 * `midwatch schema` prints a JSON Schema (draft 2020-12) for editors; `midwatch --list-options` one
 * option a line: section, name, type, default, help, with tabs between. The man page is checked
 * against the latter. Both are as strict as reading is, except for what one value has to do with
 * another and for what a variable holds.
 */
#pragma once

#include "app/config_schema.h"
#include "core/buf.h"

/* `kinds`: NULL = those of the program. */
void schema_write(const struct config_kinds *kinds, struct buf *out);
/* Configuration first, then the command line ("--" before the names). */
void schema_list(const struct config_kinds *kinds, struct buf *out);
