/* examples/sim/client.h: a small HTTP client on loopback, with a kept connection: traffic and ctl.
 *
 * Units:   milliseconds.
 * Errors:  -1 with a sentence in why (CLIENT_WHY bytes); else the status code.
 * Owner:   the caller; client_fini() copes with a zeroed struct.
 */
#pragma once

#include <stdbool.h>

#include "str.h"

#define CLIENT_WHY 160

struct client {
    int port, fd;          /* fd -1: not connected */
    struct str head, body; /* of the last answer */
};

void client_init(struct client *c, int port);
void client_fini(struct client *c);
/* headers: "" or lines with CR LF. */
int client_ask(struct client *c, const char *method, const char *target, const char *headers,
               const char *body, int timeout_ms, char *why);
bool client_header(const struct client *c, const char *name, char *out, size_t cap);
