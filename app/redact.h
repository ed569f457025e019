/* app/redact.h: a report without the secrets that were handed out, whoever said them back.
 *
 * Owner:   what was made belongs to `room`, until redact_fini().
 */
#pragma once

#include "app/secrets.h"
#include "core/report.h"

struct redacted { /* zeroed before its first use */
    struct report report;
    struct component *components;
    struct table table;
};

/* `r` itself when nothing in it is to be hidden. `secrets` may be NULL. */
const struct report *redact(const struct secrets *secrets, const struct report *r,
                            struct redacted *room);
void redact_fini(struct redacted *room); /* fine on a zeroed one */
