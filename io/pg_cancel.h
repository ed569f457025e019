/* io/pg_cancel.h: asks a server to end a query. PQcancel blocks (until libpq 17) and cannot be
 * given a limit, so it runs in a thread of its own, which may hang as long as the server does
 * without holding up the loop, name lookups or the end of the program.
 *
 * Errors:  none: a cancel that does not arrive leaves the query to its statement_timeout.
 * Owner:   of and by itself once begun; pg_cancel_forget() only ends the interest in its end.
 */
#pragma once

#include "io/loop.h"

struct pg_cancel;

/* `pq` is a PGcancel and is taken. NULL (and pq freed) when no thread can be had. */
struct pg_cancel *pg_cancel_start(struct io *io, void *pq, void (*done)(void *arg), void *arg);
void pg_cancel_forget(struct pg_cancel *c); /* `done` does not come any more; NULL is fine */
