/* core/secret.c: a value that must not be shown. */
#include "core/secret.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

struct secret {
    size_t len;
    char bytes[]; /* terminated */
};

struct secret *secret_new(const char *bytes, size_t len)
{
    struct secret *s = xmalloc(sizeof *s + len + 1);

    s->len = len;
    if (len)
        memcpy(s->bytes, bytes, len);
    s->bytes[len] = '\0';
    return s;
}

struct secret *secret_copy(const struct secret *s)
{
    return s ? secret_new(s->bytes, s->len) : NULL;
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    secret_wipe(s, sizeof *s + s->len + 1);
    free(s);
}

const char *secret_reveal(const struct secret *s)
{
    return s->bytes;
}

size_t secret_len(const struct secret *s)
{
    return s->len;
}

bool secret_same(const struct secret *a, const struct secret *b)
{
    if (!a || !b)
        return a == b;
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

void secret_wipe(void *bytes, size_t len)
{
    if (len)
        explicit_bzero(bytes, len);
}
