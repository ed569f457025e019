/* io/tls_words.h: what OpenSSL says, in our words. */
#pragma once

/* Of X509_V_ERR_*: "certificate expired", "self-signed certificate", "unknown issuer" ...; NULL for
 * X509_V_OK and for what has no word of ours. */
const char *tls_verify_words(long verify);
/* Of an error's text: "protocol version", "no common cipher" ...; NULL when it has none. */
const char *tls_alert_words(const char *error);
