/* io/fake.h: a scripted network for the virtual loop. Each client asks here instead of the world.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/fault.h"
#include "io/loop.h"

struct fake_answer {
    int64_t delay_ms; /* until the answer is complete; beyond the caller's deadline it times out */
    enum fault fault; /* not NONE: the exchange fails so, with `why` */
    const char *why;
    int code;            /* HTTP; of a command its exit code */
    const char *body;    /* HTTP; redis: raw RESP bytes; of a command what it prints */
    size_t len;          /* 0 = strlen(body) */
    int64_t cert_end_ms; /* HTTP: when the certificate ends; 0 = none */
    const char *headers; /* HTTP: "Name: value\r\n..." or NULL */
    /* postgres: rows * cols cells, NULL = SQL NULL; `names` the column names */
    const char *const *cells, *const *names;
    size_t rows, cols;
    const char *sqlstate; /* postgres: of a fault; NULL */
    bool closes;          /* afterwards the kept connection closes unasked */
};

struct dns_answer;
struct tls_facts;

struct fake_net {
    void *arg;
    void (*http)(void *arg, const char *method, const char *url, struct fake_answer *out);
    void (*postgres)(void *arg, const char *conninfo, const char *sql, struct fake_answer *out);
    void (*redis)(void *arg, const char *address, int argc, const char *const *argv,
                  struct fake_answer *out);
    /* NULL = there are no processes. */
    void (*command)(void *arg, const char *const *argv, struct fake_answer *out);
    /* `out` is empty; what is put in is freed for the caller. NULL = there is no TLS. */
    void (*tls)(void *arg, const char *host, struct tls_facts *out);
    void (*dns)(void *arg, const char *name, struct dns_answer *out); /* the same of names */
};

void io_fake_set(struct io *io, const struct fake_net *net); /* borrowed */
const struct fake_net *io_fake(const struct io *io);         /* NULL on a real loop */

/* For the clients: bytes of the body; whether the answer misses the caller's deadline. */
size_t fake_answer_len(const struct fake_answer *a);
bool fake_answer_late(const struct fake_answer *a, int64_t timeout_ms);
