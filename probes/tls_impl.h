/* probes/tls_impl.h: between the parts of the kind `tls`. */
#pragma once

#include "io/tls.h"
#include "probes/parts.h"
#include "probes/probe.h"

struct tls_options {
    char *address, *name, *ca_file, *insecure_reason;
    struct strlist names;
    int floor, start; /* enum tls_version, tls_start */
    bool insecure;
};

/* Facts into a cleared report, whose at_ms is set. Pure. */
void tls_judge(const struct tls_options *o, const char *name, const struct tls_facts *f,
               struct parts *parts, struct report *r);
