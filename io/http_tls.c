/* io/http_tls.c: from curl's and OpenSSL's results to the reason that a person needs. */
#include "io/http_tls.h"

#include <string.h>

/* OpenSSL's X509_V_ERR_*, as CURLINFO_SSL_VERIFYRESULT gives them. */
enum {
    X509_NO_ISSUER = 2,
    X509_NOT_YET = 9,
    X509_EXPIRED = 10,
    X509_SELF_SIGNED = 18,
    X509_SELF_SIGNED_ROOT = 19,
    X509_NO_LOCAL_ISSUER = 20,
    X509_NO_FIRST = 21,
    X509_REVOKED = 23
};

static const char *http_tls_alert(const char *e)
{
    if (strstr(e, "wrong version number") || strstr(e, "packet length too long") ||
        strstr(e, "http request"))
        return "the other side does not speak TLS";
    if (strstr(e, "unsupported protocol") || strstr(e, "protocol version") ||
        strstr(e, "version too low") || strstr(e, "no protocols available"))
        return "protocol version";
    if (strstr(e, "no shared cipher") || strstr(e, "handshake failure"))
        return "no common cipher";
    if (strstr(e, "certificate required") || strstr(e, "bad certificate"))
        return "it wants a client certificate";
    if (strstr(e, "SSL_ERROR_SYSCALL") || strstr(e, "unexpected eof"))
        return "connection closed in the handshake";
    return NULL;
}

static const char *http_tls_certificate(long verify)
{
    switch (verify) {
    case X509_EXPIRED:
        return "certificate expired";
    case X509_NOT_YET:
        return "certificate not valid yet";
    case X509_SELF_SIGNED:
        return "self-signed certificate";
    case X509_REVOKED:
        return "certificate revoked";
    case X509_NO_ISSUER:
    case X509_SELF_SIGNED_ROOT:
    case X509_NO_LOCAL_ISSUER:
    case X509_NO_FIRST:
        return "unknown issuer";
    default:
        return NULL;
    }
}

const char *http_tls_words(CURL *easy, CURLcode rc, const char *error)
{
    const char *words;
    long verify = 0;

    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    words = http_tls_certificate(verify);
    if (words)
        return words;
    /* The name is compared before the verdict of OpenSSL is fetched. */
    if (rc == CURLE_PEER_FAILED_VERIFICATION && (verify == 0 || strstr(error, "host name")))
        return "wrong host";
    words = http_tls_alert(error);
    if (words)
        return words;
    return *error ? error : curl_easy_strerror(rc);
}
