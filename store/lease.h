/* store/lease.h: one of many holds it, until its process ends however it ends.
 *
 * It is a lock on a file of the watch's folder. Everything here may block on the disk.
 *
 * Errors:  say why it cannot be had; another holding it is none.
 * Owner:   lease_free(), which accepts NULL, gives it back.
 */
#pragma once

#include <stdbool.h>

#include "core/err.h"

struct lease;

/* NULL: another has it (err.msg is empty), or it cannot be had (err says why). */
struct lease *lease_try(const char *dir, const char *name, struct err *err);
void lease_free(struct lease *l);
