/* app/headless.h: `midwatch watch`: the watch without a screen. What a screen would show goes to
 * standard error, a line each, as words or as JSON.
 *
 * Errors:  what goes wrong stands in the log; it ends with SIGTERM or SIGINT, and with nothing
 * else. Owner:   everything is borrowed for the call, except the configuration, which is taken.
 */
#pragma once

#include "app/cli.h"
#include "app/config.h"
#include "app/secrets.h"
#include "io/loop.h"

struct headless_options {
    struct io *io;
    struct secrets *secrets;
    const struct cli *cli;
    const char *config_path; /* to read again on SIGHUP; NULL = from addresses */
};

int headless_run(const struct headless_options *o, struct config *config);
