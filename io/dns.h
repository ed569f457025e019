/* io/dns.h: the records of a name, as this machine's resolver or one server tells them.
 *
 * With the C library's own resolver, which every program here uses too: no further library, and
 * each record comes with its time to live. It blocks, so it is asked off the loop (io/errand.h); a
 * question that hangs is not asked a second time beside itself.
 *
 * Units:   ttl in seconds.
 * Errors:  that there is no such name, or no such record, is an answer; trouble with the resolver
 * is FAULT_DNS or FAULT_LOCAL, and says nothing of the name. Owner:   the answer is borrowed for
 * the call. Texts are sanitized.
 */
#pragma once

#include "core/board.h"
#include "core/fault.h"
#include "io/loop.h"

enum dns_kind { DNS_ADDRESS, DNS_A, DNS_AAAA, DNS_CNAME, DNS_MX, DNS_NS, DNS_TXT };
enum { DNS_RECORDS = 32 };

struct dns_spec { /* borrowed until the client ends */
    const char *name;
    enum dns_kind kind; /* DNS_ADDRESS: A and AAAA as programs see them, /etc/hosts included */
    const char *server; /* IPv4[:PORT]; NULL = those of /etc/resolv.conf. Not with DNS_ADDRESS */
};

enum dns_found { DNS_FOUND, DNS_NO_NAME, DNS_NO_RECORD };

struct dns_answer {
    enum fault fault;
    struct err why; /* of a fault, its word first */
    enum dns_found found;
    struct text records[DNS_RECORDS]; /* "192.0.2.1", "10 mx.example", without the last dot */
    size_t n;                         /* in all: beyond DNS_RECORDS they are not kept */
    int64_t ttl_s;                    /* the least; -1 = not told */
};
void dns_answer_fini(struct dns_answer *a);

struct dns; /* a client for one question */
typedef void dns_done(void *arg, const struct dns_answer *answer);

struct dns *dns_new(struct io *io, const struct dns_spec *spec);
void dns_free(struct dns *d); /* no callback comes any more; NULL is fine */
/* Answers later, never inside this call; at the deadline as a fault. One at a time. */
void dns_ask(struct dns *d, int64_t timeout_ms, dns_done *done, void *arg);
/* "192.0.2.53", "192.0.2.53:5353" */
bool dns_server_valid(const char *server);
