/* app/keeper.c: a watch with its journal. */
#include "app/keeper.h"

#include <stdlib.h>
#include <string.h>

#include "app/alarm.h"
#include "app/event_words.h"
#include "app/hush.h"
#include "app/notifier.h"
#include "core/alloc.h"
#include "core/json.h"

enum { NOTES_MS = 24 * 3600 * 1000 /* notes of the past that stand on the charts */ };

struct keeper {
    struct keeper_options o;
    struct keeper_events events;
    struct watch *watch;
    struct book *book;
    struct alarm *alarm;       /* NULL without a journal */
    struct notifier *notifier; /* with the alarm */
    struct recorder *recorder;
    struct past *past;
    char *notices[NOTICES]; /* NULL = none */
};

/* The board with the journal, and both with what was sent. */
static void keeper_compare(struct keeper *k)
{
    if (!k->alarm)
        return;
    alarm_look(k->alarm);
    notifier_look(k->notifier);
}

static void keeper_changed(void *arg, bool loud)
{
    struct keeper *k = arg;

    if (k->recorder) /* what is told before that, the first frame holds */
        recorder_look(k->recorder, loud);
    k->events.changed(k->events.arg, loud);
    keeper_compare(k);
}

void keeper_notice(struct keeper *k, enum keeper_notice which, const char *words)
{
    const char *first = NULL;

    free(k->notices[which]);
    k->notices[which] = xstrdup(words);
    for (size_t i = 0; i < NOTICES && !first; i++)
        first = k->notices[i];
    watch_notice(k->watch, first != NULL, first ? first : "");
}

static void keeper_trouble(void *arg, const char *why)
{
    struct buf words = { 0 };

    if (why)
        buf_addf(&words, "nothing can be recorded: %s", why);
    keeper_notice(arg, NOTICE_JOURNAL, why ? buf_str(&words) : NULL);
    buf_fini(&words);
}

/* Of several consoles one keeps the past: the one that records what fires. */
static bool keeper_writes(void *arg)
{
    const struct keeper *k = arg;

    return k->alarm && alarm_holds(k->alarm);
}

static void keeper_unkept(void *arg, const char *why)
{
    struct buf words = { 0 };

    if (why)
        buf_addf(&words, "the past is not being kept: %s", why);
    keeper_notice(arg, NOTICE_HISTORY, why ? buf_str(&words) : NULL);
    buf_fini(&words);
}

static void keeper_silence(struct keeper *k, const struct record *r)
{
    const char *id = json_string(json_get(r->what, "id"));
    struct silence s;

    if (hush_of_record(r, &s))
        watch_silence(k->watch, s);
    else if (text_is(&r->code, BOOK_UNSILENCE) && id)
        watch_unsilence(k->watch, id);
}

/* What was noted stands on the charts too, whoever noted it. */
static void keeper_record(void *arg, const struct record *r)
{
    struct keeper *k = arg;

    watch_event(k->watch, event_of(r));
    keeper_silence(k, r);
    if (text_is(&r->code, BOOK_NOTE)) {
        if (io_now_ms(k->o.io) - r->at_ms < NOTES_MS)
            watch_mark(k->watch, MARK_NOTE, json_string(json_get(r->what, "text")), r->at_ms);
    } else if (k->alarm) {
        alarm_record(k->alarm, r);
        notifier_record(k->notifier, r);
    }
    if (k->events.record)
        k->events.record(k->events.arg, r);
}

static void keeper_caught_up(void *arg)
{
    struct keeper *k = arg;

    if (k->alarm)
        alarm_caught_up(k->alarm);
}

static void keeper_looked(void *arg)
{
    struct keeper *k = arg;

    if (!k->alarm)
        return;
    alarm_looked(k->alarm);
    notifier_look(k->notifier);
}

static void keeper_says(void *arg, bool bad, const char *words)
{
    struct keeper *k = arg;

    k->events.says(k->events.arg, bad, words);
}

static void keeper_past_board(void *arg, struct board *b, int64_t wanted_ms)
{
    struct keeper *k = arg;

    if (k->events.past)
        k->events.past(k->events.arg, b, wanted_ms, NULL);
    else
        board_free(b);
}

static void keeper_past_none(void *arg, const char *why)
{
    struct keeper *k = arg;

    if (k->events.past)
        k->events.past(k->events.arg, NULL, 0, why);
}

static struct history_limits keeper_limits(const struct config *c)
{
    return (struct history_limits){ c->history.keep_ms, c->history.minutes_ms,
                                    (int64_t)c->history.size };
}

static void keeper_record_past(struct keeper *k)
{
    const struct recorder_events recording = { keeper_writes, keeper_unkept, keeper_says, k };
    const struct past_events playing = { keeper_past_board, keeper_past_none, k };
    const char *dir = book_dir(k->book);

    k->recorder =
        recorder_new(k->o.io, k->watch, dir, keeper_limits(watch_config(k->watch)), &recording);
    k->past = past_new(k->o.io, k->watch, k->recorder, dir, &playing);
}

struct keeper *keeper_new(const struct keeper_options *o, struct config *config,
                          const struct keeper_events *events)
{
    struct keeper *k = xcalloc(1, sizeof *k);
    const struct watch_events watching = { .changed = keeper_changed, .arg = k };
    const struct book_events booking = { keeper_record, keeper_caught_up, keeper_looked,
                                         keeper_says,   keeper_trouble,   k };

    k->o = *o;
    k->events = *events;
    k->watch = watch_new(o->io, config, o->secrets, &watching);
    k->book = o->demo ? book_new_demo(o->io, o->demo_dir, &booking)
                      : book_new(o->io, config->watch, &booking);
    keeper_record_past(k);
    k->alarm = alarm_new(o->io, k->watch, k->book);
    if (k->alarm)
        k->notifier = notifier_new(
            &(struct notifier_options){ o->io, k->watch, k->book, k->alarm, o->secrets });
    return k;
}

void keeper_free(struct keeper *k)
{
    if (!k)
        return;
    recorder_end(k->recorder);
    past_free(k->past);
    notifier_free(k->notifier);
    alarm_free(k->alarm);
    k->alarm = NULL;
    watch_free(k->watch);
    book_free(k->book); /* turns the loop: by now nothing on it calls us */
    recorder_free(k->recorder);
    for (size_t i = 0; i < NOTICES; i++)
        free(k->notices[i]);
    free(k);
}

struct watch *keeper_watch(struct keeper *k)
{
    return k->watch;
}

struct book *keeper_book(struct keeper *k)
{
    return k->book;
}

struct past *keeper_past(struct keeper *k)
{
    return k->past;
}

static void keeper_not_taken(struct keeper *k, const struct config_errors *errors)
{
    struct buf words = { 0 };

    buf_addf(&words, "%s", errors->n ? errors->items[0].err.msg : "cannot be read");
    if (errors->n + errors->more > 1)
        buf_addf(&words, " (and %zu more)", errors->n + errors->more - 1);
    buf_adds(&words, "; the old configuration stays");
    keeper_notice(k, NOTICE_CONFIG, words.bytes);
    buf_fini(&words);
}

bool keeper_reload(struct keeper *k, const char *path, const struct strmap *sets,
                   void (*own)(struct config *c), struct buf *words)
{
    struct config_errors *errors = xcalloc(1, sizeof *errors);
    struct config *fresh = config_load(path, sets, k->o.secrets, errors);
    struct buf changes = { 0 };

    if (!fresh) {
        keeper_not_taken(k, errors);
        buf_adds(words, "reload: not taken, the old configuration stays");
    } else {
        if (own)
            own(fresh);
        config_changes(watch_config(k->watch), fresh, &changes);
        buf_addf(words, "reloaded: %s", buf_str(&changes));
        watch_reload(k->watch, fresh);
        recorder_set_limits(k->recorder, keeper_limits(fresh));
        keeper_notice(k, NOTICE_CONFIG, NULL);
        watch_mark(k->watch, MARK_CONFIG, words->bytes, io_now_ms(k->o.io));
    }
    buf_fini(&changes);
    free(errors);
    return fresh != NULL;
}
