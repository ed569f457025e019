/* app/config_impl.h: what config_read.c, config_links.c and config_budget.c share: a configuration
 * being read. */
#pragma once

#include "app/config.h"
#include "app/walk.h"

enum { KINDS_MAX = 32, TITLE_MAX = 120, CHANNELS_MAX = 64 };

struct reader {
    struct walk walk;
    struct config *config;
    const struct config_kinds *kinds;
    const char *kind_names[KINDS_MAX]; /* NULL-terminated */
    const struct node **nodes;         /* of the services, in their order */
};

/* What points from one service to another: depends_on, circles, titles that look the same. */
void links_read(struct reader *r);
/* Before the alerts, which name them. */
void channels_read(struct reader *r, const struct node *root);
/* After the services: names in rules are those of what is watched. */
void alerts_read(struct reader *r, const struct node *root);
/* After the alerts, which they name. */
void windows_read(struct reader *r, const struct node *root);
/* app/config_read.c: a name, and a word for the screen: not empty, not endless, on one line. */
bool read_id(struct reader *r, const struct node *key);
void read_label(struct reader *r, const struct node *map, const char *key, size_t max);
/* rate_limits against what the probes ask; after everything else is read. */
void budget_read(struct reader *r, const struct node *root);
