/* probes/target.c: an HTTP target made from a kind's options. */
#include "probes/target.h"

#include <stdlib.h>

#include "core/alloc.h"

static struct secret *target_secret(const struct clients *c, const char *reference, struct err *err)
{
    if (c->secret)
        return c->secret(c->secret_arg, reference, err);
    err_set(err, "%s: nobody keeps secrets here", reference);
    return NULL;
}

struct http_target *target_new(const struct clients *clients, const struct http_spec *spec,
                               const struct strmap *headers, const char *bearer, const char *basic,
                               bool *fatal, struct err *err)
{
    const char *reference = bearer ? bearer : basic;
    struct http_spec full = *spec;
    struct http_header *list;
    struct secret *secret = NULL;
    struct http_target *t;

    *fatal = false;
    if (reference && !(secret = target_secret(clients, reference, err)))
        return NULL;
    list = xcalloc(headers->n + 1, sizeof *list);
    for (size_t i = 0; i < headers->n; i++)
        list[i] = (struct http_header){ headers->keys[i], headers->values[i] };
    full.headers = list;
    full.n_headers = headers->n;
    full.bearer = bearer ? secret : NULL;
    full.basic = bearer ? NULL : secret;
    t = http_target_new(clients->http, &full, err);
    *fatal = !t && !reference;
    free(list);
    secret_free(secret);
    return t;
}
