/* io/redis_url.c: addresses of Redis servers. */
#include "io/redis_url.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"

enum { REDIS_PORT = 6379, REDIS_DB_MAX = 65535 };

static bool redis_url_number(const char *s, size_t len, int max, int *out)
{
    int n = 0;

    if (len == 0 || len > 5)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        n = n * 10 + (s[i] - '0');
    }
    *out = n;
    return n <= max;
}

static int redis_url_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent signs decoded; NULL for a broken one or one that hides a control character. */
static char *redis_url_decode(const char *s, size_t len)
{
    char *out = xmalloc(len + 1);
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '%') {
            int hi = i + 2 < len ? redis_url_hex(s[i + 1]) : -1;
            int lo = hi >= 0 ? redis_url_hex(s[i + 2]) : -1;

            if (lo < 0) {
                free(out);
                return NULL;
            }
            c = (unsigned char)(hi << 4 | lo);
            i += 2;
        }
        if (c < 0x20 || c == 0x7f) {
            free(out);
            return NULL;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return out;
}

static bool redis_url_unix(struct redis_address *a, const char *rest, struct err *err)
{
    const char *query = strchr(rest, '?');
    size_t len = query ? (size_t)(query - rest) : strlen(rest);

    while (len > 1 && rest[0] == '/' && rest[1] == '/') { /* unix:///path is common too */
        rest++;
        len--;
    }
    if (rest[0] != '/' || len < 2)
        return err_set(err, "a unix socket is written unix:/path or unix:/path?db=1");
    if (query && (strncmp(query, "?db=", 4) != 0 ||
                  !redis_url_number(query + 4, strlen(query + 4), REDIS_DB_MAX, &a->db)))
        return err_set(err, "after the path of a unix socket only ?db=NUMBER is known");
    a->path = redis_url_decode(rest, len);
    return a->path ? true : err_set(err, "the path of the unix socket has a broken %% escape");
}

static bool redis_url_host(struct redis_address *a, const char *s, size_t len, struct err *err)
{
    const char *end = s + len, *colon = NULL, *host = s;
    size_t host_len = len;

    if (len && s[0] == '[') {
        const char *close = memchr(s, ']', len);

        if (!close)
            return err_set(err, "an address in [ ] needs its closing bracket");
        host = s + 1;
        host_len = (size_t)(close - host);
        colon = close + 1 < end ? close + 1 : NULL;
        if (colon && *colon != ':')
            return err_set(err, "after ] comes :PORT");
    } else {
        colon = memchr(s, ':', len);
        if (colon)
            host_len = (size_t)(colon - s);
    }
    if (!host_len)
        return err_set(err, "the host is missing: redis://HOST:6379");
    a->port = REDIS_PORT;
    if (colon &&
        (!redis_url_number(colon + 1, (size_t)(end - colon - 1), 65535, &a->port) || a->port == 0))
        return err_set(err, "the port must be a number from 1 to 65535");
    for (size_t i = 0; i < host_len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%", host[i]))
            return err_set(err, "a host may hold letters, digits, dots and dashes");
    a->host = xstrndup(host, host_len);
    return true;
}

static bool redis_url_net(struct redis_address *a, const char *rest, struct err *err)
{
    size_t len = strcspn(rest, "/?#");
    const char *path = rest + len, *at = NULL;

    for (size_t i = 0; i < len; i++) /* the last one: a user may hold an @ */
        if (rest[i] == '@')
            at = rest + i;
    if (at) {
        if (memchr(rest, ':', (size_t)(at - rest)))
            return err_set(err, "a password does not belong into the address; give it as "
                                "password: ${env:NAME}");
        if (at > rest) {
            a->user = redis_url_decode(rest, (size_t)(at - rest));
            if (!a->user)
                return err_set(err, "the user has a broken %% escape");
        }
        len -= (size_t)(at + 1 - rest);
        rest = at + 1;
    }
    if (*path == '/' && path[1] &&
        !redis_url_number(path + 1, strlen(path + 1), REDIS_DB_MAX, &a->db))
        return err_set(err, "after the host comes the number of the database: redis://HOST/0");
    if (*path && *path != '/')
        return err_set(err, "nothing but /NUMBER may follow the host");
    return redis_url_host(a, rest, len, err);
}

bool redis_address_parse(struct redis_address *a, const char *url, struct err *err)
{
    bool ok;

    *a = (struct redis_address){ 0 };
    for (const char *s = url; *s; s++)
        if ((unsigned char)*s <= 0x20 || *s == 0x7f)
            return err_set(err, "an address may not hold blanks or control characters");
    if (strncmp(url, "redis://", 8) == 0) {
        ok = redis_url_net(a, url + 8, err);
    } else if (strncmp(url, "rediss://", 9) == 0) {
        a->tls = true;
        ok = redis_url_net(a, url + 9, err);
    } else if (strncmp(url, "unix:", 5) == 0) {
        ok = redis_url_unix(a, url + 5, err);
    } else {
        ok = err_set(err, "an address of Redis begins with redis://, rediss:// or unix:");
    }
    if (!ok)
        redis_address_fini(a);
    return ok;
}

void redis_address_fini(struct redis_address *a)
{
    free(a->path);
    free(a->host);
    free(a->user);
    *a = (struct redis_address){ 0 };
}

char *redis_address_name(const struct redis_address *a)
{
    struct buf b = { 0 };

    if (a->path)
        buf_addf(&b, "unix:%s", a->path);
    else if (strchr(a->host, ':'))
        buf_addf(&b, "[%s]:%d", a->host, a->port);
    else
        buf_addf(&b, "%s:%d", a->host, a->port);
    if (a->db)
        buf_addf(&b, a->path ? "?db=%d" : "/%d", a->db);
    return b.bytes;
}
