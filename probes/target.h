/* probes/target.h: an HTTP target made from a kind's options, its secret fetched for the moment.
 *
 * Errors:  `fatal` is set when trying again cannot help (a mistake in the options); a secret that
 *          cannot be had may come later.
 * Owner:   the caller owns the target.
 */
#pragma once

#include "core/option.h"
#include "io/http.h"
#include "probes/probe.h"

/* Trust and credentials of an HTTP target: what no single option shows. */
bool target_check(const char *url, const struct probe_trust *trust, const char *bearer,
                  const char *basic, struct err *err);

/* `spec` without headers and secrets; `bearer` and `basic` are references or NULL. */
struct http_target *target_new(const struct clients *clients, const struct http_spec *spec,
                               const struct strmap *headers, const char *bearer, const char *basic,
                               bool *fatal, struct err *err);
