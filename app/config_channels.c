/* app/config_channels.c: where somebody is told. */
#include "app/config_impl.h"

#include <string.h>

#include "app/config_schema.h"
#include "app/secrets.h"
#include "core/alloc.h"
#include "core/option_url.h"
#include "probes/program.h"

static const char *const channel_kinds[] = { "slack", "pagerduty", "webhook", "command" };
enum { CHANNEL_KINDS = sizeof channel_kinds / sizeof *channel_kinds };

/* What belongs to one kind and stands with another would be passed over in silence. */
static const struct {
    const char *key;
    enum channel_kind kind;
} channel_own[] = { { "bearer", CHANNEL_WEBHOOK }, { "url", CHANNEL_PAGERDUTY } };

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
                   "command");
    for (size_t i = 0; first && i < sizeof channel_own / sizeof *channel_own; i++) {
        const struct node *n = node_get(map, channel_own[i].key);

        if (n && channel_own[i].kind != c->kind)
            walk_error(w, n, "'%s' goes with '%s' only", channel_own[i].key,
                       channel_kinds[channel_own[i].kind]);
    }
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
