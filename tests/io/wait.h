/* tests/io/wait.h: a loop turns until what a test waits for has come. */
#pragma once

#include "tests/cmocka.h"

#include "io/loop.h"

enum { WAIT_LIMIT_MS = 60000 }; /* Valgrind on a busy machine needs it */

/* `w` is a pointer to anything with a loop named `io`. */
#define WAIT(w, condition)                                   \
    do {                                                     \
        int64_t until = io_mono_ms((w)->io) + WAIT_LIMIT_MS; \
        while (!(condition) && io_mono_ms((w)->io) < until)  \
            io_turn((w)->io, 20);                            \
        assert_true(condition);                              \
    } while (0)
