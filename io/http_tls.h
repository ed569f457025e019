/* io/http_tls.h: why a TLS connection did not come about, in our words; for all who connect with
 * curl (io/http.c, io/redis_conn.c).
 */
#pragma once

#include <stdint.h>

#include <curl/curl.h>

/* From inside an exchange: when the certificate of its connection ends, Unix ms; 0 = not known. */
int64_t http_tls_end_ms(CURL *easy);
/* "certificate expired", "self-signed certificate", "unknown issuer", "wrong host", "protocol
 * version"
 * ... or curl's own words. `error` is the handle's error buffer. Borrowed. */
const char *http_tls_words(CURL *easy, CURLcode rc, const char *error);
