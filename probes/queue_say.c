/* probes/queue_say.c: what is known of a queue, in numbers and in one sentence. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "probes/queue_impl.h"

enum { QUEUE_STALLED = 2 }; /* so often without a lock, one look after the other */

static void queue_put(struct queue_state *s, enum queue_signal signal, double value,
                      const char *why_not)
{
    struct value *v = &s->report.values[signal];

    v->known = !isnan(value);
    v->value = value;
    if (!v->known)
        text_sets(&v->note, why_not);
}

static void queue_oldest(struct queue_state *s)
{
    const struct queue_facts *f = &s->facts;
    int64_t now_ms = s->report.at_ms;

    if (f->depth == 0)
        queue_put(s, QUEUE_OLDEST, 0, "");
    else if (f->oldest_ms && f->oldest_ms <= now_ms + 1000) /* clocks differ a little */
        queue_put(s, QUEUE_OLDEST,
                  f->oldest_ms > now_ms ? 0 : (double)(now_ms - f->oldest_ms) / 1000, "");
    else if (f->oldest_ms)
        queue_put(s, QUEUE_OLDEST, NAN, "the time of the next job lies in the future");
    else
        queue_put(s, QUEUE_OLDEST, NAN,
                  queue_tells_time(s->where.layout, s->where.stamp)
                      ? "the time of the next job could not be read"
                      : "its jobs tell no time");
}

static void queue_numbers(struct queue_state *s, const struct queue_rates *r)
{
    const struct queue_facts *f = &s->facts;
    char trend[64];

    queue_put(s, QUEUE_DEPTH, f->depth, "not told");
    if (f->at_least) {
        s->report.values[QUEUE_DEPTH].above = true;
        text_sets(&s->report.values[QUEUE_DEPTH].note, "at least; Redis does not know the lag");
    }
    queue_oldest(s);
    queue_put(s, QUEUE_RUNNING, f->running, "this layout does not tell");
    queue_put(s, QUEUE_DELAYED, f->delayed, "this layout does not tell");
    queue_put(s, QUEUE_FAILED, f->failed, "this layout does not tell");
    queue_put(s, QUEUE_SERVED, r->served, "not enough data");
    if (isnan(f->done))
        text_sets(&s->report.values[QUEUE_SERVED].note,
                  s->where.layout == QUEUE_SIDEKIQ
                      ? "Sidekiq counts the jobs of all queues together"
                      : "this layout does not tell");
    queue_put(s, QUEUE_GROWTH, r->growth, "not enough data");
    if (!isnan(r->growth))
        text_sets(&s->report.values[QUEUE_GROWTH].note, trend_words(r, f->depth, trend));
    s->report.values[QUEUE_SERVED].window_ms = s->report.values[QUEUE_GROWTH].window_ms =
        r->over_ms;
    queue_put(s, QUEUE_LATENCY, (double)s->phases.total_us / 1000, "");
}

/* What is next, by its name, where the layout writes one. */
static void queue_next(struct queue_state *s)
{
    const struct value *oldest = &s->report.values[QUEUE_OLDEST];
    char age[16];

    if (!*s->facts.job || !(s->facts.depth > 0))
        return;
    text_sets(&s->cells[0], "next job");
    text_sets(&s->cells[1], "waits");
    text_sets(&s->cells[2], s->facts.job);
    text_sets(&s->cells[3],
              oldest->known ? age_format((int64_t)(oldest->value * 1000), age) : "not told");
    s->table = (struct table){ .cells = s->cells, .rows = 1, .cols = 2 };
    s->report.table = &s->table;
}

/* A list that is empty is not there; nothing else of these layouts tells that it ever was. */
static bool queue_is_a_key(enum queue_layout layout)
{
    return layout == QUEUE_LIST || layout == QUEUE_CELERY;
}

/* "1 204 jobs · oldest 9m40s · 5 at work · growing +88/min". */
static void queue_sentence(const struct probe_common *common, struct queue_state *s)
{
    const struct value *oldest = &s->report.values[QUEUE_OLDEST];
    const char *trend = text_str(&s->report.values[QUEUE_GROWTH].note);
    const char *jobs = common->unit_word ? common->unit_word : s->facts.depth == 1 ? "job" : "jobs";
    struct buf b = { 0 };
    char n[32], age[16];

    if (s->facts.depth == 0 && queue_is_a_key(s->where.layout))
        buf_adds(&b, "empty: no such key"); /* or deleted: in Redis these are one */
    else if (s->facts.depth == 0)
        buf_adds(&b, "empty");
    else
        buf_addf(&b, "%s%s %s", s->facts.at_least ? "at least " : "",
                 quantity_format(s->facts.depth, UNIT_COUNT, n), jobs);
    if (s->facts.depth > 0 && oldest->known)
        buf_addf(&b, " · oldest %s", age_format((int64_t)(oldest->value * 1000), age));
    if (s->facts.running > 0)
        buf_addf(&b, " · %.0f at work", s->facts.running);
    if (s->report.values[QUEUE_GROWTH].known && s->facts.depth > 0)
        buf_addf(&b, " · %s", trend);
    text_set(&s->report.reason, b.bytes, b.len);
    buf_fini(&b);
}

/* What cannot be seen is no empty queue. */
static bool queue_is_there(const struct queue_options *o, struct queue_state *s)
{
    const struct queue_facts *f = &s->facts;

    if (*f->wrong.msg)
        text_sets(&s->report.reason, f->wrong.msg);
    else if (!f->there)
        text_setf(&s->report.reason, "no queue '%.100s' of layout %s: never used, or deleted",
                  o->queue, queue_layout_words[o->layout]);
    else if (isnan(f->depth))
        text_sets(&s->report.reason, "its depth is not told");
    else
        return true;
    s->report.state = STATE_UNKNOWN;
    for (int i = 0; i < QUEUE_SIGNALS; i++)
        queue_put(s, (enum queue_signal)i, NAN, text_str(&s->report.reason));
    return false;
}

static void queue_lead(struct report *r, const char *words)
{
    struct text rest = { 0 };

    text_copy(&rest, &r->reason);
    text_setf(&r->reason, "%s · %s", words, text_str(&rest));
    text_fini(&rest);
}

/* The same job is next for too long, or one was taken so long ago and nobody said that it is done:
 * work that stands still is not up, however few wait. */
static void queue_judge(const struct queue_options *o, struct queue_state *s,
                        const struct queue_rates *rates)
{
    const struct queue_facts *f = &s->facts;
    int64_t unacked_ms = f->unacked_ms ? s->report.at_ms - f->unacked_ms : 0;
    char age[16], lead[64 + QUEUE_JOB_MAX];

    if (s->unlocked >= QUEUE_STALLED) {
        s->report.state = STATE_DEGRADED;
        snprintf(lead, sizeof lead, "stalled: a job at work%s%s%s has no worker",
                 *s->taken_job ? " (" : "", s->taken_job, *s->taken_job ? ")" : "");
        if (s->taken_ms && s->taken_ms <= s->report.at_ms)
            snprintf(lead + strlen(lead), sizeof lead - strlen(lead), ", taken %s ago",
                     age_format(s->report.at_ms - s->taken_ms, age));
        queue_lead(&s->report, lead);
        return;
    }
    if (!o->stuck_ms)
        return;
    if (f->depth > 0 && rates->stuck_ms >= o->stuck_ms) {
        s->report.state = STATE_DEGRADED;
        text_setf(&s->report.reason, "stuck: %s%s%s%s since %s, %.0f wait",
                  s->where.layout == QUEUE_STREAM ? "nothing was read" : "the same job is next",
                  *f->job ? " (" : "", f->job, *f->job ? ")" : "", age_format(rates->stuck_ms, age),
                  f->depth);
    } else if (unacked_ms >= o->stuck_ms) {
        s->report.state = STATE_DEGRADED;
        snprintf(lead, sizeof lead, "not acknowledged: a job taken %s ago",
                 age_format(unacked_ms, age));
        queue_lead(&s->report, lead);
    }
}

void queue_say(const struct queue_options *o, const struct probe_common *common,
               struct queue_state *s, int64_t mono_ms)
{
    struct queue_rates rates;

    s->report.phases = s->phases;
    if (!queue_is_there(o, s)) {
        trend_gap(&s->trend);
        return;
    }
    trend_add(&s->trend, mono_ms, s->facts.depth, s->facts.done,
              s->facts.paused ? 0 : s->facts.head);
    rates = trend_rates(&s->trend, mono_ms);
    queue_numbers(s, &rates);
    queue_next(s);
    queue_sentence(common, s);
    s->report.state = STATE_UP;
    if (s->facts.paused) {
        s->report.state = STATE_DISABLED;
        queue_lead(&s->report, "paused");
    } else {
        queue_judge(o, s, &rates);
    }
}
