/* tests/app/test_watch_mute.c: the collector against probes that behave badly, by virtual time. */
#include "app/watch.h"

#include "tests/app/fake_kinds.h"
#include "tests/cmocka.h"

#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct mute { /* the options of a kind that is asked and never answers */
    char *target;
};

static struct mute_count {
    int opened, closed, asked, silent;
} mute_count;

static const struct option mute_options[] = {
    { "mute", OPTION_STRING, offsetof(struct mute, target), NULL, "target", .required = true },
    { 0 },
};

static size_t mute_signals(const void *self, const struct probe_common *common,
                           struct signal_spec out[READING_SIGNALS])
{
    (void)self;
    (void)common;
    out[0] = (struct signal_spec){ "latency", UNIT_MS, NULL, true, 0 };
    return 1;
}

static void mute_target(const void *self, struct text *out)
{
    text_sets(out, ((const struct mute *)self)->target);
}

static bool mute_open(struct probe *p, struct err *err)
{
    mute_count.opened++;
    return strcmp(((const struct mute *)p->self)->target, "broken") != 0 ||
           err_set(err, "no such thing here");
}

static void mute_poll(struct probe *p)
{
    mute_count.asked++;
    mute_count.silent += !strcmp(((const struct mute *)p->self)->target, "silent");
    if (!strcmp(((const struct mute *)p->self)->target, "answers")) {
        struct report r;

        report_init(&r, io_now_ms(p->clients->io));
        r.state = STATE_UP;
        r.values[0].known = true;
        r.values[0].value = 1;
        probe_report(p, &r);
        report_fini(&r);
    }
}

static void mute_close(struct probe *p)
{
    (void)p;
    mute_count.closed++;
}

static const struct probe_ops mute_ops = {
    .kind = "mute",
    .help = "says nothing",
    .options = mute_options,
    .size = sizeof(struct mute),
    .signals = mute_signals,
    .target = mute_target,
    .open = mute_open,
    .poll = mute_poll,
    .close = mute_close,
};

static const struct probe_ops *const mute_probes[] = { &mute_ops, NULL };

struct setting {
    struct io *io;
    struct secrets *secrets;
    struct watch *watch;
    bool done;
};

static struct config *mute_read(const char *services)
{
    const struct config_kinds kinds = { mute_probes, fake_kinds.common };
    struct config_input in = { .name = "t", .kinds = &kinds };
    struct config_errors errors = { 0 };
    struct config *c;
    char yaml[512];

    snprintf(yaml, sizeof yaml, "watch: t\nenvironment: test\nservices:\n%s", services);
    in.bytes = yaml;
    in.len = strlen(yaml);
    c = config_read(&in, &errors);
    if (!c)
        fail_msg("%s", errors.items[0].err.msg);
    return c;
}

static struct config *mute_config(const char *first, const char *second)
{
    char services[256];

    snprintf(services, sizeof services,
             "  a: { probes: { p: { mute: %s, timeout: 2s } } }\n"
             "  b: { probes: { p: { mute: %s, timeout: 2s } } }\n",
             first, second);
    return mute_read(services);
}

static void begin(struct setting *s, const char *first, const char *second)
{
    struct watch_events none = { 0 };

    mute_count = (struct mute_count){ 0 };
    s->io = io_new_virtual(1769652000000);
    s->secrets = secrets_new();
    s->watch = watch_new(s->io, mute_config(first, second), s->secrets, &none);
}

static void end(struct setting *s)
{
    watch_free(s->watch);
    io_free(s->io);
    secrets_free(s->secrets);
    assert_int_equal(mute_count.opened, mute_count.closed);
}

static void done(void *arg)
{
    struct setting *s = arg;

    assert_false(s->done); /* once */
    s->done = true;
}

static void what_cannot_be_opened_says_why_and_is_closed(void **state)
{
    struct setting s = { 0 };
    const struct reading *r;

    (void)state;
    begin(&s, "broken", "silent");
    watch_start(s.watch);
    io_advance(s.io, 1000);
    r = &watch_board(s.watch)->services[0].readings[0];
    assert_string_equal(text_str(&r->reason), "local: no such thing here");
    end(&s); /* counts */
}

static void what_was_recorded_goes_along_over_a_reload(void **state)
{
    struct setting s = { 0 };
    struct event e = { .n = 1, .at_ms = 1769652000000 };

    (void)state;
    begin(&s, "answers", "silent");
    watch_start(s.watch);
    text_sets(&e.words, "rolled back");
    watch_event(s.watch, e);
    watch_reload(s.watch, mute_config("silent", "answers"));
    assert_int_equal(watch_board(s.watch)->n_events, 1);
    assert_string_equal(text_str(&watch_board(s.watch)->events[0].words), "rolled back");
    end(&s);
}

static void a_probe_that_never_answers_ends_no_report(void **state)
{
    struct setting s = { 0 };
    const struct board *b;

    (void)state;
    begin(&s, "answers", "silent");
    b = watch_board(s.watch);
    watch_once(s.watch, done, &s);
    io_advance(s.io, 4000);
    assert_false(s.done); /* two asks of 2 s each are its right */
    io_advance(s.io, 20000);
    assert_true(s.done);
    assert_int_equal(b->services[0].state, STATE_UP);
    assert_int_equal(b->services[1].state, STATE_UNKNOWN);
    assert_int_equal(b->verdict.state, STATE_UNKNOWN); /* never green for want of an answer */
    end(&s);
}

static void a_report_is_made_once_and_as_soon_as_all_have_answered(void **state)
{
    struct setting s = { 0 };

    (void)state;
    begin(&s, "answers", "answers");
    watch_once(s.watch, done, &s);
    io_advance(s.io, 100);
    assert_true(s.done);
    io_advance(s.io, 60000);
    assert_int_equal(watch_board(s.watch)->verdict.state, STATE_UP);
    end(&s);
}

/* The demo's console is up, and can be told to reload, before its servers are. */
static void reload_before_the_start_opens_nothing_twice(void **state)
{
    struct setting s = { 0 };

    (void)state;
    begin(&s, "answers", "silent");
    watch_reload(s.watch, mute_config("answers", "answers"));
    assert_int_equal(mute_count.opened, 0);
    watch_start(s.watch);
    assert_int_equal(mute_count.opened, 2);
    io_advance(s.io, 1000);
    assert_int_equal(watch_board(s.watch)->verdict.state, STATE_UP);
    end(&s);
}

static void reload_while_a_question_is_out_asks_again_in_its_slot(void **state)
{
    struct setting s = { 0 };
    const struct board *b;
    int asked;

    (void)state;
    begin(&s, "answers", "silent");
    watch_start(s.watch);
    io_advance(s.io, 1000);
    assert_true(watch_board(s.watch)->services[1].readings[0].in_flight);
    watch_reload(s.watch, mute_config("answers", "answers"));
    b = watch_board(s.watch);
    assert_int_equal(b->services[0].state, STATE_UP); /* the same as before: its past goes on */
    assert_int_equal(b->services[1].state, STATE_UNKNOWN);
    assert_false(b->services[1].readings[0].in_flight);
    io_advance(s.io, 100);
    assert_int_equal(b->services[1].state, STATE_UP); /* new: asked at once */
    asked = mute_count.asked;
    io_advance(s.io, 20000);
    assert_int_equal(mute_count.asked, asked + 4); /* two slots each */
    end(&s);
}

/* Service b comes first now, and its question is still out: nobody asks it again, and nothing
 * closes. */
static void reload_leaves_alone_what_is_the_same(void **state)
{
    struct setting s = { 0 };
    const struct board *b;

    (void)state;
    begin(&s, "answers", "silent");
    watch_start(s.watch);
    io_advance(s.io, 1000);
    assert_int_equal(mute_count.asked, 2);
    watch_reload(s.watch, mute_read("  b: { probes: { p: { mute: silent, timeout: 2s } } }\n"
                                    "  c: { probes: { p: { mute: answers, timeout: 2s } } }\n"
                                    "  a: { probes: { p: { mute: answers, timeout: 2s } } }\n"));
    b = watch_board(s.watch);
    assert_int_equal(mute_count.opened, 3);
    assert_int_equal(mute_count.closed, 0);
    assert_true(b->services[0].readings[0].in_flight);
    assert_int_equal(b->services[2].state, STATE_UP);
    io_advance(s.io, 100);
    assert_int_equal(mute_count.silent, 1);
    assert_int_equal(b->services[1].state, STATE_UP);
    io_advance(s.io, 10000); /* answers are folded where the service stands now */
    assert_true(b->services[2].readings[0].evidence_ms > 1769652001000);
    watch_reload(s.watch, mute_read("  c: { probes: { p: { mute: answers, timeout: 2s } } }\n"));
    assert_int_equal(mute_count.opened, 3);
    assert_int_equal(mute_count.closed, 2);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_opened_says_why_and_is_closed),
        cmocka_unit_test(what_was_recorded_goes_along_over_a_reload),
        cmocka_unit_test(a_probe_that_never_answers_ends_no_report),
        cmocka_unit_test(a_report_is_made_once_and_as_soon_as_all_have_answered),
        cmocka_unit_test(reload_before_the_start_opens_nothing_twice),
        cmocka_unit_test(reload_leaves_alone_what_is_the_same),
        cmocka_unit_test(reload_while_a_question_is_out_asks_again_in_its_slot),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
