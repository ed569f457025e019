/* app/journal.h: `midwatch journal show|verify|head`: what was recorded, and whether it still is.
 *
 * Errors:  words on standard error. Status 0; 1 when verifying found the journal changed; 2 when it
 *          cannot be read; CLI_USAGE for arguments.
 */
#pragma once

#include "app/cli.h"
#include "app/config.h"

/* `deed` is "show", "verify" or "head". */
int journal_command(const char *deed, const struct config *config, const struct cli *cli);
