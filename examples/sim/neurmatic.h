/* examples/sim/neurmatic.h: what the backends of Neurmatic and the rest of it share. */
#pragma once

#include "app.h"
#include "queues.h"

extern const struct app_route nm_routes[]; /* of a backend (systems.md 2.2) */
extern const struct queue_def nm_queues[]; /* ends with a zero */
