/* tests/app/fake_kinds.h: three kinds of probe that ask nothing, with an option of every type. */
#pragma once

#include "app/config.h"

struct fake_http {
    char *url, *path, *pointer, *text, *bearer;
    struct strmap headers, assert;
    struct codes expect;
    struct strlist read;
    double slow, ratio;
    int retries, judge;
    bool insecure;
    enum unit unit;
    int many;
};

struct fake_pg {
    char *dsn, *sql, *password;
};

extern const struct config_kinds fake_kinds;
