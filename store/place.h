/* store/place.h: the folder of one watch in which its store lives, ours alone.
 *
 * Errors:  "others can enter its folder (mode 0755); chmod 700 /x", "/x is on nfs, where locks and
 *          fsync cannot be trusted; ..."
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* $XDG_STATE_HOME/midwatch/<watch>, or ~/.local/state/midwatch/<watch>. */
bool place_of(const char *watch, char *out, size_t size, struct err *err);

/* Opens the folder, makes it (and what stands above it) with mode 0700 where `make`. -1 when it is
 * not there, not ours, open to others, or on a file system that cannot hold a journal. */
int place_open(const char *path, bool make, struct err *err);
