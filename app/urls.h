/* app/urls.h: addresses instead of a configuration: `midwatch URL...` and `midwatch init URL...`.
 *
 * From addresses a YAML text is made, and from nothing else than that text the configuration: what
 * `init` writes is exactly what the console would have used.
 *
 * A password in an address is taken out: the argument is changed in place, so that it stands in no
 * process list any more; the text names a variable of the environment instead.
 *
 * Errors:  one, for the first address that cannot be one. It never quotes a password.
 * Owner:   urls_free(); passwords are wiped there unless urls_config() gave them away.
 */
#pragma once

#include "app/config.h"
#include "app/secrets.h"
#include "core/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct urls;

/* `args` are of argv and are written to. */
struct urls *urls_new(char *const *args, size_t n, struct err *err);
void urls_free(struct urls *u);

/* How to look at the world: a GET with a short limit; false when nothing came back. */
typedef bool urls_get(void *arg, const char *url, int *code, struct buf *body);
/* Finds the health page and the metrics behind addresses that name only a host. */
void urls_look(struct urls *u, urls_get *get, void *arg);

/* The configuration as text, commented. */
void urls_yaml(const struct urls *u, struct buf *out);
/* The configuration itself. The passwords go to `secrets`. */
struct config *urls_config(struct urls *u, const struct config_kinds *kinds,
                           struct secrets *secrets, struct config_errors *errors);
/* What to tell when an address did not answer the look; NULL when all did, or none was looked at.
 */
const char *urls_silent(const struct urls *u);
/* What to tell when a password was on the command line; NULL when none was. */
const char *urls_warning(const struct urls *u);

/* Writes a new file, mode 0644 less the umask; never over one that is there. */
bool urls_write(const struct urls *u, const char *path, struct err *err);
