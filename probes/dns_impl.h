/* probes/dns_impl.h: between the parts of the kind `dns`. */
#pragma once

#include "io/dns.h"
#include "probes/parts.h"
#include "probes/probe.h"

enum dns_match { MATCH_EACH, MATCH_EXACT, MATCH_ONLY };

struct dns_options {
    char *name, *server;
    struct strlist expect;
    int record, match; /* enum dns_kind, dns_match */
    int64_t ttl_max_ms;
};

extern const char *const dns_record_words[]; /* in the order of enum dns_kind */

/* An answer into a cleared report, whose at_ms is set. Pure. */
void dns_judge(const struct dns_options *o, const struct dns_answer *a, struct parts *parts,
               struct report *r);
