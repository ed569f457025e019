/* examples/sim/ratemyunit.h: what the API of RateMyUnit and the rest of it share. */
#pragma once

#include "app.h"
#include "system.h"

#define RMU_BROWSERS 4 /* of the scraper's pool */

extern const struct app_def rmu_api;
extern const struct system_page rmu_page; /* the API's answer to every path that it does not know */
