/* probes/target.h: what the kinds that ask over HTTP have in common: their options about
 * credentials and trust, and the target that is made of them, its secret fetched for the moment.
 *
 * Errors:  a secret that cannot be had may come later: the probe reports AUTH and tries again at
 *          its next poll; any other mistake of the options refuses at open.
 * Owner:   the caller owns the link, and what it was filled with outlives it.
 */
#pragma once

#include "core/option.h"
#include "io/http.h"
#include "probes/probe.h"

/* Rows of an option table; the struct has members of these names. */
#define TARGET_CREDENTIALS(type)                                                                  \
    { "bearer", OPTION_SECRET, offsetof(type, bearer), NULL, "token for Authorization: Bearer" }, \
    {                                                                                             \
        "basic", OPTION_SECRET, offsetof(type, basic), NULL,                                      \
            "user:password for Authorization: Basic"                                              \
    }
#define TARGET_TRUST(type)                                                       \
    { "connect_timeout",                                                         \
      OPTION_DURATION,                                                           \
      offsetof(type, connect_ms),                                                \
      "1s",                                                                      \
      "deadline of the TCP connect",                                             \
      .min = 10,                                                                 \
      .max = 60000 },                                                            \
        { "ca_file", OPTION_PATH, offsetof(type, ca_file), NULL,                 \
          "certificates to trust instead of the system's" },                     \
        { "insecure", OPTION_BOOL, offsetof(type, insecure), "false",            \
          "do not verify TLS; shown for ever" },                                 \
    {                                                                            \
        "insecure_reason", OPTION_STRING, offsetof(type, insecure_reason), NULL, \
            "why; insecure demands it"                                           \
    }

/* Trust and credentials of an HTTP target: what no single option shows. */
bool target_check(const char *url, const struct probe_trust *trust, const char *bearer,
                  const char *basic, struct err *err);

/* `spec` without headers and secrets; `bearer` and `basic` are references or NULL. `fatal` is set
 * when trying again cannot help. */
struct http_target *target_new(const struct clients *clients, const struct http_spec *spec,
                               const struct strmap *headers, const char *bearer, const char *basic,
                               bool *fatal, struct err *err);

/* True when the reply is a 2xx; else the report says what it is instead of `what`, "a page of
 * metrics". */
bool target_answered(const struct http_reply *r, const char *what, struct report *out);

/* "Bad Gateway"; NULL for a code that says nothing more. */
const char *target_phrase(int code);

struct target_link { /* one probe and what it asks again and again */
    /* to be filled before open: */
    struct probe *probe;
    struct report *report;
    struct http_spec spec; /* without headers and secrets */
    const struct strmap *headers;
    const char *bearer, *basic; /* references; NULL = none */
    /* its own: */
    struct http_target *target; /* NULL while a secret cannot be had */
};

bool target_open(struct target_link *l, struct err *err);
/* Asks, or reports that its secret cannot be had. `done` is called with the probe. */
void target_poll(struct target_link *l, http_done *done);
/* After each answer was judged: credentials that were refused are fetched anew next time. */
void target_judged(struct target_link *l);
void target_close(struct target_link *l);
