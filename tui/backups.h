/* tui/backups.h: screen 5, every backup: the last good one against its objective, and what proves
 * it. */
#pragma once

#include "tui/sources.h"

extern const struct screen_ops screen_backups;
extern const struct sources backups_sources;

/* Whether a reading tells of backups, whatever tool made them. */
bool backups_is(const struct reading *r);
