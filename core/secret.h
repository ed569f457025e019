/* core/secret.h: a value that must not be shown, as a type that cannot be printed.
 *
 * Owner:   the secret owns its bytes and wipes them when it ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct secret; /* opaque: no %s reaches it */

struct secret *secret_new(const char *bytes, size_t len);
struct secret *secret_copy(const struct secret *s); /* NULL gives NULL */
void secret_free(struct secret *s);                 /* wipes; NULL is fine */
/* For handing to a library and nothing else; grep for the callers. */
const char *secret_reveal(const struct secret *s);
size_t secret_len(const struct secret *s);
bool secret_same(const struct secret *a, const struct secret *b); /* two NULLs are the same */
void secret_wipe(void *bytes, size_t len);                        /* a memset that stays */
