/* io/tls_impl.h: between the loop's side of a TLS client and its thread's. */
#pragma once

#include "io/resolve.h"
#include "io/tls.h"

struct tls_errand { /* a copy of all that it needs: it may outlive whoever asked */
    char *host, *port, *name, *ca_file;
    char *wanted[TLS_WANTED];
    size_t n_wanted;
    enum tls_start start;
    enum tls_version floor;
    struct resolved addresses;
    int64_t asked_us, deadline_us; /* monotonic */
    struct tls_facts facts;
};

/* OpenSSL stays whole until the process is gone: at exit one of its threads may still be inside,
 * and nobody waits for that. Before curl or anything else begins with it; again is fine. */
void tls_keep(void);
/* When the certificate ends that the other side of an OpenSSL session showed; 0 = none. */
int64_t tls_end_ms(void *ssl);
void tls_errand_run(void *what); /* in a thread: at most until the deadline */
/* http_tls.c: what curl trusts, a file or else a folder; NULL = neither. */
void tls_trusted(const char **file, const char **dir);
/* "word: detail" */
void tls_failed(struct tls_facts *f, enum fault fault, const char *detail);
