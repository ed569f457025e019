/* examples/sim/cert.h: an authority of this run alone, and the certificates that it signs. Their
 * keys are in memory only; what clients trust is a file.
 *
 * Units:   days from the start of the authority, negative for the past.
 * Errors:  NULL or false with a sentence in why (PLACE_WHY bytes).
 * Owner:   the guardian makes it before the worker is forked, so that both have it.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>

struct cert_authority;
struct place;

struct cert_authority *cert_authority_new(char *why);
void cert_authority_free(struct cert_authority *a); /* fine with NULL */
bool cert_authority_write(const struct cert_authority *a, const struct place *p, const char *name,
                          char *why);

/* A server's side of TLS 1.2 and 1.3 with a certificate for these names (the last one NULL) that
 * ends in so many days. NULL when memory or the library fails. */
SSL_CTX *cert_context(const struct cert_authority *a, const char *const *names, int days);
