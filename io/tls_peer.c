/* io/tls_peer.c: the blocking side of a TLS client: connect, handshake, and what the other side
 * showed. Runs in a thread; every wait has the deadline. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "io/tls_impl.h"
#include "io/tls_words.h"

struct peer { /* one connection */
    struct tls_errand *e;
    int64_t until_us; /* of the wait under way; the deadline, or an address's share of it */
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    bool quiet; /* the second one, for the floor: what goes wrong is no fault */
};

enum { TLS_CHAIN_MAX = 64 << 10 }; /* bytes of certificates that are taken */

void tls_keep(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static int64_t peer_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void tls_failed(struct tls_facts *f, enum fault fault, const char *detail)
{
    const char *word = fault_word(fault);

    f->fault = fault;
    if (*detail)
        err_set(&f->why, "%s: %s", word, detail);
    else
        err_set(&f->why, "%s", word);
}

static bool peer_fail(struct peer *p, enum fault fault, const char *detail)
{
    if (!p->quiet)
        tls_failed(&p->e->facts, fault, detail);
    return false;
}

/* ---- the connection ---- */

/* False when its time is over. */
static bool peer_wait(struct peer *p, short events)
{
    for (;;) {
        int64_t left_us = p->until_us - peer_now_us();
        struct pollfd fd = { .fd = p->fd, .events = events };
        int n;

        if (left_us <= 0)
            return false;
        n = poll(&fd, 1, (int)((left_us + 999) / 1000));
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

static bool peer_connect_failed(struct peer *p, int error)
{
    switch (error) {
    case ECONNREFUSED:
        return peer_fail(p, FAULT_REFUSED, "");
    case ETIMEDOUT:
        return peer_fail(p, FAULT_CONNECT_TIMEOUT, "no answer");
    case ECONNRESET:
        return peer_fail(p, FAULT_RESET, strerror(error));
    case EHOSTUNREACH:
    case ENETUNREACH:
        return peer_fail(p, FAULT_UNREACHABLE, strerror(error));
    default:
        return peer_fail(p, FAULT_LOCAL, strerror(error));
    }
}

static bool peer_connect_to(struct peer *p, const struct addrinfo *a)
{
    socklen_t len = sizeof(int);
    int error = 0;

    p->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->fd < 0)
        return peer_connect_failed(p, errno);
    if (connect(p->fd, a->ai_addr, a->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return peer_connect_failed(p, errno);
    if (!peer_wait(p, POLLOUT))
        return peer_fail(p, FAULT_CONNECT_TIMEOUT, "no answer");
    getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error == 0 || peer_connect_failed(p, error);
}

static bool peer_connect(struct peer *p)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    const struct resolved *all = &p->e->addresses;

    for (size_t i = 0; i < all->n; i++) {
        struct addrinfo *a = NULL;
        bool ok;

        if (getaddrinfo(all->address[i], p->e->port, &hints, &a) != 0)
            return peer_fail(p, FAULT_LOCAL, "not an address and a port");
        /* one that does not answer leaves the others their share */
        p->until_us = peer_now_us() + (p->e->deadline_us - peer_now_us()) / (int64_t)(all->n - i);
        ok = peer_connect_to(p, a);
        p->until_us = p->e->deadline_us;
        freeaddrinfo(a);
        if (ok)
            return true;
        if (p->fd >= 0)
            close(p->fd);
        p->fd = -1;
    }
    return false;
}

/* PostgreSQL's SSLRequest, answered with one letter. */
static bool peer_start_postgres(struct peer *p)
{
    static const char ask[] = { 0, 0, 0, 8, 4, (char)0xd2, 0x16, 0x2f };
    char letter;

    if (send(p->fd, ask, sizeof ask, MSG_NOSIGNAL) != sizeof ask)
        return peer_fail(p, FAULT_RESET, strerror(errno));
    if (!peer_wait(p, POLLIN))
        return peer_fail(p, FAULT_TIMEOUT, "no answer to the wish for TLS");
    if (recv(p->fd, &letter, 1, 0) != 1)
        return peer_fail(p, FAULT_RESET, "closed before TLS");
    if (letter == 'S')
        return true;
    return letter == 'N' ? peer_fail(p, FAULT_TLS, "the server has no TLS")
                         : peer_fail(p, FAULT_PROTOCOL, "not PostgreSQL");
}

/* ---- the handshake ---- */

static const struct {
    enum tls_version version;
    int number;
    const char *word;
} peer_versions[] = {
    { TLS_1_0, TLS1_VERSION, "TLS 1.0" },
    { TLS_1_1, TLS1_1_VERSION, "TLS 1.1" },
    { TLS_1_2, TLS1_2_VERSION, "TLS 1.2" },
    { TLS_1_3, TLS1_3_VERSION, "TLS 1.3" },
};

const char *tls_version_word(enum tls_version v)
{
    return v >= TLS_1_0 && v <= TLS_1_3 ? peer_versions[v - TLS_1_0].word : "any version";
}

static const char *peer_version_word(int number)
{
    for (size_t i = 0; i < sizeof peer_versions / sizeof peer_versions[0]; i++)
        if (peer_versions[i].number == number)
            return peer_versions[i].word;
    return "SSL 3.0";
}

static void peer_flaw(struct tls_facts *f, int depth, long error)
{
    const char *words = tls_verify_words(error);
    struct text t = { 0 };
    bool known = false;

    text_setf(&t, "%s%s", depth > 0 && words && strncmp(words, "cert", 4) == 0 ? "issuer's " : "",
              words ? words : X509_verify_cert_error_string(error));
    for (size_t i = 0; i < f->n_flaws; i++)
        known |= text_eq(&f->flaws[i], &t);
    if (!known && f->n_flaws < TLS_FLAWS)
        text_copy(&f->flaws[f->n_flaws++], &t);
    text_fini(&t);
}

/* Every flaw is noted, and none ends the handshake: all are wanted. The dates of the certificate
 * itself are looked at apart. */
static int peer_on_verify(int fine, X509_STORE_CTX *ctx)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct peer *p = SSL_get_app_data(ssl);
    int depth = X509_STORE_CTX_get_error_depth(ctx), error = X509_STORE_CTX_get_error(ctx);

    if (fine || p->quiet)
        return 1;
    if (depth > 0 ||
        (error != X509_V_ERR_CERT_HAS_EXPIRED && error != X509_V_ERR_CERT_NOT_YET_VALID))
        peer_flaw(&p->e->facts, depth, error);
    return 1;
}

/* The same certificates that curl trusts, whatever the environment names. */
static bool peer_trust(struct peer *p)
{
    const char *file = p->e->ca_file, *dir = NULL;
    char why[300];

    if (p->quiet)
        return true;
    if (!file)
        tls_trusted(&file, &dir);
    if (file ? SSL_CTX_load_verify_file(p->ctx, file) : dir && SSL_CTX_load_verify_dir(p->ctx, dir))
        return true;
    snprintf(why, sizeof why, "%.200s holds no certificates to trust", file ? file : "nothing");
    return peer_fail(p, FAULT_LOCAL, why);
}

static bool peer_is_address(const char *name)
{
    unsigned char bin[16];

    return inet_pton(AF_INET, name, bin) == 1 || inet_pton(AF_INET6, name, bin) == 1;
}

static bool peer_prepare(struct peer *p, enum tls_version newest)
{
    p->ctx = SSL_CTX_new(TLS_client_method());
    if (!p->ctx)
        return peer_fail(p, FAULT_LOCAL, "OpenSSL cannot begin");
    /* Old and weak is spoken too: what a server takes is to be told, and nothing is sent. */
    SSL_CTX_clear_options(p->ctx, SSL_OP_NO_SSL_MASK); /* whatever openssl.cnf forbids here */
    SSL_CTX_set_security_level(p->ctx, 0);
    SSL_CTX_set_cipher_list(p->ctx, "ALL:!aNULL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(p->ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(p->ctx, newest ? peer_versions[newest - TLS_1_0].number : 0);
    SSL_CTX_set_max_cert_list(p->ctx, TLS_CHAIN_MAX);
    SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER, peer_on_verify);
    if (!peer_trust(p))
        return false;
    p->ssl = SSL_new(p->ctx);
    if (!p->ssl || !SSL_set_fd(p->ssl, p->fd))
        return peer_fail(p, FAULT_LOCAL, "OpenSSL cannot begin");
    SSL_set_app_data(p->ssl, p);
    if (!peer_is_address(p->e->name))
        SSL_set_tlsext_host_name(p->ssl, p->e->name);
    return true;
}

static bool peer_handshake_failed(struct peer *p, int error)
{
    unsigned long code = ERR_get_error();
    int os = errno;
    char text[256] = "";
    const char *words;

    if (code)
        ERR_error_string_n(code, text, sizeof text);
    words = tls_alert_words(text);
    if (words || code)
        return peer_fail(p, FAULT_TLS, words ? words : text);
    if (error == SSL_ERROR_SYSCALL && os)
        return peer_fail(p, os == ECONNRESET ? FAULT_RESET : FAULT_TLS, strerror(os));
    return peer_fail(p, FAULT_TLS, "connection closed in the handshake");
}

static bool peer_handshake(struct peer *p)
{
    for (;;) {
        int rc, error;

        ERR_clear_error();
        errno = 0;
        rc = SSL_connect(p->ssl);
        if (rc == 1)
            return true;
        error = SSL_get_error(p->ssl, rc);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            return peer_handshake_failed(p, error);
        if (!peer_wait(p, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
            return peer_fail(p, FAULT_TIMEOUT, "no TLS handshake");
    }
}

static void peer_close(struct peer *p)
{
    SSL_free(p->ssl);
    SSL_CTX_free(p->ctx);
    if (p->fd >= 0)
        close(p->fd);
}

static bool peer_open(struct peer *p, enum tls_version newest)
{
    struct phases *ph = &p->e->facts.phases;

    if (!peer_connect(p))
        return false;
    if (!p->quiet)
        ph->connect_us = (int32_t)(peer_now_us() - p->e->asked_us);
    if (p->e->start == TLS_POSTGRES && !peer_start_postgres(p))
        return false;
    if (!peer_prepare(p, newest) || !peer_handshake(p))
        return false;
    if (!p->quiet) /* the end of it: what is asked after that is not its latency */
        ph->tls_us = ph->first_byte_us = ph->total_us = (int32_t)(peer_now_us() - p->e->asked_us);
    return true;
}

/* ---- the certificate ---- */

static int64_t peer_time_ms(const ASN1_TIME *t)
{
    struct tm tm;

    return t && ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) * 1000 : 0;
}

int64_t tls_end_ms(void *ssl)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);

    return cert ? peer_time_ms(X509_get0_notAfter(cert)) : 0;
}

static void peer_asn1(const ASN1_STRING *s, struct text *out)
{
    unsigned char *utf8 = NULL;
    int len = s ? ASN1_STRING_to_UTF8(&utf8, s) : -1;

    text_set(out, (const char *)utf8, len > 0 ? (size_t)len : 0);
    OPENSSL_free(utf8);
}

/* What a person knows it by: the common name, else the organisation, else whatever stands first. */
static void peer_name(const X509_NAME *name, struct text *out)
{
    static const int parts[] = { NID_commonName, NID_organizationName };
    int at = -1;

    for (size_t i = 0; at < 0 && i < sizeof parts / sizeof parts[0]; i++)
        at = X509_NAME_get_index_by_NID(name, parts[i], -1);
    if (at < 0 && X509_NAME_entry_count(name) == 0)
        text_sets(out, "nobody");
    else
        peer_asn1(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at < 0 ? 0 : at)), out);
}

static bool peer_alternative(const GENERAL_NAME *g, struct text *out)
{
    char address[64] = "";
    const unsigned char *b;

    if (g->type == GEN_DNS) {
        peer_asn1(g->d.dNSName, out);
        return true;
    }
    if (g->type != GEN_IPADD)
        return false;
    b = ASN1_STRING_get0_data(g->d.iPAddress);
    if (ASN1_STRING_length(g->d.iPAddress) == 4)
        inet_ntop(AF_INET, b, address, sizeof address);
    else if (ASN1_STRING_length(g->d.iPAddress) == 16)
        inet_ntop(AF_INET6, b, address, sizeof address);
    text_sets(out, address);
    return *address;
}

static void peer_names(X509 *cert, struct tls_facts *f)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    struct text name = { 0 };

    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        if (!peer_alternative(sk_GENERAL_NAME_value(all, i), &name))
            continue;
        if (f->n_names < TLS_NAMES)
            text_copy(&f->names[f->n_names], &name);
        f->n_names++;
    }
    text_fini(&name);
    GENERAL_NAMES_free(all);
}

/* As browsers do: by the alternative names alone. */
static bool peer_covers(X509 *cert, const char *name)
{
    const unsigned flags =
        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

    if (peer_is_address(name))
        return X509_check_ip_asc(cert, name, flags) == 1;
    return X509_check_host(cert, name, 0, flags, NULL) == 1;
}

/* A certificate on the way that ends before ours ends ours too. The root itself is trusted for what
 * it is. */
static void peer_chain(const struct peer *p, struct tls_facts *f)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(p->ssl);
    int n = f->n_flaws ? 0 : sk_X509_num(chain);

    for (int i = 0; i < n && (i == 0 || i < n - 1); i++) {
        X509 *c = sk_X509_value(chain, i);
        int64_t after_ms = peer_time_ms(X509_get0_notAfter(c));

        if (f->chain_after_ms && after_ms >= f->chain_after_ms)
            continue;
        f->chain_after_ms = after_ms;
        peer_name(X509_get_subject_name(c), &f->chain_first);
    }
}

static bool peer_certificate(struct peer *p)
{
    struct tls_facts *f = &p->e->facts;
    X509 *cert = SSL_get0_peer_certificate(p->ssl);

    if (!cert)
        return peer_fail(p, FAULT_TLS, "the server showed no certificate");
    f->not_before_ms = peer_time_ms(X509_get0_notBefore(cert));
    f->not_after_ms = peer_time_ms(X509_get0_notAfter(cert));
    if (!f->not_after_ms)
        return peer_fail(p, FAULT_TLS, "the certificate has no date that can be read");
    peer_name(X509_get_subject_name(cert), &f->subject);
    peer_name(X509_get_issuer_name(cert), &f->issuer);
    peer_names(cert, f);
    peer_chain(p, f);
    f->covers_name = peer_covers(cert, p->e->name);
    for (size_t i = 0; i < p->e->n_wanted; i++)
        f->covers[i] = peer_covers(cert, p->e->wanted[i]);
    return true;
}

/* ---- the floor ---- */

/* Did it hear our wish at all? What OpenSSL itself refuses to ask tells nothing. */
static bool peer_asked(const struct peer *p)
{
    return p->ssl && BIO_number_written(SSL_get_wbio(p->ssl)) > 0;
}

/* Asks again with nothing better than what must be refused. An alert or a hang-up is the refusal; a
 * server that says nothing until the deadline has not told. */
static void peer_floor(struct tls_errand *e, int agreed)
{
    struct peer old = { .e = e, .until_us = e->deadline_us, .fd = -1, .quiet = true };
    const char *taken = NULL;

    if (e->floor <= TLS_1_0)
        return;
    if (agreed < peer_versions[e->floor - TLS_1_0].number)
        taken = peer_version_word(agreed);
    else if (peer_open(&old, e->floor - 1))
        taken = peer_version_word(SSL_version(old.ssl));
    if (taken)
        e->facts.floor = TLS_FLOOR_BROKEN;
    else if (peer_asked(&old) && peer_now_us() < e->deadline_us)
        e->facts.floor = TLS_FLOOR_HOLDS;
    snprintf(e->facts.taken, sizeof e->facts.taken, "%s", taken ? taken : "");
    peer_close(&old);
}

void tls_errand_run(void *what)
{
    struct tls_errand *e = what;
    struct peer p = { .e = e, .until_us = e->deadline_us, .fd = -1 };

    if (peer_open(&p, TLS_ANY) && peer_certificate(&p)) {
        snprintf(e->facts.version, sizeof e->facts.version, "%s",
                 peer_version_word(SSL_version(p.ssl)));
        peer_floor(e, SSL_version(p.ssl));
    }
    peer_close(&p);
}
