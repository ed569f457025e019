/* io/redis_wire.h: commands into bytes, bytes into replies. The reader is hiredis'; what it builds
 * is our own (struct redis_value, in memory that is used again), and a meter stands in front of it.
 *
 * Errors:  resp_feed() says false once the stream is refused: drop the connection, then
 *          resp_reset().
 *
 * Owner:   replies are borrowed until resp_release().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/fault.h"
#include "io/redis.h"

struct resp;

struct resp *resp_new(void);
void resp_free(struct resp *r);
void resp_reset(struct resp *r); /* for a new connection: nothing of the old one is left */

/* Takes at most one reply from the bytes; *taken says how many were used. When the reply is
 * complete *reply points to it, else it is NULL. false: refused, fault and err are set. */
bool resp_feed(struct resp *r, const char *bytes, size_t len, size_t *taken,
               const struct redis_value **reply, enum fault *fault, struct err *err);
void resp_release(struct resp *r);       /* the replies so far are no longer needed */
bool resp_between(const struct resp *r); /* not inside a reply */
size_t resp_held(const struct resp *r);  /* bytes of memory kept for values, for the tests */

void resp_command(struct buf *out, int argc, const char *const *argv);
