/* probes/backup.c: facts of backups as a kind collects them, and the options that all take. */
#include "probes/backup.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { DAY_MS = 24 * 3600 * 1000, MINUTE_MS = 60 * 1000 };

/* ---- facts ---- */

void backup_facts_clear(struct backup_facts *f)
{
    struct backup *list = f->list;
    size_t cap = f->cap;

    *f = (struct backup_facts){ .list = list, .cap = cap };
}

void backup_facts_fini(struct backup_facts *f)
{
    free(f->list);
    *f = (struct backup_facts){ 0 };
}

static int backup_newer(const void *a, const void *b)
{
    const struct backup *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? 1 : -1;
    return strcmp(y->name, x->name);
}

/* A source that lists one twice, on two pages of a listing that changed meanwhile, has one. */
static void backup_facts_once(struct backup_facts *f)
{
    size_t kept = 0;

    for (size_t i = 0; i < f->n; i++)
        if (!kept || backup_newer(&f->list[kept - 1], &f->list[i]) != 0)
            f->list[kept++] = f->list[i];
    f->total -= f->n - kept;
    f->n = kept;
}

/* The newest stay, and the age of the oldest is remembered. */
static void backup_facts_settle(struct backup_facts *f)
{
    qsort(f->list, f->n, sizeof *f->list, backup_newer);
    backup_facts_once(f);
    for (size_t i = f->n; i-- > 0;) {
        int64_t at_ms = f->list[i].at_ms;

        if (at_ms > 0 && (!f->oldest_ms || at_ms < f->oldest_ms))
            f->oldest_ms = at_ms;
    }
    if (f->n > BACKUP_MAX)
        f->n = BACKUP_MAX;
}

struct backup *backup_facts_add(struct backup_facts *f)
{
    struct backup *b;

    if (f->n == (size_t)2 * BACKUP_MAX)
        backup_facts_settle(f);
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 16;
        f->list = xreallocarray(f->list, f->cap, sizeof *f->list);
    }
    b = &f->list[f->n++];
    *b = (struct backup){ .size_bytes = NAN };
    f->total++;
    return b;
}

void backup_facts_sort(struct backup_facts *f)
{
    if (f->n)
        backup_facts_settle(f);
}

void backup_contradict(struct backup_facts *f, const char *fmt, ...)
{
    size_t max = sizeof f->contradictions / sizeof *f->contradictions;
    va_list ap;

    if (f->n_contradictions == max)
        return;
    va_start(ap, fmt);
    vsnprintf(f->contradictions[f->n_contradictions++], BACKUP_WORDS, fmt, ap);
    va_end(ap);
}

/* ---- options ---- */

/* "02:00" in milliseconds since midnight; -1 when it is no time. */
static int64_t backup_clock(const char *s)
{
    int hour, minute;

    if (!isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]) || s[2] != ':' ||
        !isdigit((unsigned char)s[3]) || !isdigit((unsigned char)s[4]))
        return -1;
    hour = (s[0] - '0') * 10 + s[1] - '0';
    minute = (s[3] - '0') * 10 + s[4] - '0';
    return hour > 23 || minute > 59 ? -1 : (int64_t)(hour * 60 + minute) * MINUTE_MS;
}

static bool backup_check_window(struct backup_options *o, struct err *err)
{
    const char *w = o->window;
    int64_t from, to;

    o->window_ms = 0;
    if (!w)
        return true;
    from = strlen(w) == 11 && w[5] == '-' ? backup_clock(w) : -1;
    to = from >= 0 ? backup_clock(w + 6) : -1;
    if (to < 0 || to == from)
        return err_set(err, "window: '%.40s' is no time of day; write 02:00-03:00, in UTC", w);
    o->window_from_ms = from;
    o->window_ms = to > from ? to - from : to + DAY_MS - from;
    return true;
}

static bool backup_check_tiers(const struct backup_options *o, struct err *err)
{
    int64_t ms;

    for (size_t i = 0; i < o->tiers.n; i++)
        if (!duration_parse(o->tiers.values[i], &ms, err))
            return err_wrap(err, "tiers: %s", o->tiers.keys[i]);
    return true;
}

/* A plan that cannot come true would be amber for ever. */
static bool backup_check_keep(const struct backup_options *o, struct err *err)
{
    int64_t most = o->delete_after_ms / DAY_MS + 1;
    char after[32];

    if (!o->window_ms || !o->delete_after_ms || o->keep <= most)
        return true;
    return err_set(err, "keep: of a daily one no more than %lld are there when delete_after is %s",
                   (long long)most, duration_format(o->delete_after_ms, after));
}

bool backup_check(struct backup_options *o, struct probe_common *common, struct err *err)
{
    if (!backup_check_window(o, err) || !backup_check_tiers(o, err))
        return false;
    if (o->window && o->gap_ms)
        return err_set(err, "gap: a window says when the next is due; one of them");
    if (!backup_check_keep(o, err))
        return false;
    if (!probe_unit_fixed(common, "the age of the last good backup", err))
        return false;
    o->limited = !isnan(common->warn) || !isnan(common->crit);
    if (!o->rpo_ms || o->limited)
        return true;
    /* the chart's line; in the window the judge decides, and crit would say red before it */
    if (o->window_ms)
        common->warn = (double)o->rpo_ms / 1000;
    else
        common->crit = (double)o->rpo_ms / 1000;
    return true;
}

bool backup_check_listed(struct backup_options *o, struct probe_common *common, struct err *err)
{
    if (o->verified_within_ms)
        return err_set(err, "verified_within: nothing is read back here; only files with verify or "
                            "checksum are");
    return backup_check(o, common, err);
}

size_t backup_signals(struct signal_spec out[READING_SIGNALS])
{
    out[BACKUP_AGE] = (struct signal_spec){ .name = "age", .unit = UNIT_SECONDS, .main = true };
    out[BACKUP_SIZE] = (struct signal_spec){ .name = "size", .unit = UNIT_BYTES };
    out[BACKUP_CHANGE] = (struct signal_spec){ .name = "change", .unit = UNIT_PERCENT };
    out[BACKUP_KEPT] = (struct signal_spec){ .name = "kept", .unit = UNIT_COUNT };
    out[BACKUP_OLDEST] = (struct signal_spec){ .name = "oldest", .unit = UNIT_SECONDS };
    out[BACKUP_WAL] = (struct signal_spec){ .name = "wal", .unit = UNIT_SECONDS };
    return BACKUP_SIGNALS;
}
