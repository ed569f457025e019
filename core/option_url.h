/* core/option_url.h: addresses as they may stand in a configuration: well formed, and without a
 * password inside.
 *
 * Errors:  a message never repeats the address: it may hold the password.
 */
#pragma once

#include <stdbool.h>

#include "core/err.h"

/* http:// or https:// with a host. */
bool option_check_url(const char *url, struct err *err);
/* postgres:// postgresql:// redis:// rediss:// unix:/path, or libpq's "host=... dbname=...". */
bool option_check_dsn(const char *dsn, struct err *err);
