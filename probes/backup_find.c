/* probes/backup_find.c: the questions that somebody on call asks of backups, and what is known as
 * the answer: one finding for each. */
#include "probes/backup_impl.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/buf.h"

enum { DAY_MS = 24 * 3600 * 1000, HOUR_MS = 3600 * 1000 };

/* ---- words ---- */

/* An objective as people write it: "24h", not "1d". */
static const char *backup_span(int64_t ms, char out[32])
{
    if (ms % HOUR_MS == 0 && ms <= 3LL * DAY_MS)
        snprintf(out, 32, "%lldh", (long long)(ms / HOUR_MS));
    else
        duration_format(ms, out);
    return out;
}

/* "02:30Z" of a moment. */
static const char *backup_hour(int64_t at_ms, char out[32])
{
    char clock[32];

    clock_format_utc(at_ms, clock);
    snprintf(out, 32, "%.5sZ", clock);
    return out;
}

/* One finding: what was asked, the answer in a word, and the sentence. */
static void backup_find(struct backup_judge *j, const char *name, enum state state,
                        const char *word, const char *fmt, ...) MW_PRINTF(5, 6);
static void backup_find(struct backup_judge *j, const char *name, enum state state,
                        const char *word, const char *fmt, ...)
{
    struct component *c = &j->s->findings[j->n];
    char note[4 * BACKUP_WORDS];
    va_list ap;

    if (j->n == BACKUP_FINDINGS)
        return;
    va_start(ap, fmt);
    vsnprintf(note, sizeof note, fmt, ap);
    va_end(ap);
    text_sets(&c->name, name);
    text_sets(&c->word, word);
    text_sets(&c->note, note);
    c->state = state;
    c->value = NAN;
    c->unit = UNIT_NONE;
    j->counts[j->n++] = true;
}

/* ---- the questions ---- */

static void backup_find_source(struct backup_judge *j)
{
    if (*j->f->wrong)
        backup_find(j, "source", STATE_DOWN, "says no", "%s", j->f->wrong);
    if (j->f->n_contradictions) {
        struct buf b = { 0 };

        for (size_t i = 0; i < j->f->n_contradictions; i++)
            buf_addf(&b, "%s%s", i ? "; " : "", j->f->contradictions[i]);
        backup_find(j, "sources", STATE_DEGRADED, "disagree", "%s", buf_str(&b));
        j->r->disagree = true;
        buf_fini(&b);
    }
}

static void backup_find_newest(struct backup_judge *j)
{
    const struct backup_facts *f = j->f;
    const struct backup *b = f->list;

    if (f->wal.only)
        return;
    if (f->n == 0)
        backup_find(j, "newest", STATE_DOWN, "none", "no backup was found");
    else if (*b->why)
        backup_find(j, "newest", STATE_DOWN, "no good", "%s: %s", b->name, b->why);
    else if (b->pending)
        backup_find(j, "newest", j->seen.good ? STATE_UP : STATE_UNKNOWN, "not known", "%s%s%s",
                    b->name, *b->how ? ": " : "", b->how);
    else
        backup_find(j, "newest", STATE_UP, "good", "%s%s%s", b->name, *b->how ? ": " : "", b->how);
}

int64_t backup_recoverable(const struct backup_judge *j)
{
    int64_t at_ms = j->seen.good ? j->seen.good->at_ms : 0;

    if (!j->f->wal.told || *j->f->wal.why || (!j->seen.good && !j->f->wal.only))
        return at_ms;
    return j->f->wal.at_ms > at_ms ? j->f->wal.at_ms : at_ms;
}

/* The end of the window that runs now; 0 = none does. */
static int64_t backup_window_end(const struct backup_judge *j)
{
    const struct backup_options *o = j->o;
    int64_t since = j->now_ms - o->window_from_ms;
    int64_t from = j->now_ms - (since % DAY_MS + DAY_MS) % DAY_MS;

    return o->window_ms && j->now_ms < from + o->window_ms ? from + o->window_ms : 0;
}

/* What no objective was stated for was not missed: the newest one's own finding says how bad it is.
 */
static void backup_find_none_good(struct backup_judge *j)
{
    bool may_be = j->seen.n_pending > 0;
    const char *none = may_be            ? "none is proven good yet"
                       : j->f->total > 1 ? "none of them is good"
                       : j->f->wal.only  ? "nothing is known to be in the archive"
                                         : "there is no good one";
    char rpo[32];

    if (j->o->rpo_ms)
        backup_find(j, "RPO", may_be ? STATE_UNKNOWN : STATE_DOWN, may_be ? "not known" : "missed",
                    "%s, RPO %s", none, backup_span(j->o->rpo_ms, rpo));
    else
        backup_find(j, "RPO", j->f->wal.only && !may_be ? STATE_DOWN : STATE_UNKNOWN, "not set",
                    "%s, RPO not set", none);
    j->counts[j->n - 1] = j->f->n || j->f->wal.only; /* that there is none is said once */
}

static void backup_find_rpo_words(struct backup_judge *j)
{
    int64_t at_ms = backup_recoverable(j), age_ms = j->now_ms - at_ms;
    int64_t rpo_ms = j->o->rpo_ms, end_ms = backup_window_end(j);
    const char *what =
        j->f->wal.told && at_ms == j->f->wal.at_ms ? "recoverable up to" : "last good";
    char age[16], rpo[32], end[32];

    if (!at_ms) {
        backup_find_none_good(j);
        return;
    }
    age_format_hours(age_ms, age);
    if (!rpo_ms)
        backup_find(j, "RPO", STATE_UP, "not set", "%s %s ago, RPO not set", what, age);
    else if (age_ms <= rpo_ms)
        backup_find(j, "RPO", STATE_UP, "met", "%s %s ago, RPO %s", what, age,
                    backup_span(rpo_ms, rpo));
    else if (j->f->wal.awaited && !*j->f->wal.why)
        backup_find(j, "RPO", STATE_UNKNOWN, "not known",
                    "RPO %s: %s %s ago, up to when its WAL reaches shows with the next segment",
                    backup_span(rpo_ms, rpo), what, age);
    else if (end_ms)
        backup_find(j, "RPO", STATE_DEGRADED, "dump window",
                    "dump window until %s: %s %s ago, RPO %s", backup_hour(end_ms, end), what, age,
                    backup_span(rpo_ms, rpo));
    else if (j->f->running && age_ms <= 2 * rpo_ms)
        backup_find(j, "RPO", STATE_DEGRADED, "running", "one is running: %s %s ago, RPO %s", what,
                    age, backup_span(rpo_ms, rpo));
    else
        backup_find(j, "RPO", STATE_DOWN, "missed", "RPO missed: %s %s ago, RPO %s", what, age,
                    backup_span(rpo_ms, rpo));
}

/* The objective itself stands beside, for a screen; none is none. */
static void backup_find_rpo(struct backup_judge *j)
{
    backup_find_rpo_words(j);
    if (!j->o->rpo_ms)
        return;
    j->s->findings[j->n - 1].value = (double)j->o->rpo_ms / 1000;
    j->s->findings[j->n - 1].unit = UNIT_SECONDS;
}

/* One of this night that may turn out good. */
static bool backup_may_come(const struct backup_judge *j, int64_t from_ms)
{
    for (size_t i = 0; i < j->f->n && j->f->list[i].at_ms >= from_ms; i++)
        if (!*j->f->list[i].why && j->f->list[i].pending)
            return true;
    return false;
}

/* When the schedule wanted one last: the beginning of the last window that is over. */
static void backup_find_window(struct backup_judge *j)
{
    const struct backup_options *o = j->o;
    int64_t since = j->now_ms - o->window_from_ms - o->window_ms;
    int64_t end_ms = j->now_ms - (since % DAY_MS + DAY_MS) % DAY_MS;
    int64_t from_ms = end_ms - o->window_ms;
    char from[32], end[32];

    backup_hour(from_ms, from);
    backup_hour(end_ms, end);
    if (j->seen.good && j->seen.good->at_ms >= from_ms - BACKUP_SKEW_MS)
        backup_find(j, "schedule", STATE_UP, "kept", "daily, %s-%s", from, end);
    else
        backup_find(j, "schedule",
                    backup_may_come(j, from_ms - BACKUP_SKEW_MS) ? STATE_DEGRADED : STATE_DOWN,
                    "missed", "missed: no good one since %s, due by %s", from, end);
}

/* Nights that were left out, in what is there; told, not judged: nothing brings them back. */
static size_t backup_holes(const struct backup_judge *j, int64_t gap_ms)
{
    const struct backup *newer = NULL;
    size_t n = 0;

    for (size_t i = 0; i < j->f->n; i++) {
        const struct backup *b = &j->f->list[i];

        if (!backup_is_good(b))
            continue;
        n += newer && newer->at_ms - b->at_ms > gap_ms;
        newer = b;
    }
    return n;
}

static void backup_find_schedule(struct backup_judge *j)
{
    const struct backup_options *o = j->o;
    int64_t age_ms = j->seen.good ? j->now_ms - j->seen.good->at_ms : 0;
    bool judged = o->rpo_ms || o->limited;
    char age[16], gap[32];

    if (j->f->n == 0 && (judged || !j->f->wal.only))
        return;
    if (o->window_ms)
        backup_find_window(j);
    else if (!o->gap_ms)
        backup_find(j, "schedule", judged ? STATE_UP : STATE_UNKNOWN, "not set",
                    judged ? "no schedule is set"
                           : "its age is not judged: neither rpo nor window nor gap is set");
    else if (j->seen.good && age_ms > o->gap_ms)
        backup_find(j, "schedule", STATE_DOWN, "missed",
                    "missed: last good %s ago, one is due every %s", age_format_hours(age_ms, age),
                    backup_span(o->gap_ms, gap));
    else if (j->seen.good)
        backup_find(j, "schedule", STATE_UP, "kept", "one every %s", backup_span(o->gap_ms, gap));
    else
        backup_find(j, "schedule", j->seen.n_pending ? STATE_UNKNOWN : STATE_DOWN,
                    j->seen.n_pending ? "not known" : "missed", "none is %s, one is due every %s",
                    j->seen.n_pending ? "proven" : "good", backup_span(o->gap_ms, gap));
}

static void backup_find_size(struct backup_judge *j)
{
    char size[32], word[32] = "not told", like[48];

    if (!j->seen.good)
        return;
    if (isnan(j->seen.good->size_bytes)) {
        backup_find(j, "size", STATE_UP, word, "the source tells no size");
        return;
    }
    quantity_format(j->seen.good->size_bytes, UNIT_BYTES, size);
    if (isnan(j->seen.change_pct)) {
        backup_find(j, "size", STATE_UP, "alone", "%s, %s", size,
                    j->seen.n_good > 1 ? "no other size of its type to compare with"
                                       : "nothing before it to compare with");
        return;
    }
    snprintf(word, sizeof word, "%+.1f%%", j->seen.change_pct);
    backup_find(j, "size", STATE_UP, word, "%s, %s against %s", size, word,
                backup_like(j->seen.n_compared, like));
}

/* Fewer than are to be kept. The newest one is looked into when it comes, and is no news; what else
 * nobody could look into is not known to be kept. */
static enum state backup_few(const struct backup_judge *j)
{
    size_t keep = (size_t)j->o->keep, n = j->seen.n_good;

    if (n + (j->f->list[0].pending && !*j->f->list[0].why) >= keep)
        return STATE_UP;
    return n + j->seen.n_pending >= keep ? STATE_UNKNOWN : STATE_DEGRADED;
}

/* ", 2 gaps, 1 no good, 3 not known": what lies between those that are kept. */
static void backup_besides(const struct backup_judge *j, size_t n_pending, char out[128])
{
    const struct backup_options *o = j->o;
    int64_t gap_ms = o->gap_ms ? o->gap_ms : o->window_ms ? DAY_MS + o->window_ms : 0;
    size_t holes = gap_ms ? backup_holes(j, gap_ms) : 0, n = 0;
    size_t bad = j->f->n - j->seen.n_good - j->seen.n_pending;

    *out = '\0';
    if (bad)
        n += (size_t)snprintf(out + n, 128 - n, ", %zu no good", bad);
    if (n_pending)
        n += (size_t)snprintf(out + n, 128 - n, ", %zu not known", n_pending);
    if (holes)
        snprintf(out + n, 128 - n, ", %zu gap%s", holes, holes == 1 ? "" : "s");
}

static void backup_find_retention(struct backup_judge *j)
{
    const struct backup_options *o = j->o;
    int64_t old_ms = j->f->oldest_ms ? j->now_ms - j->f->oldest_ms : 0;
    enum state few = o->keep && j->f->n ? backup_few(j) : STATE_UP;
    char word[48], age[16], after[32], besides[128];

    if (j->f->n == 0)
        return;
    backup_besides(j, few == STATE_UP ? 0 : j->seen.n_pending, besides);
    snprintf(word, sizeof word, "%zu kept", j->seen.n_good);
    age_format_hours(old_ms, age);
    if (o->delete_after_ms && old_ms > o->delete_after_ms + DAY_MS)
        backup_find(j, "retention", STATE_DEGRADED, "not deleted",
                    "oldest is %s old, deleted after %s", age,
                    backup_span(o->delete_after_ms, after));
    else if (few != STATE_UP)
        backup_find(j, "retention", few, word, "%zu good of %d to keep%s", j->seen.n_good, o->keep,
                    besides);
    else if (!j->f->oldest_ms)
        backup_find(j, "retention", STATE_UP, word, "no time is told%s", besides);
    else
        backup_find(j, "retention", STATE_UP, word, "oldest %s%s", age, besides);
}

static void backup_find_verified(struct backup_judge *j)
{
    const struct backup_facts *f = j->f;
    int64_t age_ms = j->now_ms - f->verified.at_ms, within_ms = j->o->verified_within_ms;
    char age[16], within[32];

    age_format_hours(age_ms, age);
    switch (f->verified.verdict) {
    case BACKUP_NOT_VERIFIED:
        backup_find(j, "verification", within_ms ? STATE_DEGRADED : STATE_UP, "none",
                    within_ms ? "none was verified" : "nobody reads them back here");
        break;
    case BACKUP_VERIFY_FAILED:
        backup_find(j, "verification", STATE_DOWN, "failed", "%s, %s ago", f->verified.how, age);
        break;
    case BACKUP_VERIFIED:
        if (within_ms && age_ms > within_ms)
            backup_find(j, "verification", STATE_DEGRADED, "old",
                        "last %s ago, wanted every %s: %s", age, backup_span(within_ms, within),
                        f->verified.how);
        else
            backup_find(j, "verification", STATE_UP, "good", "%s, %s ago", f->verified.how, age);
        break;
    }
}

static void backup_find_wal(struct backup_judge *j)
{
    const struct backup_facts *f = j->f;

    if (!f->wal.told)
        return;
    if (*f->wal.why)
        backup_find(j, "WAL", STATE_DOWN, "broken", "%s", f->wal.why);
    else
        backup_find(j, "WAL", STATE_UP, "archived", "%s", f->wal.how);
}

/* The plan as it is written, against itself and against the oldest that is really there. */
static void backup_find_plan(struct backup_judge *j)
{
    const struct backup_options *o = j->o;
    const char *longest = NULL;
    int64_t ms, longest_ms = 0;
    struct buf b = { 0 };
    struct err err;
    char span[32], age[16];

    if (!o->tiers.n)
        return;
    for (size_t i = 0; i < o->tiers.n; i++) {
        if (!duration_parse(o->tiers.values[i], &ms, &err))
            continue; /* backup_check() refused it */
        buf_addf(&b, "%s%s %s", i ? ", " : "", o->tiers.keys[i], duration_format(ms, span));
        if (ms > longest_ms) {
            longest_ms = ms;
            longest = o->tiers.keys[i];
        }
    }
    if (o->delete_after_ms)
        buf_addf(&b, ", deleted after %s", duration_format(o->delete_after_ms, span));
    if (j->f->oldest_ms)
        buf_addf(&b, "; oldest found %s", age_format_hours(j->now_ms - j->f->oldest_ms, age));
    if (longest && o->delete_after_ms && longest_ms > o->delete_after_ms)
        backup_find(j, "plan", STATE_DEGRADED, "contradicts itself", "%s", buf_str(&b));
    else
        backup_find(j, "plan", STATE_UP, "tiers", "%s", buf_str(&b));
    j->counts[j->n - 1] = false; /* paper: nothing to do at night */
    buf_fini(&b);
}

void backup_find_all(struct backup_judge *j)
{
    backup_find_source(j);
    backup_find_newest(j);
    backup_find_rpo(j);
    backup_find_schedule(j);
    backup_find_size(j);
    backup_find_wal(j);
    backup_find_retention(j);
    if (!j->f->wal.only)
        backup_find_verified(j);
    backup_find_plan(j);
}
