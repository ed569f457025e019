/* tests/harness/dnsshim.c: a resolver that answers as it is told. Loaded with LD_PRELOAD, it takes
 * getaddrinfo() for the names that the file named by DNSSHIM lists, read anew at each call:
 *
 *   NAME well | v6 | none | nx | slow | many
 *
 * well 127.0.0.1, v6 ::1 only, none: no resolver answers, nx: there is no such name, slow: 30 s
 * until the answer, many: 100 addresses, the right one last but one. Other names go to the system.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef int resolve_fn(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out);

static int shim_numeric(const char *address, const char *service, const struct addrinfo *hints,
                        struct addrinfo **out)
{
    resolve_fn *real = (resolve_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo h = hints ? *hints : (struct addrinfo){ 0 };

    h.ai_flags = (h.ai_flags | AI_NUMERICHOST) & ~AI_ADDRCONFIG;
    return real(address, service, &h, out);
}

/* Each result comes from the real function, so that freeaddrinfo() frees the joined list. */
static int shim_many(const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    struct addrinfo **tail = out;
    char address[32];
    int rc;

    *out = NULL;
    for (int i = 0; i < 100; i++) {
        snprintf(address, sizeof address, "127.0.%d.%d", i == 98 ? 0 : 9, i == 98 ? 1 : i + 1);
        if ((rc = shim_numeric(address, service, hints, tail)))
            return rc;
        while (*tail)
            tail = &(*tail)->ai_next;
    }
    return 0;
}

/* The word that the file has for this name; "" when it has none. */
static void shim_word(const char *node, char out[16])
{
    const char *path = getenv("DNSSHIM");
    FILE *f = path ? fopen(path, "re") : NULL;
    char name[256], word[16];

    out[0] = '\0';
    while (f && fscanf(f, "%255s %15s", name, word) == 2)
        if (!strcmp(name, node))
            memcpy(out, word, sizeof word);
    if (f)
        fclose(f);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    resolve_fn *real = (resolve_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
    char word[16];

    shim_word(node ? node : "", word);
    if (!strcmp(word, "none"))
        return EAI_AGAIN;
    if (!strcmp(word, "nx"))
        return EAI_NONAME;
    if (!strcmp(word, "slow"))
        sleep(30); /* this is the fault: a resolver whose answer comes after every deadline */
    if (!strcmp(word, "many"))
        return shim_many(service, hints, out);
    if (!strcmp(word, "v6"))
        return hints && hints->ai_family == AF_INET ? EAI_NONAME
                                                    : shim_numeric("::1", service, hints, out);
    if (*word)
        return hints && hints->ai_family == AF_INET6
                   ? EAI_NONAME
                   : shim_numeric("127.0.0.1", service, hints, out);
    return real(node, service, hints, out);
}
