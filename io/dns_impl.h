/* io/dns_impl.h: between the loop's side of a DNS client and its thread's. */
#pragma once

#include <netinet/in.h>

#include "io/dns.h"

struct dns_errand { /* a copy of all that it needs: it may outlive whoever asked */
    char *name;
    enum dns_kind kind;
    bool has_server;
    struct sockaddr_in server;
    int64_t timeout_ms;
    struct dns_answer answer;
};

void dns_errand_run(void *what); /* in a thread */
/* An answer to a question for that kind of record; false when it cannot be read. */
bool dns_read(const unsigned char *bytes, int len, enum dns_kind kind, struct dns_answer *a);
void dns_failed(struct dns_answer *a, enum fault fault, const char *detail);
