/* examples/sim/traffic.h: the users: a few threads that ask the system over its own HTTP port.
 *
 * Requests arrive as a Poisson stream whose rate follows a slow wave, a day in ten minutes.
 *
 * Owner:   the threads live as long as the process.
 */
#pragma once

#include "chance.h"
#include "client.h"

struct world;

/* Makes one request of an ordinary user. */
typedef void traffic_user(struct world *w, struct client *c, struct chance *dice);

void traffic_start(struct world *w, int port, double per_s, traffic_user *user);
