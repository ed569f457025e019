/* tests/widgets/screen.h: what a canvas must show, cell by cell. */
#pragma once

#include "tests/cmocka.h"
#include "widgets/canvas.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#define SCREEN_IS(canvas, want)           \
    do {                                  \
        char *got_ = canvas_dump(canvas); \
        assert_string_equal(got_, want);  \
        free(got_);                       \
    } while (0)

#define STYLES_ARE(canvas, want)                 \
    do {                                         \
        char *got_ = canvas_dump_styles(canvas); \
        assert_string_equal(got_, want);         \
        free(got_);                              \
    } while (0)
