/* probes/target.c: an HTTP target made from a kind's options. */
#include "probes/target.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

bool target_check(const char *url, const struct probe_trust *trust, const char *bearer,
                  const char *basic, struct err *err)
{
    if (!probe_trust_check(trust, strncmp(url, "https:", 6) == 0, "the URL is http", err))
        return false;
    if (bearer && basic)
        return err_set(err, "bearer, basic: a request carries one of them");
    return true;
}

struct http_target *target_new(const struct clients *clients, const struct http_spec *spec,
                               const struct strmap *headers, const char *bearer, const char *basic,
                               bool *fatal, struct err *err)
{
    const char *reference = bearer ? bearer : basic;
    struct http_spec full = *spec;
    struct http_header *list;
    struct secret *secret;
    struct http_target *t;

    *fatal = false;
    if (!probe_secret(clients, reference, &secret, err))
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
