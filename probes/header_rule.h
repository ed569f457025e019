/* probes/header_rule.h: what a header of a reply must be: a value, ~PATTERN, exists or absent.
 *
 * Errors:  "missing", "is there", "is 'DENY', not 'SAMEORIGIN'": to stand after the header's name.
 *          Values are a stranger's: they are sanitized in the message.
 */
#pragma once

#include <stdbool.h>

#include "core/option.h"
#include "io/http.h"

/* Names and rules of the map that the option `option` gave. */
bool header_rules_check(const char *option, const struct strmap *rules, struct err *err);
/* Of a header that is sent more than once each must hold. */
bool header_rule_holds(const struct http_reply *r, const char *name, const char *rule,
                       struct err *why);
