/* app/secrets.h: secrets by reference: env:NAME or file:/path. Nobody else reads them.
 *
 * A secret from the environment is taken out of it at its first use: the bytes are overwritten
 * where other processes can see them, and kept here for reconnects and reloads. Files are read each
 * time, so that a new token is taken up; they must be regular, private (0600) and our own or
 * root's.
 *
 * Errors:  "env:PGPASS is not set", "/x can be read by others (mode 0644); chmod 600 /x".
 * Owner:   secrets_free() wipes what is kept.
 */
#pragma once

#include "core/err.h"
#include "core/secret.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>

enum { SECRET_BYTES_MAX = 64 << 10 };

struct secrets;

struct secrets *secrets_new(void);
void secrets_free(struct secrets *s);
/* What `reference` names, for the caller to free; NULL with err set. `arg` is a struct secrets, so
 * that it fits struct clients of probes/probe.h. */
struct secret *secrets_get(void *arg, const char *reference, struct err *err);
/* The value of a variable of the environment that was taken out of it, for the reader of a
 * configuration that names it once more; NULL when it was not. Borrowed until the next call. */
const struct secret *secrets_taken(const struct secrets *s, const char *name);
/* From now on `reference` (env:NAME) is this; takes it. For a password of the command line. */
void secrets_give(struct secrets *s, const char *reference, struct secret *secret);

/* A secret that was read elsewhere: secrets_hide() knows it too. `s` may be NULL. */
void secrets_handed(struct secrets *s, const char *value);
/* Does a secret that was handed out stand in it: as it is, percent-encoded or in base64, whole or
 * the beginning of it? Of less than 8 bytes that cannot be told from a word, and it is not looked
 * for. `s` may be NULL. */
bool secrets_any(const struct secrets *s); /* was any handed out that is looked for? */
bool secrets_said(const struct secrets *s, const struct text *t);
void secrets_hide(const struct secrets *s, struct text *t); /* "[secret]" instead */

/* Is it a reference at all? For files also that the file is private, if it exists. */
bool secrets_reference_check(const char *reference, struct err *err);
/* A key that by its name holds a secret: password, api_token, ... (but not token_file). */
bool secrets_key(const char *key);
/* A header that carries one: Authorization, Cookie, X-Api-Key ... */
bool secrets_header(const char *name);
/* A password or token inside an address: in the user part, as password=..., or in the query. */
bool secrets_in_address(const char *address);
