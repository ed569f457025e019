/* tests/app/test_watch.c: the schedule of the probes, on a virtual clock. */
#include "app/watch.h"

#include "app/config.h"
#include "app/secrets.h"
#include "core/buf.h"
#include "io/fake.h"
#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECOND = 1000, PROBES = 40, EVERY_S = 4 };

struct site {
    struct io *io;
    struct watch *watch;
    struct secrets *secrets;
    int delay_ms, asked;
};

static void site_http(void *arg, const char *method, const char *url, struct fake_answer *a)
{
    struct site *s = arg;

    (void)method;
    (void)url;
    s->asked++;
    a->delay_ms = s->delay_ms;
    a->code = 200;
    a->headers = "Content-Type: application/json\r\n";
    a->body = "{\"status\":\"ok\"}";
}

static void site_command(void *arg, const char *const *argv, struct fake_answer *a)
{
    (void)arg;
    (void)argv;
    a->code = 1;
    a->body = "cannot log in with canary-Zq7";
}

/* PROBES of one site, each at a phase of its own. */
static void site_probes(FILE *f)
{
    for (int i = 0; i < PROBES; i++)
        fprintf(f,
                "  s%d:\n    probes:\n      p: { http: \"http://127.0.0.1:1/%d\", every: %ds, "
                "timeout: 3s }\n",
                i, i, EVERY_S);
}

/* What none of them finds: the certificates to trust. */
static void site_without_certificates(FILE *f)
{
    static const char *const probes[] = { "http: \"https://127.0.0.1:1/\"",
                                          "metrics: \"https://127.0.0.1:1/\", gauge: g" };

    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
        fprintf(f, "  s%zu: { probes: { p: { %s, ca_file: /no/such } } }\n", i, probes[i]);
}

/* Answers take `delay_ms`, the timeout is 3 s. */
static void site_start(struct site *s, int delay_ms, void (*services)(FILE *))
{
    static struct fake_net net = { .http = site_http, .command = site_command };
    struct watch_events none = { 0 };
    struct config_errors errors = { 0 };
    struct strmap vars = { 0 };
    struct config *config;
    char path[] = "/tmp/midwatch-test-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

    assert_non_null(f);
    fputs("watch: w\nenvironment: staging\nservices:\n", f);
    services(f);
    fclose(f);
    config = config_load(path, &vars, NULL, &errors);
    unlink(path);
    if (!config)
        fail_msg("%s", errors.items[0].err.msg);
    s->delay_ms = delay_ms;
    s->io = io_new_virtual(1769652000LL * SECOND);
    net.arg = s;
    io_fake_set(s->io, &net);
    s->secrets = secrets_new();
    s->watch = watch_new(s->io, config, s->secrets, &none);
    watch_start(s->watch);
}

static void site_stop(struct site *s)
{
    watch_free(s->watch);
    io_free(s->io);
    secrets_free(s->secrets);
}

/* Says back what it was given. */
static void site_with_a_token(FILE *f)
{
    fputs("  s: { probes: { p: { command: [/bin/x], env: { API_TOKEN: \"${env:MW_TEST_TOKEN}\" }, "
          "read: "
          "exit } } }\n",
          f);
}

static void a_secret_that_comes_back_is_not_on_the_board(void **state)
{
    struct site s = { 0 };

    (void)state;
    setenv("MW_TEST_TOKEN", "canary-Zq7", 1);
    site_start(&s, 0, site_with_a_token);
    io_advance(s.io, SECOND);
    assert_string_equal(text_str(&watch_board(s.watch)->services[0].readings[0].reason),
                        "failing 1/3: exit 1: cannot log in with [secret]");
    site_stop(&s);
}

static int occurrences(const struct watch *w, const char *what)
{
    struct buf out = { 0 };
    int n = 0;

    watch_debug(w, &out);
    for (const char *at = buf_str(&out); (at = strstr(at, what)); at++)
        n++;
    buf_fini(&out);
    return n;
}

/* A dead source's first question may still be out when its first slot comes. */
static void first_question_costs_no_slot(void **state)
{
    struct site s = { 0 };

    (void)state;
    site_start(&s, 60 * SECOND, site_probes);
    io_advance(s.io, 10 * EVERY_S * SECOND);
    assert_int_equal(occurrences(s.watch, "\"missed\":0,"), PROBES);
    /* ten intervals are ten questions or eleven, less the one that stood for two */
    assert_in_range(s.asked, 10 * PROBES - PROBES / 2, 11 * PROBES);
    site_stop(&s);
}

static void quick_answers_are_asked_for_at_once_and_at_every_slot(void **state)
{
    struct site s = { 0 };

    (void)state;
    site_start(&s, 1, site_probes);
    io_advance(s.io, PROBES);
    assert_in_range(s.asked, PROBES, PROBES + 5); /* all at once, whatever their phases */
    io_advance(s.io, EVERY_S * SECOND);
    s.asked = 0;
    io_advance(s.io, 10 * EVERY_S * SECOND);
    assert_int_equal(s.asked, 10 * PROBES);
    assert_int_equal(occurrences(s.watch, "\"missed\":0,"), PROBES);
    assert_int_equal(occurrences(s.watch, "\"extra\":0,"), PROBES);
    site_stop(&s);
}

/* A hundred at 1 Hz: the sum of a hundred thousandths is a little more than a tenth. */
static void site_hundred(FILE *f)
{
    for (int i = 0; i < 100; i++)
        fprintf(f,
                "  s%d: { probes: { p: { http: \"http://127.0.0.1:1/%d\", every: 1s, timeout: "
                "900ms } } }\n",
                i, i);
}

static void a_hundred_a_second_share_two_moments(void **state)
{
    struct site s = { 0 };
    int moments = 0;

    (void)state;
    site_start(&s, 1, site_hundred);
    io_advance(s.io, 2 * SECOND);
    for (int ms = 0; ms < SECOND; ms += 10) {
        s.asked = 0;
        io_advance(s.io, 10);
        moments += s.asked > 0;
    }
    assert_int_equal(moments, 2);
    site_stop(&s);
}

static void site_seldom(FILE *f)
{
    fputs(
        "  a: { probes: { often: { http: \"http://127.0.0.1:1/a\", every: 1m, timeout: 5s } } }\n"
        "  b: { probes: { seldom: { http: \"http://127.0.0.1:1/b\", every: 1h, timeout: 5s } } }\n",
        f);
}

/* What changed while a question was out may have come too late for its answer. */
static void what_is_asked_seldom_is_asked_again_when_the_world_changes(void **state)
{
    struct site s = { 0 };

    (void)state;
    site_start(&s, 1 * SECOND, site_seldom);
    io_advance(s.io, SECOND / 2); /* both are out */
    assert_int_equal(s.asked, 2);
    watch_ask_seldom(s.watch, 60 * SECOND);
    assert_int_equal(s.asked, 2);
    io_advance(s.io, 5 * SECOND); /* the one an hour off, once more */
    assert_int_equal(occurrences(s.watch, "\"extra\":1,"), 1);
    assert_int_equal(occurrences(s.watch, "\"extra\":0,"), 1);
    watch_ask_seldom(s.watch, 60 * SECOND); /* nothing is out: now */
    io_advance(s.io, 5 * SECOND);
    assert_int_equal(occurrences(s.watch, "\"extra\":2,"), 1);
    assert_int_equal(occurrences(s.watch, "\"extra\":0,"), 1);
    site_stop(&s);
}

/* What each had before it failed is closed with it: the sanitizer counts. */
static void what_cannot_be_opened_leaves_nothing(void **state)
{
    struct site s = { 0 };
    const struct board *b;

    (void)state;
    site_start(&s, 1, site_without_certificates);
    io_advance(s.io, SECOND);
    b = watch_board(s.watch);
    for (size_t i = 0; i < b->n_services; i++) {
        const char *why = text_str(&b->services[i].readings[0].reason);

        if (!strstr(why, "/no/such"))
            fail_msg("%zu: %s", i, why);
    }
    site_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_that_comes_back_is_not_on_the_board),
        cmocka_unit_test(first_question_costs_no_slot),
        cmocka_unit_test(quick_answers_are_asked_for_at_once_and_at_every_slot),
        cmocka_unit_test(a_hundred_a_second_share_two_moments),
        cmocka_unit_test(what_is_asked_seldom_is_asked_again_when_the_world_changes),
        cmocka_unit_test(what_cannot_be_opened_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
