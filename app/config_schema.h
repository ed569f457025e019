/* app/config_schema.h: the shape of a configuration as data: sections and their options.
 *
 * Reading, `midwatch schema`, `midwatch --list-options` and the check of the man page go by this.
 */
#pragma once

#include "app/config.h"

struct config_section {
    const char *name;  /* "watch", "words", "alert", "service", "probe", or a kind: "http" */
    const char *where; /* where its keys stand: "services.ID" */
    const char *help;
    const struct option *options;
};

/* Keys that hold a map of further things; read by config_read.c itself. */
struct config_block {
    const char *section, *name, *help;
};

extern const struct option config_watch_options[];   /* into struct config */
extern const struct option config_words_options[];   /* into struct config_words */
extern const struct option config_history_options[]; /* into struct config_history */
extern const struct option config_channel_options[]; /* into struct config_channel */
extern const struct option config_window_options[];  /* into struct config_window */
extern const struct option config_alert_options[];   /* into struct config_alert */
extern const struct option config_service_options[]; /* into struct config_service */
extern const struct config_block config_blocks[];    /* ends with a NULL name */

extern const struct config_kinds config_kinds_all; /* those of probes/ */

/* The i-th section, kinds last; false past the end. */
bool config_section_at(const struct config_kinds *kinds, size_t i, struct config_section *out);
const struct probe_ops *config_kind(const struct config_kinds *kinds, const char *name);
