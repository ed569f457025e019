/* tests/app/config_cases.h: a configuration in, a struct or its errors out; kinds are fake_kinds.
 */
#pragma once

#include "app/config.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "tests/app/fake_kinds.h"

static inline struct config *read_with(const char *yaml, const struct strmap *overrides,
                                       struct config_errors *errors)
{
    struct config_input in = { "t", yaml, strlen(yaml), overrides, &fake_kinds };

    memset(errors, 0, sizeof *errors);
    return config_read(&in, errors);
}

static inline char *errors_of(const char *yaml, const struct strmap *overrides)
{
    struct config_errors errors;
    struct buf out = { 0 };
    struct config *c = read_with(yaml, overrides, &errors);

    assert_true((c == NULL) == (errors.n > 0));
    config_free(c);
    config_errors_write(&errors, &out);
    return out.bytes ? out.bytes : xstrdup("");
}

static inline void errors_are(const char *yaml, const char *want, int line)
{
    char *got = errors_of(yaml, NULL);

    if (strcmp(got, want) != 0) {
        printf("line %d:\n--- got\n%s--- want\n%s", line, got, want);
        fail();
    }
    free(got);
}

#define ERRORS(yaml, want) errors_are(yaml, want, __LINE__)

/* A file with one service `a` and one probe `p`, whose map is what differs. */
#define PROBE(map)                "watch: w\nservices:\n  a:\n    probes:\n      p: " map "\n"
#define AT(line, col, key, words) "t:" #line ":" #col ": services.a.probes.p" key ": " words "\n"
/* The same with the options one a line, from line 7 on. */
#define HTTP(options) \
    "watch: w\nservices:\n  a:\n    probes:\n      p:\n        http: http://h/x\n" options

static inline struct config *read_fine(const char *yaml)
{
    struct config_errors errors;
    struct config *c = read_with(yaml, NULL, &errors);

    if (!c)
        fail_msg("%s", errors.items[0].err.msg);
    return c;
}
