/* io/http_tls.h: why a TLS connection did not come about, in our words; for all who connect with
 * curl (io/http.c, io/redis_conn.c).
 */
#pragma once

#include <curl/curl.h>

/* "certificate expired", "self-signed certificate", "unknown issuer", "wrong host", "protocol
 * version"
 * ... or curl's own words. `error` is the handle's error buffer. Borrowed. */
const char *http_tls_words(CURL *easy, CURLcode rc, const char *error);
