/* app/look.h: one GET at a time, waited for: how `midwatch init` looks at the world. */
#pragma once

#include "core/buf.h"
#include "io/http.h"
#include "io/loop.h"

#include <stdbool.h>

enum { LOOK_TIMEOUT_MS = 2000, LOOK_BYTES_MAX = 1 << 20 };

struct look {
    struct io *io;
    struct http *http;
};

/* An urls_get of app/urls.h; `arg` is a struct look. A body beyond LOOK_BYTES_MAX is no answer. */
bool look_get(void *arg, const char *url, int *code, struct buf *body);
