/* examples/sim/nm_api.h: the routes of a Neurmatic backend (systems.md 2.2). */
#pragma once

#include "app.h"

#define NM_QUEUES 7

extern const struct app_route nm_routes[];
extern const char *const nm_queue_names[NM_QUEUES];
