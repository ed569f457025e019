/* app/urls.c: addresses instead of a configuration: parsing, names, passwords. */
#include "app/urls.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/file.h"
#include "app/names.h"
#include "app/urls_impl.h"
#include "core/alloc.h"

static const struct {
    const char *scheme;
    enum url_kind kind;
} url_schemes[] = {
    { "http", URL_HTTP },           { "https", URL_HTTP },  { "postgres", URL_POSTGRES },
    { "postgresql", URL_POSTGRES }, { "redis", URL_REDIS }, { "rediss", URL_REDIS },
};

static int url_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 -> A, in place; gives the new length. */
static size_t url_decode(char *s, size_t len)
{
    size_t to = 0;

    for (size_t i = 0; i < len; i++, to++) {
        if (s[i] == '%' && i + 2 < len && url_hex(s[i + 1]) >= 0 && url_hex(s[i + 2]) >= 0) {
            s[to] = (char)(url_hex(s[i + 1]) * 16 + url_hex(s[i + 2]));
            i += 2;
        } else {
            s[to] = s[i];
        }
    }
    return to;
}

/* Cuts [from, to) out of an argument and leaves no trace of it behind the end. */
static void url_cut(char *arg, char *from, char *to)
{
    size_t len = strlen(arg), rest = len - (size_t)(to - arg), cut = (size_t)(to - from);

    memmove(from, to, rest);
    secret_wipe(from + rest, cut);
}

static void url_keep_password(struct url *u, const char *bytes, size_t len)
{
    char *plain = xstrndup(bytes, len);
    size_t n = url_decode(plain, len);

    secret_free(u->password);
    u->password = secret_new(plain, n);
    secret_wipe(plain, len);
    free(plain);
}

/* user:password@, at `s` behind "scheme://". A password may hold an '@' itself. */
static void url_take_user(struct url *u, char *arg, char *s)
{
    char *end = s + strcspn(s, "/?#"), *at = NULL, *colon;

    for (char *p = s; p < end; p++)
        if (*p == '@')
            at = p;
    /* a password with '/', '?' or '#' in it ends the authority too early */
    if (!at && secrets_in_address(arg))
        at = strchr(s, '@');
    if (!at)
        return;
    colon = memchr(s, ':', (size_t)(at - s));
    if (u->kind == URL_HTTP) {
        if (colon) /* both go together, as Basic authentication sends them */
            url_keep_password(u, s, (size_t)(at - s));
        url_cut(arg, s, at + 1);
    } else if (colon) {
        if (at > colon + 1)
            url_keep_password(u, colon + 1, (size_t)(at - colon - 1));
        url_cut(arg, colon == s ? s : colon, colon == s ? at + 1 : at);
    }
}

/* ?password=x, as PostgreSQL takes it. */
static void url_take_query(struct url *u, char *arg)
{
    char *p = strchr(arg, '?');

    while (p && u->kind == URL_POSTGRES) {
        char *end = p + 1 + strcspn(p + 1, "&");

        if (strncmp(p + 1, "password=", 9) == 0) {
            url_keep_password(u, p + 10, (size_t)(end - p - 10));
            if (*end == '&')
                url_cut(arg, p + 1, end + 1); /* the next one takes its place behind '?' or '&' */
            else
                url_cut(arg, p, end);
            return;
        }
        p = *end ? end : NULL;
    }
}

static void url_parse_host(struct url *u, const char *s)
{
    size_t len = strcspn(s, "/?#");
    const char *host = s, *at = memchr(s, '@', len);

    if (at)
        host = at + 1;
    u->host = xstrndup(host, len - (size_t)(host - s));
    u->path = xstrndup(s + len, strcspn(s + len, "?#"));
}

static bool url_parse(struct url *u, char *arg, struct err *err)
{
    char *rest = strstr(arg, "://");
    size_t scheme = rest ? (size_t)(rest - arg) : 0;
    char start[80];

    if (strncmp(arg, "unix:/", 6) == 0) {
        *u = (struct url){ .kind = URL_REDIS, .host = xstrdup(arg + 5), .path = xstrdup("") };
        u->address = xstrdup(arg);
        return true;
    }
    for (size_t i = 0; rest && i < sizeof url_schemes / sizeof *url_schemes; i++) {
        if (strlen(url_schemes[i].scheme) != scheme ||
            strncasecmp(arg, url_schemes[i].scheme, scheme) != 0)
            continue;
        u->kind = url_schemes[i].kind;
        for (size_t j = 0; j < scheme; j++)
            arg[j] = (char)tolower((unsigned char)arg[j]);
        url_take_user(u, arg, rest + 3);
        url_take_query(u, arg);
        url_parse_host(u, rest + 3);
        u->address = xstrdup(arg);
        if (!secrets_in_address(arg))
            return true;
        secret_wipe(rest + 3, strlen(rest + 3));
        return err_set(err,
                       "a token in an address shows itself; write a configuration with "
                       "'bearer' or 'headers' ('midwatch init %.*s...' begins one)",
                       (int)scheme + 3, u->address);
    }
    if (rest) /* whatever it is, it may hold a password */
        secret_wipe(rest + 3, strlen(rest + 3));
    return err_set(err,
                   "'%s' is not an address that can be asked; write https://host/health, "
                   "postgres://user@host/db, redis://host or unix:/path",
                   name_excerpt(start, sizeof start, arg));
}

/* a-z, 0-9 and '-', as a name; at least one character. */
static void url_name(char *out, size_t size, const char *from)
{
    size_t n = 0;

    for (; *from && n + 1 < size; from++) {
        char c = (char)tolower((unsigned char)*from);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = c;
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = '\0';
    if (n == 0)
        snprintf(out, size, "service");
}

static bool urls_id_taken(const struct urls *u, const char *id, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(u->items[i].id, id) == 0)
            return true;
    return false;
}

/* A service for each origin; addresses of one origin share it. */
static void urls_name_service(struct urls *u, size_t i)
{
    static const char *const fixed[] = { [URL_POSTGRES] = "postgres", [URL_REDIS] = "redis" };
    struct url *url = &u->items[i];
    char base[URL_ID - 8];

    for (size_t j = 0; j < i && url->kind == URL_HTTP; j++) {
        const struct url *before = &u->items[j];

        if (before->kind == URL_HTTP && strcasecmp(before->host, url->host) == 0) {
            memcpy(url->id, before->id, sizeof url->id);
            return;
        }
    }
    url->first = true;
    if (url->kind == URL_HTTP)
        url_name(base, sizeof base, url->host);
    else
        snprintf(base, sizeof base, "%s", fixed[url->kind]);
    snprintf(url->id, sizeof url->id, "%s", base);
    for (unsigned k = 2; urls_id_taken(u, url->id, i); k++)
        snprintf(url->id, sizeof url->id, "%s-%u", base, k);
}

static bool urls_probe_taken(const struct urls *u, size_t i, const char *name)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(u->items[j].id, u->items[i].id) == 0 && strcmp(u->items[j].probe, name) == 0)
            return true;
    return false;
}

/* The last part of the path: /api/v1/health -> health. */
static void urls_name_probe(struct urls *u, size_t i)
{
    struct url *url = &u->items[i];
    char base[URL_ID - 8];
    char *path = xstrdup(url->path), *last;

    while (*path && path[strlen(path) - 1] == '/')
        path[strlen(path) - 1] = '\0';
    last = strrchr(path, '/');
    url_name(base, sizeof base, last && last[1] ? last + 1 : "page");
    free(path);
    if (url->kind != URL_HTTP)
        snprintf(base, sizeof base, "ping");
    snprintf(url->probe, sizeof url->probe, "%s", base);
    for (unsigned k = 2; urls_probe_taken(u, i, url->probe); k++)
        snprintf(url->probe, sizeof url->probe, "%s-%u", base, k);
}

/* DB_PASSWORD for the service db. */
static void urls_name_password(struct urls *u, size_t i)
{
    struct url *url = &u->items[i];
    size_t n = 0;

    if (!url->password)
        return;
    u->passwords++;
    for (const char *c = url->id; *c && n + 12 < sizeof url->env; c++)
        url->env[n++] = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    url->env[n] = '\0';
    if (isdigit((unsigned char)url->env[0])) { /* no variable begins with a digit */
        memmove(url->env + 1, url->env, n + 1);
        url->env[0] = '_';
        n++;
    }
    snprintf(url->env + n, sizeof url->env - n, url->kind == URL_HTTP ? "_BASIC" : "_PASSWORD");
}

struct urls *urls_new(char *const *args, size_t n, struct err *err)
{
    struct urls *u = xcalloc(1, sizeof *u);
    bool fine = true;

    u->items = xcalloc(n ? n : 1, sizeof *u->items);
    for (size_t i = 0; i < n; i++) { /* all of them: a password behind a fault must go as well */
        struct url *url = &u->items[u->n++];
        struct err later;

        if (!url_parse(url, args[i], fine ? err : &later))
            fine = false;
        for (size_t j = 0; fine && j + 1 < u->n; j++) {
            if (strcmp(u->items[j].address, url->address) == 0) { /* the same again */
                url_fini(url);
                u->n--;
                break;
            }
        }
    }
    if (!fine) {
        urls_free(u);
        return NULL;
    }
    for (size_t i = 0; i < u->n; i++) {
        urls_name_service(u, i);
        urls_name_probe(u, i);
        urls_name_password(u, i);
    }
    return u;
}

void url_fini(struct url *u)
{
    free(u->address);
    free(u->host);
    free(u->path);
    free(u->health);
    free(u->metrics);
    secret_free(u->password);
    *u = (struct url){ 0 };
}

void urls_free(struct urls *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->n; i++)
        url_fini(&u->items[i]);
    free(u->items);
    free(u);
}

const char *urls_silent(const struct urls *u)
{
    for (size_t i = 0; i < u->n; i++)
        if (u->items[i].silent)
            return "not every address answered: of those that did not only the code will be "
                   "judged; run init again when they are up";
    return NULL;
}

const char *urls_warning(const struct urls *u)
{
    return u->passwords ? "a password was on the command line: others could see it until now, and "
                          "the shell's history keeps it; 'midwatch init' writes a file that takes "
                          "it from the environment"
                        : NULL;
}

struct config *urls_config(struct urls *u, const struct config_kinds *kinds,
                           struct secrets *secrets, struct config_errors *errors)
{
    struct config_input in = { .name = "urls", .kinds = kinds };
    struct buf yaml = { 0 };
    struct config *c;

    for (size_t i = 0; i < u->n; i++) {
        struct url *url = &u->items[i];
        char reference[sizeof url->env + 4];

        if (!url->password)
            continue;
        snprintf(reference, sizeof reference, "env:%s", url->env);
        secrets_give(secrets, reference, url->password);
        url->password = NULL;
        url->given = true;
    }
    urls_yaml(u, &yaml);
    in.bytes = buf_str(&yaml);
    in.len = yaml.len;
    c = config_read(&in, errors);
    buf_fini(&yaml);
    return c;
}

bool urls_write(const struct urls *u, const char *path, struct err *err)
{
    struct buf yaml = { 0 };
    bool ok;

    urls_yaml(u, &yaml);
    ok = file_create(path, 0644, buf_str(&yaml), yaml.len, err);
    buf_fini(&yaml);
    return ok;
}
