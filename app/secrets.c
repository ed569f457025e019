/* app/secrets.c: secrets by reference: env:NAME or file:/path. */
#include "app/secrets_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/file.h"
#include "app/names.h"
#include "core/alloc.h"

struct secrets *secrets_new(void)
{
    return xcalloc(1, sizeof(struct secrets));
}

void secrets_free(struct secrets *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        free(s->items[i].reference);
        secret_free(s->items[i].secret);
    }
    secrets_forms_fini(s);
    free(s->items);
    free(s);
}

static struct kept *secrets_find(const struct secrets *s, const char *reference)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].reference, reference) == 0)
            return &s->items[i];
    return NULL;
}

void secrets_give(struct secrets *s, const char *reference, struct secret *secret)
{
    struct kept *old = secrets_find(s, reference);

    if (old) {
        secret_free(old->secret);
        old->secret = secret;
        return;
    }
    s->items = xreallocarray(s->items, s->n + 1, sizeof *s->items);
    s->items[s->n++] = (struct kept){ xstrdup(reference), secret };
}

const struct secret *secrets_taken(const struct secrets *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strncmp(s->items[i].reference, "env:", 4) == 0 &&
            strcmp(s->items[i].reference + 4, name) == 0)
            return s->items[i].secret;
    return NULL;
}

static struct secret *secrets_copy(const struct secret *s)
{
    return secret_copy(s);
}

static struct secret *secrets_env(struct secrets *s, const char *reference, struct err *err)
{
    const struct kept *kept = secrets_find(s, reference);
    char *value;

    if (kept)
        return secrets_copy(kept->secret);
    value = getenv(reference + 4);
    if (!value || !*value) {
        err_set(err, "%s is not set", reference);
        return NULL;
    }
    secrets_give(s, reference, secret_new(value, strlen(value)));
    secret_wipe(value, strlen(value)); /* these bytes are what /proc/PID/environ shows */
    unsetenv(reference + 4);
    return secrets_copy(secrets_find(s, reference)->secret);
}

static struct secret *secrets_file(const char *reference, struct err *err)
{
    struct buf b = { 0 };
    struct secret *secret = NULL;

    if (file_read(reference + 5, SECRET_BYTES_MAX, FILE_SECRET, &b, err)) {
        if (b.len && b.bytes[b.len - 1] == '\n')
            b.len--;
        if (b.len && b.bytes[b.len - 1] == '\r')
            b.len--;
        if (b.len == 0)
            err_set(err, "%s is empty", reference + 5);
        else if (memchr(b.bytes, '\0', b.len))
            err_set(err, "%s holds a NUL byte", reference + 5);
        else
            secret = secret_new(b.bytes, b.len);
    }
    if (b.bytes)
        secret_wipe(b.bytes, b.cap);
    buf_fini(&b);
    return secret;
}

struct secret *secrets_get(void *arg, const char *reference, struct err *err)
{
    struct secrets *s = arg;
    struct secret *secret;

    if (!secrets_reference_check(reference, err))
        return NULL;
    secret = strncmp(reference, "env:", 4) == 0 ? secrets_env(s, reference, err)
                                                : secrets_file(reference, err);
    if (secret)
        secrets_note(s, secret);
    return secret;
}

/* Never quotes what it was given: that may be the secret itself. */
bool secrets_reference_check(const char *reference, struct err *err)
{
    if (strncmp(reference, "env:", 4) == 0) {
        if (name_is_var(reference + 4))
            return true;
        return err_set(err, "'env:' must name a variable of the environment, such as env:PGPASS");
    }
    if (strncmp(reference, "file:", 5) == 0) {
        if (reference[5] == '/')
            return file_is_private(reference + 5, err);
        return err_set(err, "'file:' needs a path from the root, such as file:/etc/midwatch/token");
    }
    return err_set(err, "a secret cannot stand in the file; write env:NAME or file:/path");
}

static bool secrets_ends(const char *key, const char *word)
{
    size_t k = strlen(key), w = strlen(word);

    return k >= w && strcasecmp(key + k - w, word) == 0;
}

bool secrets_key(const char *key)
{
    static const char *const words[] = { "password",   "passwd",     "passphrase",  "pwd",
                                         "secret",     "token",      "bearer",      "api_key",
                                         "apikey",     "api-key",    "private_key", "access_key",
                                         "secret_key", "credential", "credentials" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (secrets_ends(key, words[i]))
            return true;
    return false;
}

bool secrets_header(const char *name)
{
    static const char *const names[] = { "authorization", "proxy-authorization", "cookie" };

    if (strncasecmp(name, "access-control-", 15) == 0) /* ...-Allow-Credentials says true */
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    /* a header of CORS: what it says is true or nothing */
    return strcasecmp(name, "access-control-allow-credentials") != 0 && secrets_key(name);
}

/* name=value pairs, as in a query or a conninfo ("password = x" too): true when one has a secret's
 * name and a value. */
static bool secrets_in_pairs(const char *s)
{
    for (const char *eq = strchr(s, '='); eq; eq = strchr(eq + 1, '=')) {
        const char *end = eq, *start;
        char key[32];

        while (end > s && isspace((unsigned char)end[-1]))
            end--;
        start = end;
        while (start > s && (isalnum((unsigned char)start[-1]) || strchr("_-.", start[-1])))
            start--;
        if (end == start || (size_t)(end - start) >= sizeof key)
            continue;
        memcpy(key, start, (size_t)(end - start));
        key[end - start] = '\0';
        if (secrets_key(key) && eq[1 + strspn(eq + 1, " \t")] && !strchr("&;#", eq[1]))
            return true;
    }
    return false;
}

/* user:password@ before the host. A password may hold '/', '?' or '#' although it should not: what
 * follows the ':' is only a port when it is digits. */
static bool secrets_in_user(const char *authority)
{
    size_t end = strcspn(authority, "/?#"), colon = strcspn(authority, ":@[/?#");
    const char *at = strchr(authority, '@');

    if (!at || authority[colon] != ':' || authority + colon + 1 == at)
        return false;
    if ((size_t)(at - authority) < end)
        return true;
    return colon + 1 + strspn(authority + colon + 1, "0123456789") < end;
}

bool secrets_in_address(const char *address)
{
    const char *authority = strstr(address, "://");
    const char *query;

    if (!authority)
        return secrets_in_pairs(address);
    if (secrets_in_user(authority + 3))
        return true;
    query = strchr(authority, '?');
    return query && secrets_in_pairs(query + 1);
}
