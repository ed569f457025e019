/* examples/sim/cert.c: certificates by OpenSSL, as an authority of the public signs them: for 90
 * days. */
#include "cert.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "place.h"
#include "str.h"

/* SLACK_S: what ends in 60 days says so for the first hour. */
enum { DAY_S = 86400, SLACK_S = 3600, LIFE_DAYS = 90, AUTHORITY_DAYS = 3650 };

struct cert_authority {
    EVP_PKEY *key, *server_key;
    X509 *own;
    time_t start;
};

static bool cert_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = e && X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    return ok;
}

/* Not signed yet; NULL when it cannot be made. */
static X509 *cert_begin(EVP_PKEY *key, const char *name, time_t from, time_t until, long serial)
{
    X509 *x = X509_new();
    X509_NAME *subject = x ? X509_get_subject_name(x) : NULL;

    if (subject && X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), serial) &&
        ASN1_TIME_set(X509_getm_notBefore(x), from) &&
        ASN1_TIME_set(X509_getm_notAfter(x), until) && X509_set_pubkey(x, key) &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
                                   0))
        return x;
    X509_free(x);
    return NULL;
}

/* ---- the authority ---- */

struct cert_authority *cert_authority_new(char *why)
{
    struct cert_authority *a = calloc(1, sizeof *a);

    if (!a)
        abort();
    a->start = time(NULL);
    a->key = EVP_EC_gen("P-256");
    a->server_key = EVP_EC_gen("P-256");
    if (a->key && a->server_key)
        a->own = cert_begin(a->key, "midwatch-sim", a->start - AUTHORITY_DAYS * (time_t)DAY_S,
                            a->start + AUTHORITY_DAYS * (time_t)DAY_S, 1);
    if (a->own && X509_set_issuer_name(a->own, X509_get_subject_name(a->own)) &&
        cert_extend(a->own, a->own, NID_basic_constraints, "critical,CA:TRUE") &&
        cert_extend(a->own, a->own, NID_key_usage, "critical,keyCertSign") &&
        cert_extend(a->own, a->own, NID_subject_key_identifier, "hash") &&
        X509_sign(a->own, a->key, EVP_sha256()))
        return a;
    snprintf(why, PLACE_WHY, "no certificate: %s", ERR_reason_error_string(ERR_peek_last_error()));
    cert_authority_free(a);
    return NULL;
}

void cert_authority_free(struct cert_authority *a)
{
    if (!a)
        return;
    X509_free(a->own);
    EVP_PKEY_free(a->key);
    EVP_PKEY_free(a->server_key);
    free(a);
}

bool cert_authority_write(const struct cert_authority *a, const struct place *p, const char *name,
                          char *why)
{
    BIO *memory = BIO_new(BIO_s_mem());
    struct str text = { 0 };
    char *bytes = NULL;
    bool ok = memory && PEM_write_bio_X509(memory, a->own);
    long n = ok ? BIO_get_mem_data(memory, &bytes) : 0;

    if (n > 0) {
        str_addn(&text, bytes, (size_t)n);
        ok = place_write(p, name, text.s, NULL, 0644, why);
    } else {
        snprintf(why, PLACE_WHY, "%s: out of memory", name);
        ok = false;
    }
    str_fini(&text);
    BIO_free(memory);
    return ok;
}

/* ---- a server ---- */

static X509 *cert_sign(const struct cert_authority *a, const char *const *names, int days)
{
    time_t until = a->start + (time_t)days * DAY_S + (days > 0 ? SLACK_S : 0);
    time_t from = until - LIFE_DAYS * (time_t)DAY_S, latest = a->start - DAY_S;
    struct str alternatives = { 0 };
    X509 *x = cert_begin(a->server_key, names[0], from < latest ? from : latest, until, 2 + days);

    for (size_t i = 0; names[i]; i++)
        str_addf(&alternatives, "%sDNS:%s", i ? "," : "", names[i]);
    if (x && !(X509_set_issuer_name(x, X509_get_subject_name(a->own)) &&
               cert_extend(x, a->own, NID_subject_alt_name, alternatives.s) &&
               cert_extend(x, a->own, NID_basic_constraints, "critical,CA:FALSE") &&
               cert_extend(x, a->own, NID_ext_key_usage, "serverAuth") &&
               cert_extend(x, a->own, NID_authority_key_identifier, "keyid") &&
               X509_sign(x, a->key, EVP_sha256()))) {
        X509_free(x);
        x = NULL;
    }
    str_fini(&alternatives);
    return x;
}

SSL_CTX *cert_context(const struct cert_authority *a, const char *const *names, int days)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    X509 *x = cert_sign(a, names, days);
    bool ok = ctx && x && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) &&
              SSL_CTX_use_certificate(ctx, x) == 1 &&
              SSL_CTX_use_PrivateKey(ctx, a->server_key) == 1;

    X509_free(x);
    if (ok)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}
