/* io/http_tls.c: from curl's and OpenSSL's results to the reason that a person needs. */
#include "io/http_tls.h"

#include <string.h>

#include "io/tls_impl.h"
#include "io/tls_words.h"

void tls_trusted(const char **file, const char **dir)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);

    *file = curl->cainfo;
    *dir = curl->capath;
}

int64_t http_tls_end_ms(CURL *easy)
{
    struct curl_tlssessioninfo *info = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info ||
        info->backend != CURLSSLBACKEND_OPENSSL || !info->internals)
        return 0;
    return tls_end_ms(info->internals);
}

const char *http_tls_words(CURL *easy, CURLcode rc, const char *error)
{
    const char *words;
    long verify = 0;

    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    words = tls_verify_words(verify);
    if (words)
        return words;
    /* The name is compared before the verdict of OpenSSL is fetched. */
    if (rc == CURLE_PEER_FAILED_VERIFICATION && (verify == 0 || strstr(error, "host name")))
        return "wrong host";
    words = tls_alert_words(error);
    if (words)
        return words;
    return *error ? error : curl_easy_strerror(rc);
}
