/* io/pg_fault.h: what PostgreSQL and libpq say when they refuse, as a fault with a reason of its
 * own.
 *
 * Pure: no libpq here. Errors of a connect come as one text (libpq keeps no SQLSTATE for them); it
 * is asked to be verbose, so that the code stands in the text, in any language.
 */
#pragma once

#include <stdbool.h>

#include "core/err.h"
#include "core/fault.h"

/* A code of the server and its primary message: fault, reason. True when it is about credentials,
 * which are then not tried again for a while. */
bool pg_fault_sqlstate(const char *sqlstate, const char *message, enum fault *fault,
                       struct err *why);

/* The text of a failed connect. `sqlstate` gets the code, or "" when it never got that far. */
bool pg_fault_connect(const char *text, char sqlstate[6], enum fault *fault, struct err *why);
