/* app/config_impl.h: what config_read.c, config_links.c and config_budget.c share: a configuration
 * being read. */
#pragma once

#include "app/config.h"
#include "app/walk.h"

enum { KINDS_MAX = 32 };

struct reader {
    struct walk walk;
    struct config *config;
    const struct config_kinds *kinds;
    const char *kind_names[KINDS_MAX]; /* NULL-terminated */
    const struct node **nodes;         /* of the services, in their order */
};

/* What points from one service to another: depends_on, circles, titles that look the same. */
void links_read(struct reader *r);
/* rate_limits against what the probes ask; after everything else is read. */
void budget_read(struct reader *r, const struct node *root);
