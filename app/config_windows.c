/* app/config_windows.c: windows of maintenance: what they hit, and when. */
#include "app/config_impl.h"

#include <string.h>

#include "app/config_schema.h"
#include "core/alloc.h"
#include "core/nearest.h"
#include "core/silence.h"
#include "core/stamp.h"
#include "core/unit.h"

enum { WINDOWS_MAX = 100, WINDOW_DAY_MS = 86400000, WINDOW_STAMP = 32 };
#define WINDOW_MAX_MS (7LL * WINDOW_DAY_MS)

static void window_blame(struct reader *r, const struct node *map, const char *key,
                         const char *words)
{
    const struct node *n = node_get(map, key);
    size_t before = n ? walk_enter(&r->walk, key) : r->walk.path_len;

    walk_error(&r->walk, n ? n : map, "%s", words);
    walk_leave(&r->walk, before);
}

static bool window_has(const struct config *c, const char *key, const char *value)
{
    bool severity = strcmp(key, "severity") == 0;

    if (strcmp(key, "service") == 0)
        return config_service_find(c, value) != NULL;
    for (size_t i = 0; i < c->n_alerts; i++)
        if (strcmp(severity ? c->alerts[i].severity : c->alerts[i].id, value) == 0)
            return true;
    return false;
}

/* One that hits nothing would be found out at night. */
static void window_match(struct reader *r, const struct config_window *w, const struct node *map)
{
    static const char *const keys[] = { "alert", "service", "severity" };
    struct err err;

    if (w->match.n == 0)
        window_blame(r, map, "match", "is empty; write what it hits: { service: api }");
    for (size_t i = 0; i < w->match.n; i++) {
        const char *key = w->match.keys[i], *value = w->match.values[i];
        const char *near = nearest_word(key, keys, 3);

        if (strcmp(key, "alert") && strcmp(key, "service") && strcmp(key, "severity"))
            err_set(&err, "unknown key '%.40s'; %s%s%s", key, near ? "did you mean '" : "",
                    near ? near : "write alert, service or severity", near ? "'?" : "");
        else if (!window_has(r->config, key, value))
            err_set(&err, "no %s '%.40s'", key, value);
        else
            continue;
        window_blame(r, map, "match", err.msg);
    }
}

/* "2026-11-22T02:00Z", also with seconds. */
static bool window_stamp(const char *s, int64_t *ms)
{
    char whole[WINDOW_STAMP];
    size_t len = strlen(s);

    if (stamp_parse(s, len, ms))
        return true;
    if (len < 17 || len + 4 > sizeof whole)
        return false;
    memcpy(whole, s, 16);
    memcpy(whole + 16, ":00", 3);
    memcpy(whole + 19, s + 16, len - 15);
    return stamp_parse(whole, len + 3, ms);
}

static void window_once(struct reader *r, struct config_window *w, const struct node *map)
{
    static const char wrong[] = "is no moment; write 2026-11-22T02:00Z";

    if (w->at || node_get(map, "for"))
        window_blame(r, map, w->at ? "at" : "for", "goes with 'every' only");
    else if (!w->from || !w->until)
        window_blame(r, map, "from", "a window has 'from' and 'until', or 'every', 'at' and 'for'");
    else if (!window_stamp(w->from, &w->from_ms))
        window_blame(r, map, "from", wrong);
    else if (!window_stamp(w->until, &w->until_ms))
        window_blame(r, map, "until", wrong);
    else if (w->until_ms <= w->from_ms || w->until_ms - w->from_ms > WINDOW_MAX_MS)
        window_blame(r, map, "until", "lies after 'from', by 7d at most");
}

/* "02:00", in UTC. */
static bool window_clock(const char *s, int64_t *ms)
{
    int h, m;

    if (strlen(s) != 5 || s[2] != ':' || strspn(s, "0123456789:") != 5)
        return false;
    h = (s[0] - '0') * 10 + s[1] - '0';
    m = (s[3] - '0') * 10 + s[4] - '0';
    *ms = (h * 60 + m) * 60000LL;
    return s[0] != ':' && s[1] != ':' && s[3] != ':' && s[4] != ':' && h < 24 && m < 60;
}

static void window_every(struct reader *r, struct config_window *w, const struct node *map)
{
    int64_t most_ms = w->every == WINDOW_DAY ? WINDOW_DAY_MS : WINDOW_MAX_MS;

    if (w->from || w->until)
        window_blame(r, map, w->from ? "from" : "until", "does not go with 'every'");
    else if (!w->at || !node_get(map, "for"))
        window_blame(r, map, "every", "needs 'at' and 'for': { every: day, at: 02:00, for: 1h }");
    else if (!window_clock(w->at, &w->at_ms))
        window_blame(r, map, "at", "is no time of the day; write 02:00, in UTC");
    else if (w->for_ms >= most_ms)
        window_blame(r, map, "for", "would never end: it begins anew before");
}

static void window_read(struct reader *r, struct config_window *win, const struct node *map)
{
    struct walk *w = &r->walk;
    struct walk_table table = { config_window_options, win };
    size_t before = walk_errors(w);
    struct err err;

    w->silent = false;
    option_defaults(config_window_options, win, UNIT_NONE);
    if (!walk_is_map(w, map, "a window is a map with 'match', 'reason' and its time"))
        return;
    walk_options(w, map, &table, 1, NULL, WALK_PLAIN, UNIT_NONE);
    if (walk_errors(w) != before || w->silent)
        return;
    if (!silence_reason_check(win->reason, &err))
        window_blame(r, map, "reason", err.msg);
    window_match(r, win, map);
    if (win->every == WINDOW_ONCE)
        window_once(r, win, map);
    else
        window_every(r, win, map);
}

void windows_read(struct reader *r, const struct node *root)
{
    const struct node *windows = node_get(root, "maintenance");
    struct walk *w = &r->walk;
    struct config *c = r->config;
    size_t before = walk_enter(w, "maintenance");

    if (!windows || !walk_is_map(w, windows, "write a map of names and windows"))
        goto out;
    if (windows->n > WINDOWS_MAX)
        walk_error(w, windows, "has %u windows; at most %d", windows->n, WINDOWS_MAX);
    c->windows = xcalloc(windows->n, sizeof *c->windows);
    for (const struct node *k = windows->first; k; k = k->next) {
        size_t inner;

        if (k->bad)
            continue;
        inner = walk_enter(w, k->text);
        read_id(r, k);
        c->windows[c->n_windows].id = xstrdup(k->text);
        window_read(r, &c->windows[c->n_windows++], k->value);
        walk_leave(w, inner);
    }
out:
    walk_leave(w, before);
}
