/* probes/header_rule.c: what a header of a reply must be. */
#include "probes/header_rule.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { RULE_SHOWN = 60, RULE_VALUE_MAX = 8 << 10 };

static bool header_pattern(const char *rule, regex_t *out, struct err *err)
{
    int rc = regcomp(out, rule + 1, REG_EXTENDED | REG_NOSUB);
    char why[128];

    if (rc == 0)
        return true;
    regerror(rc, out, why, sizeof why);
    return err_set(err, "'%.60s' is no pattern: %s", rule + 1, why);
}

bool header_rules_check(const char *option, const struct strmap *rules, struct err *err)
{
    for (size_t i = 0; i < rules->n; i++) {
        regex_t pattern;

        if (!*rules->values[i])
            return err_set(err,
                           "%s: what %.60s must be is missing; write a value, ~PATTERN, "
                           "exists or absent",
                           option, rules->keys[i]);
        if (*rules->values[i] != '~')
            continue;
        if (!header_pattern(rules->values[i], &pattern, err))
            return err_wrap(err, "%s: %.60s", option, rules->keys[i]);
        regfree(&pattern);
    }
    return true;
}

static bool header_matches(const char *value, size_t len, const char *rule, struct err *why)
{
    char *copy;
    regex_t pattern;
    bool is;

    if (len > RULE_VALUE_MAX)
        return err_set(why, "has %zu bytes; a pattern is looked for in %d at most", len,
                       RULE_VALUE_MAX);
    if (!header_pattern(rule, &pattern, why)) /* checked when it was read */
        return false;
    copy = xstrndup(value, len);
    is = regexec(&pattern, copy, 0, NULL, 0) == 0;
    free(copy);
    regfree(&pattern);
    return is || err_set(why, "is '%.*s', which does not match '%.60s'",
                         len > RULE_SHOWN ? RULE_SHOWN : (int)len, value, rule + 1);
}

bool header_rule_holds(const struct http_reply *r, const char *name, const char *rule,
                       struct err *why)
{
    size_t len = 0, want = strlen(rule);
    const char *value = http_reply_header_next(r, name, NULL, &len);

    if (strcmp(rule, "absent") == 0)
        return !value || err_set(why, "is there");
    if (!value)
        return err_set(why, "missing");
    if (strcmp(rule, "exists") == 0)
        return true;
    for (; value; value = http_reply_header_next(r, name, value, &len)) {
        if (*rule == '~') {
            if (!header_matches(value, len, rule, why))
                return false;
        } else if (len != want || memcmp(value, rule, len) != 0) {
            return err_set(why, "is '%.*s', not '%.60s'", len > RULE_SHOWN ? RULE_SHOWN : (int)len,
                           value, rule);
        }
    }
    return true;
}
