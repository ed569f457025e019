/* probes/jsonlog_lines.c: lines into the counts of one probe. Runs in the thread that reads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probes/jsonlog_impl.h"

static bool jsonlog_bind_fields(struct jsonlog_counts *c, const struct jsonlog_options *o,
                                struct logpaths *paths)
{
    c->field = o->field ? logpaths_add(paths, o->field) : -1;
    for (size_t i = 0; i < o->group_by.n; i++) {
        c->keys[i] = logpaths_add(paths, o->group_by.items[i]);
        if (c->keys[i] < 0)
            return false;
    }
    c->n_keys = o->group_by.n;
    return !o->field || c->field >= 0;
}

static void jsonlog_need(struct jsonlog_counts *c, const char *name, int place)
{
    if (place >= 0 && c->n_needs < JSONLOG_NEEDS)
        c->needs[c->n_needs++] = (struct jsonlog_need){ name, place };
}

static void jsonlog_bind_needs(struct jsonlog_counts *c, const struct jsonlog_options *o)
{
    for (size_t i = 0; i < o->where.n; i++)
        jsonlog_need(c, o->where.keys[i], logfilter_needs(c->where, i));
    for (size_t i = 0; i < o->of.n; i++)
        jsonlog_need(c, o->of.keys[i], logfilter_needs(c->of, i));
    if (o->field)
        jsonlog_need(c, o->field, c->field);
    for (size_t i = 0; i < o->group_by.n && o->measure == JSONLOG_TOP_GROUP; i++)
        jsonlog_need(c, o->group_by.items[i], c->keys[i]);
}

bool jsonlog_bind(struct jsonlog_counts *c, const struct jsonlog_options *o, struct logpaths *paths)
{
    c->where = logfilter_new(&o->where, paths);
    c->of = logfilter_new(&o->of, paths);
    if (!c->where || !c->of || !jsonlog_bind_fields(c, o, paths))
        return false;
    jsonlog_bind_needs(c, o);
    return true;
}

void jsonlog_counts_fini(struct jsonlog_counts *c)
{
    logfilter_free(c->where);
    logfilter_free(c->of);
    logwindow_free(c->window);
    loggroups_free(c->groups);
    logpast_free(c->past);
}

/* What a line belongs to: its parts one behind the other, each with its length before it. A line
 * that lacks one of them belongs to none. */
static void jsonlog_group(struct jsonlog_counts *c, const struct log_line *line, double weight)
{
    char key[LOGGROUPS_KEY], room[LOGGROUPS_KEY];
    size_t n = 0, most = LOGGROUPS_KEY / c->n_keys - 1;

    for (size_t i = 0; i < c->n_keys; i++) {
        size_t len;
        const char *text = logfield_text(&line->fields[c->keys[i]], room, most, &len);

        if (!text)
            return;
        key[n++] = (char)len;
        memcpy(key + n, text, len);
        n += len;
    }
    loggroups_add(c->groups, key, n, line->at_ms / logwindow_step_ms(c->window), weight);
}

static void jsonlog_hit(struct jsonlog_counts *c, struct logtally *t, const struct log_line *line)
{
    double value = 1;
    bool has = c->field < 0 || logfield_number(&line->fields[c->field], &value);

    if (t) {
        t->hits++;
        t->odd += !has && line->fields[c->field].kind > FIELD_NULL;
    }
    if (!has)
        return;
    if (c->past)
        logpast_add(c->past, line->at_ms, c->field < 0 ? 1 : value);
    if (!t)
        return;
    if (c->field >= 0)
        logwindow_sample(c->window, value);
    if (c->groups)
        jsonlog_group(c, line, c->weighs ? value : 1);
}

/* A line that came with a time from before the window would otherwise leave no trace. */
static bool jsonlog_is_late(const struct jsonlog_counts *c, const struct log_line *line)
{
    return line->live && line->arrived_ms - line->at_ms >= c->over_ms;
}

/* The clock was set back: what was counted lies ahead now, and would keep out what comes. */
static void jsonlog_restart(struct jsonlog_counts *c, int64_t now_ms)
{
    logwindow_clear(c->window);
    if (c->past)
        logpast_forget(c->past, now_ms);
    if (!c->groups)
        return;
    loggroups_free(c->groups);
    c->groups = loggroups_new();
}

static void jsonlog_note_needs(struct jsonlog_counts *c, struct logtally *t,
                               const struct log_line *line)
{
    uint64_t all = c->n_needs < JSONLOG_NEEDS ? (UINT64_C(1) << c->n_needs) - 1 : UINT64_MAX;

    for (size_t i = 0; i < c->n_needs && t->seen != all; i++)
        if (line->fields[c->needs[i].place].kind > FIELD_NULL)
            t->seen |= UINT64_C(1) << i;
    c->seen |= t->seen;
}

void jsonlog_line(struct jsonlog_counts *c, const struct log_line *line)
{
    struct logtally *t;

    if (line->arrived_ms + LOG_STEP_MS < c->arrived_ms)
        jsonlog_restart(c, line->arrived_ms);
    c->arrived_ms = line->arrived_ms;
    if (jsonlog_is_late(c, line) && (t = logwindow_at(c->window, line->arrived_ms)))
        t->late++;
    t = logwindow_at(c->window, line->at_ms);
    if (!t && !c->past)
        return;
    if (line->kind != LOG_JSON) {
        if (t) {
            t->bad++;
            t->too_long += line->kind == LOG_TOO_LONG;
        }
        return;
    }
    if (t) {
        t->lines++;
        t->future += line->future;
        jsonlog_note_needs(c, t, line);
    }
    if (!logfilter_match(c->of, line->fields))
        return;
    if (t)
        t->all++;
    if (logfilter_match(c->where, line->fields))
        jsonlog_hit(c, t, line);
}
