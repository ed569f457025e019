/* io/resolve.h: names to addresses, off the loop.
 *
 * For clients whose library would block on DNS (libpq); curl resolves by itself. Each name under
 * way has a thread of its own, so that one dead resolver holds up nobody else; asking again for a
 * name that is still under way joins it. Addresses and "localhost"-like names go the same way but
 * for literals, which are answered at the next turn.
 *
 * Errors:  `why` says "cannot resolve db.example: Name or service not known". There is no timeout
 *          here: the caller has the deadline and cancels.
 * Owner:   the answer is borrowed for the call. Cancel is fine from inside a callback.
 */
#pragma once

#include <stddef.h>

#include "core/err.h"
#include "io/loop.h"

enum { RESOLVE_ADDRESSES = 16, RESOLVE_NAMES = 64 };

struct resolved {
    char address[RESOLVE_ADDRESSES][64]; /* numeric, as for hostaddr=; in the system's order */
    size_t n;
};

struct resolver;
struct resolve; /* one question */

typedef void resolve_done(void *arg, const struct resolved *found, const struct err *why);

struct resolver *resolver_new(struct io *io);
void resolver_free(struct resolver *r); /* no callback comes any more */

/* Answers later, never inside this call: `found` or `why`, the other one NULL. */
struct resolve *resolve_ask(struct resolver *r, const char *host, resolve_done *done, void *arg);
void resolve_cancel(struct resolve *q); /* NULL is fine */
