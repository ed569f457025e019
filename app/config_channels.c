/* app/config_channels.c: where somebody is told. */
#include "app/config_impl.h"

#include <string.h>

#include "app/config_schema.h"
#include "app/secrets.h"
#include "core/alloc.h"
#include "core/option_url.h"
#include "io/mail.h"
#include "probes/program.h"

static const char *const channel_kinds[] = { "slack", "pagerduty", "webhook", "command", "mail" };
enum { CHANNEL_KINDS = sizeof channel_kinds / sizeof *channel_kinds };

/* What belongs to one kind and stands with another would be passed over in silence. */
static const struct {
    const char *key;
    enum channel_kind kind;
} channel_own[] = {
    { "bearer", CHANNEL_WEBHOOK }, { "url", CHANNEL_PAGERDUTY }, { "smtp", CHANNEL_MAIL },
    { "from", CHANNEL_MAIL },      { "user", CHANNEL_MAIL },     { "password", CHANNEL_MAIL },
    { "tls", CHANNEL_MAIL },
};

static void channel_kind(struct reader *r, struct config_channel *c, const struct node *map)
{
    struct walk *w = &r->walk;
    const struct node *first = NULL;

    for (int i = 0; i < CHANNEL_KINDS; i++) {
        const struct node *n = node_get(map, channel_kinds[i]);

        if (!n)
            continue;
        if (first) {
            walk_error(w, n, "'%s' and '%s' are two kinds; a channel is one", channel_kinds[i],
                       channel_kinds[c->kind]);
            return;
        }
        first = n;
        c->kind = (enum channel_kind)i;
    }
    if (!first && !w->cut)
        walk_error(w, map,
                   "what it is is missing; one of these keys: slack, pagerduty, webhook, "
                   "command, mail");
    for (size_t i = 0; first && i < sizeof channel_own / sizeof *channel_own; i++) {
        const struct node *n = node_get(map, channel_own[i].key);

        if (n && channel_own[i].kind != c->kind)
            walk_error(w, n, "'%s' goes with '%s' only", channel_own[i].key,
                       channel_kinds[channel_own[i].kind]);
    }
}

/* ---- mail ---- */

/* scheme://host[:port] and nothing more; `host` gets the host without brackets. */
static bool channel_server(const char *url, char host[256])
{
    const char *s = strstr(url, "://"), *end, *port;
    size_t scheme = s ? (size_t)(s - url) : 0, len;

    if (!s || !((scheme == 4 && memcmp(url, "smtp", 4) == 0) ||
                (scheme == 5 && memcmp(url, "smtps", 5) == 0)))
        return false;
    s += 3;
    if (*s == '[') {
        len = strspn(++s, "0123456789abcdefABCDEF:.");
        end = s + len;
        if (*end++ != ']')
            return false;
    } else {
        len = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_");
        end = s + len;
    }
    if (!len || len > 255)
        return false;
    memcpy(host, s, len);
    host[len] = '\0';
    port = *end == ':' ? end + 1 : NULL;
    return port ? *port && strlen(port) <= 5 && strspn(port, "0123456789") == strlen(port) : !*end;
}

static bool channel_is_here(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

static void channel_blame(struct reader *r, const struct node *map, const char *key,
                          const char *words)
{
    const struct node *at = node_get(map, key);
    size_t before = walk_enter(&r->walk, key);

    walk_error(&r->walk, at ? at : map, "%s", words);
    walk_leave(&r->walk, before);
}

static void channel_mail_server(struct reader *r, const struct config_channel *c,
                                const struct node *map)
{
    char host[256];

    if (!c->smtp)
        channel_blame(r, map, "smtp", "is missing: the server that takes the mail");
    else if (!channel_server(c->smtp, host))
        channel_blame(r, map, "smtp",
                      "this is not a server of mail; write smtp://host:587 or smtps://host:465");
    else if (c->tls == CHANNEL_TLS_NONE && strncmp(c->smtp, "smtps", 5) == 0)
        channel_blame(r, map, "tls", "smtps:// is TLS");
    else if (c->tls == CHANNEL_TLS_NONE && !channel_is_here(host))
        channel_blame(r, map, "tls",
                      "none only for a server on this machine: localhost, 127.0.0.1 or [::1]");
}

static void channel_mail(struct reader *r, const struct config_channel *c, const struct node *map)
{
    struct err err;

    if (!c->mail.n)
        channel_blame(r, map, "mail", "names nobody");
    for (size_t i = 0; i < c->mail.n; i++) {
        if (mail_address_check(c->mail.items[i], &err))
            continue;
        channel_blame(r, map, "mail", err.msg);
        break;
    }
    if (!c->from)
        channel_blame(r, map, "from", "is missing: the address that the mail comes from");
    else if (!mail_address_check(c->from, &err))
        channel_blame(r, map, "from", err.msg);
    if (!c->user != !c->password)
        channel_blame(r, map, c->user ? "user" : "password",
                      "'user' and 'password' stand together or not at all");
    channel_mail_server(r, c, map);
}

static void channel_read(struct reader *r, struct config_channel *c, const struct node *map)
{
    struct walk *w = &r->walk;
    struct walk_table table = { config_channel_options, c };
    size_t before = walk_errors(w);
    struct err err;

    w->silent = false;
    option_defaults(config_channel_options, c, UNIT_NONE);
    if (!walk_is_map(w, map, "a channel is a map, such as { slack: env:SLACK_WEBHOOK }"))
        return;
    walk_options(w, map, &table, 1, NULL, WALK_PLAIN, UNIT_NONE);
    if (walk_errors(w) != before || w->silent)
        return;
    channel_kind(r, c, map);
    if (c->kind == CHANNEL_COMMAND && node_get(map, "command") &&
        !program_check("command", &c->command, &err))
        walk_error(w, node_get(map, "command"), "%s", err.msg);
    if (c->kind == CHANNEL_MAIL && node_get(map, "mail"))
        channel_mail(r, c, map);
}

void channels_read(struct reader *r, const struct node *root)
{
    const struct node *channels = node_get(root, "notify");
    struct walk *w = &r->walk;
    struct config *c = r->config;
    size_t before = walk_enter(w, "notify");

    if (!channels || !walk_is_map(w, channels, "write a map of names and channels"))
        goto out;
    if (channels->n > CHANNELS_MAX)
        walk_error(w, channels, "has %u channels; at most %d", channels->n, CHANNELS_MAX);
    c->channels = xcalloc(channels->n, sizeof *c->channels);
    for (const struct node *k = channels->first; k; k = k->next) {
        size_t inner;

        if (k->bad)
            continue;
        inner = walk_enter(w, k->text);
        read_id(r, k);
        c->channels[c->n_channels].id = xstrdup(k->text);
        channel_read(r, &c->channels[c->n_channels++], k->value);
        walk_leave(w, inner);
    }
out:
    walk_leave(w, before);
}
