/* io/tls.h: what a server shows of itself in a TLS handshake: its certificate, how far that can be
 * trusted, and which protocol versions it takes. OpenSSL is named only in io/tls*.c.
 *
 * OpenSSL itself, not curl over it: curl gives up at the first thing that is wrong, so that of an
 * expired certificate neither date nor names are known; its facts are text in which a hostile name
 * can write further ones; and it neither tells what else is wrong nor takes old versions to see
 * whether the server does. It is the library that libcurl and libpq bring along, no further one.
 *
 * Name, connect, handshake and the files of trust block, so they are done off the loop
 * (io/errand.h); one exchange at a time, each over connections of its own.
 *
 * Units:   times are Unix milliseconds, phases microseconds.
 * Errors:  facts with fault != FAULT_NONE: there was no handshake, and `why` says so, the fault's
 *          word first. A certificate that is no good is a fact, no fault.
 * Owner:   the facts are borrowed for the call. Texts are sanitized.
 */
#pragma once

#include "core/board.h"
#include "core/fault.h"
#include "io/loop.h"

enum { TLS_NAMES = 16, TLS_FLAWS = 8, TLS_WANTED = 16 };
enum tls_version { TLS_ANY, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 };
enum tls_start { TLS_AT_ONCE, TLS_POSTGRES }; /* what is said before the handshake */

struct tls_spec {              /* borrowed until the client ends */
    const char *host, *port;   /* where to connect; host without brackets */
    const char *name;          /* asked for (SNI) and wanted in the certificate */
    const char *const *wanted; /* further names that it must cover, at most TLS_WANTED */
    size_t n_wanted;
    const char *ca_file; /* NULL = what curl trusts */
    enum tls_start start;
    enum tls_version floor; /* is less than this refused? TLS_ANY = not asked */
};

enum tls_floor { TLS_FLOOR_UNKNOWN, TLS_FLOOR_HOLDS, TLS_FLOOR_BROKEN };

struct tls_facts {
    enum fault fault;
    struct err why;
    struct phases phases;
    char version[16];             /* that was agreed on: "TLSv1.3" */
    struct text subject, issuer;  /* the common name, else another part */
    struct text names[TLS_NAMES]; /* that it is for; of more the first */
    size_t n_names;               /* in all */
    int64_t not_before_ms, not_after_ms;
    int64_t chain_after_ms;       /* the earliest end of a certificate on the way to trust; 0 =
                                     that way was not found */
    struct text chain_first;      /* the subject of that one */
    struct text flaws[TLS_FLAWS]; /* of the way to trust, without the dates of its own: "unknown
                                     issuer" */
    size_t n_flaws;
    bool covers_name, covers[TLS_WANTED];
    enum tls_floor floor;
    char taken[16]; /* TLS_FLOOR_BROKEN: the version that it took, "TLSv1.1" */
};
void tls_facts_fini(struct tls_facts *f);

struct tls; /* a client for one server */
typedef void tls_done(void *arg, const struct tls_facts *facts);

struct tls *tls_new(struct io *io, const struct tls_spec *spec);
void tls_free(struct tls *t); /* no callback comes any more; NULL is fine */
/* Answers later, never inside this call; at the deadline as a timeout. One at a time. */
void tls_ask(struct tls *t, int64_t timeout_ms, tls_done *done, void *arg);
const char *tls_version_word(enum tls_version v); /* "TLS 1.2" */
