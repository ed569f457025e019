/* app/live.h: the console at work: loop, watch and terminal brought together.
 *
 * Errors:  live_run() returns false with err set when there is no terminal to draw on; the caller
 *          prints the one-shot report instead.
 * Owner:   everything given is borrowed for the call, except the configuration, which is taken.
 */
#pragma once

#include "app/cli.h"
#include "app/config.h"
#include "app/demo.h"
#include "app/secrets.h"
#include "core/err.h"
#include "io/loop.h"

struct live_options {
    struct io *io;
    struct secrets *secrets;
    const struct cli *cli;
    const char *config_path; /* to read again on reload; NULL = from addresses */
    const char *warning;     /* a first line for the screen; NULL */
    struct demo *demo;       /* NULL = not a demo */
};

/* Until the person leaves or the terminal goes away. Status 0, or 1 when the terminal was lost. */
bool live_run(const struct live_options *o, struct config *config, int *status, struct err *err);
