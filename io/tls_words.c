/* io/tls_words.c: what OpenSSL says, in our words; also when it comes through curl. */
#include "io/tls_words.h"

#include <string.h>

#include <openssl/x509_vfy.h>

const char *tls_verify_words(long verify)
{
    switch (verify) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "certificate expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "certificate not valid yet";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "self-signed certificate";
    case X509_V_ERR_CERT_REVOKED:
        return "certificate revoked";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "unknown issuer";
    default:
        return NULL;
    }
}

const char *tls_alert_words(const char *e)
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
