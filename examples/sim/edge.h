/* examples/sim/edge.h: what the world outside sees first of a system: its names and the certificate
 * for them. A listener that speaks TLS, one connection at a time, and a name server on UDP.
 *
 * Units:   days, negative when they have passed.
 * Errors:  what cannot be answered is closed, or not answered.
 * Owner:   the world; both threads live as long as the process.
 */
#pragma once

#define EDGE_NAMES 4

struct world;

/* In the system's table. Nobody has its addresses: they are those of documents (RFC 5737). */
struct edge_zone {
    const char *names[EDGE_NAMES]; /* the last one NULL */
    const char *address, *wrong;   /* wrong: while dns_wrong is on */
};

/* Rows of the faults of a system that has an edge. */
#define FAULTS_EDGE                                                                       \
    { "cert_expiring", "the certificate of all names ends in 5 days" },                   \
        { "cert_expired", "the certificate of all names ended yesterday" },               \
    {                                                                                     \
        "dns_wrong", "the name server answers with the address of somebody else's server" \
    }

void edge_open(struct world *w);
int edge_days(struct world *w); /* until the certificate ends */
