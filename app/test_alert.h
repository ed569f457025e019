/* app/test_alert.h: `midwatch test-alert CHANNEL`: does what is told through a channel arrive? What
 * came of it stands in the journal, and so does the word of who got it.
 *
 * Errors:  words on standard error. Status 0; 1 when the channel did not take it, or when the
 *          receipt could not be recorded; CLI_USAGE when there is no such channel.
 */
#pragma once

#include "app/cli.h"
#include "app/config.h"
#include "app/secrets.h"
#include "io/loop.h"

int test_alert_command(const char *channel, struct io *io, struct secrets *secrets,
                       const struct config *config, const struct cli *cli);
