/* core/option_url.c: addresses without passwords. */
#include "core/option_url.h"

#include <string.h>
#include <strings.h>

#define OPTION_HINT "write it as a reference in `password:`, such as env:NAME or file:/path"

static bool option_plain(const char *s, bool blanks, struct err *err)
{
    for (const unsigned char *p = (const unsigned char *)s; *p; p++)
        if (*p < 0x20 || *p == 0x7f || (*p == ' ' && !blanks))
            return err_set(err, "a blank or control character stands in the address; "
                                "write it as %%20 or take it out");
    return true;
}

/* A query parameter whose value is a password: `?password=x`, `&sslpassword=x`. */
static bool option_query_has_password(const char *s)
{
    const char *q = strchr(s, '?');

    while (q && *q && *q != '#') {
        const char *name = q + 1;
        size_t len = strcspn(name, "=&#");

        if (name[len] == '=' && ((len == 8 && strncasecmp(name, "password", 8) == 0) ||
                                 (len == 11 && strncasecmp(name, "sslpassword", 11) == 0)))
            return true;
        q = name + strcspn(name, "&#");
    }
    return false;
}

/* `s` stands after "scheme://". */
static bool option_check_authority(const char *s, bool want_host, struct err *err)
{
    size_t len = strcspn(s, "/?#");
    const char *at = NULL, *host = s;

    for (size_t i = 0; i < len; i++) /* the last one: a password may hold another */
        if (s[i] == '@')
            at = s + i;
    /* A '/' or '#' in a password ends the authority early: then "user:half" and no host's port. */
    if (!at && memchr(s, ':', len) && strchr(s + len, '@')) {
        const char *port = memchr(s, ':', len);

        if (*s != '[' && strspn(port + 1, "0123456789") != len - (size_t)(port + 1 - s))
            return err_set(err, "a password stands in the address; " OPTION_HINT);
    }
    if (at) {
        if (memchr(s, ':', (size_t)(at - s)))
            return err_set(err, "a password stands in the address; " OPTION_HINT);
        host = at + 1;
    }
    if (option_query_has_password(s))
        return err_set(err, "a password stands in the address; " OPTION_HINT);
    if (want_host && (host == s + len || *host == ':'))
        return err_set(err, "the address has no host");
    return true;
}

bool option_check_url(const char *url, struct err *err)
{
    const char *rest = strstr(url, "://");
    size_t scheme = rest ? (size_t)(rest - url) : 0;

    if (!((scheme == 4 && strncasecmp(url, "http", 4) == 0) ||
          (scheme == 5 && strncasecmp(url, "https", 5) == 0)))
        return err_set(err, "this is not an address that can be asked; write http://host/path or "
                            "https://host/path");
    return option_check_authority(rest + 3, true, err) && option_plain(url, false, err);
}

static const char *option_skip(const char *s)
{
    return s + strspn(s, " \t\n\r");
}

/* libpq's "key=value key='quoted \' value'". */
static bool option_check_conninfo(const char *s, struct err *err)
{
    const char *const wrong = "this is not a connection string; write host=db dbname=app user=app";

    for (s = option_skip(s); *s; s = option_skip(s)) {
        const char *key = s;
        size_t len = strcspn(s, " \t\n\r=");

        s = option_skip(s + len);
        if (len == 0 || *s != '=')
            return err_set(err, "%s", wrong);
        if ((len == 8 && strncmp(key, "password", 8) == 0) ||
            (len == 11 && strncmp(key, "sslpassword", 11) == 0))
            return err_set(err, "a password stands in the address; " OPTION_HINT);
        s = option_skip(s + 1);
        if (*s == '\'') {
            for (s++; *s && *s != '\''; s++)
                if (*s == '\\' && s[1])
                    s++;
            if (*s != '\'')
                return err_set(err, "a quote is not closed in the connection string");
            s++;
        } else {
            for (; *s && !strchr(" \t\n\r", *s); s++)
                if (*s == '\\' && s[1])
                    s++;
        }
    }
    return true;
}

bool option_check_dsn(const char *dsn, struct err *err)
{
    static const char *const schemes[] = { "postgres", "postgresql", "redis", "rediss" };
    const char *rest = strstr(dsn, "://");

    if (strncmp(dsn, "unix:", 5) == 0) {
        if (dsn[5] != '/')
            return err_set(err,
                           "after unix: stands an absolute path, such as unix:/run/redis.sock");
        return option_plain(dsn, true, err);
    }
    for (size_t i = 0; rest && i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);

        if ((size_t)(rest - dsn) == len && strncmp(dsn, schemes[i], len) == 0)
            return option_check_authority(rest + 3, schemes[i][0] == 'r', err) &&
                   option_plain(dsn, false, err);
    }
    if (rest && !memchr(dsn, '=', (size_t)(rest - dsn)))
        return err_set(err, "this scheme is not known; write postgres://user@host/db, "
                            "redis://host:6379, rediss://host:6379 or unix:/path");
    if (!strchr(dsn, '='))
        return err_set(err, "this is not an address; write postgres://user@host/db, "
                            "redis://host:6379, unix:/path or host=db dbname=app");
    return option_plain(dsn, true, err) && option_check_conninfo(dsn, err);
}
