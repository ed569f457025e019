/* tests/app/test_profile_alerts.c: every alert of every shipped profile, judged on the board of its
 * real configuration: just under its limit, over it for as long as it must, well again, and without
 * data. An alert without a row here fails the test, and so does one side of an `or` without one.
 */
#include "alerts/judge.h"
#include "alerts/root.h"
#include "app/config.h"
#include "app/watch_board.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/unit.h"

#define T0_MS  1769652000000LL /* 2026-01-29T02:00:00Z */
#define PLENTY 1e12            /* of what is bad when it is little */
enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

struct row {
    const char *profile, *alert, *severity;
    const char *hold; /* its `for` */
    /* What is told on a board where all else is well, as of then: "api.errors=5%",
     * "api.health is down"; with ", " between. */
    const char *under, *over;
};

static const struct row rows[] = {
    { "rachelfoods", "health-failing", "P0", "2m", "api.health is up", "api.health is degraded" },
    { "rachelfoods", "health-failing", "P0", "2m", "api.health is up", "api.health is down" },
    { "rachelfoods", "error-rate", "P1", "0s", "api.errors=5%", "api.errors=5.1%" },
    { "rachelfoods", "error-rate-warn", "P2", "15m", "api.errors=1%", "api.errors=1.1%" },
    { "rachelfoods", "latency", "P1", "0s", "api.p95=2s", "api.p95=2001ms" },
    { "rachelfoods", "webhook-failures", "P0", "0s", "stripe.webhook=10", "stripe.webhook=11" },
    { "rachelfoods", "webhook-failures-warn", "P2", "0s", "stripe.webhook=0", "stripe.webhook=1" },
    { "rachelfoods", "payment-success", "P1", "0s", "stripe.success=90%", "stripe.success=89.9%" },
    { "rachelfoods", "db-lost", "P0", "0s", "db.ping is degraded", "db.ping is down" },
    { "rachelfoods", "email-failures", "P2", "0s", "email.failures=10%", "email.failures=10.1%" },
    { "rachelfoods", "backup-old", "P2", "0s", "backup.dumps.age=26h", "backup.dumps.age=26h1s" },

    { "neurmatic", "unhealthy", "P0", "0s", "api.health is degraded", "api.health is down" },
    { "neurmatic", "db-down", "P0", "0s", "postgres.ping is degraded", "postgres.ping is down" },
    { "neurmatic", "memory", "P1", "0s", "backend-1.memory=95%", "backend-1.memory=95.1%" },
    { "neurmatic", "memory", "P1", "0s", "backend-2.memory=95%", "backend-2.memory=95.1%" },
    { "neurmatic", "errors", "P1", "0s", "backend-1.errors=10%", "backend-1.errors=10.1%" },
    { "neurmatic", "errors", "P1", "0s", "backend-2.errors=10%", "backend-2.errors=10.1%" },
    { "neurmatic", "latency", "P1", "0s", "backend-1.p95=1s", "backend-1.p95=1001ms" },
    { "neurmatic", "latency", "P1", "0s", "backend-2.p95=1s", "backend-2.p95=1001ms" },
    { "neurmatic", "degraded", "P1", "5m", "api.health is up", "api.health is degraded" },
    { "neurmatic", "degraded", "P1", "5m", "api.health is down", "api.health is degraded" },
    { "neurmatic", "target-missed", "notice", "15m", "backend-1.p95=200ms", "backend-1.p95=201ms" },
    { "neurmatic", "target-missed", "notice", "15m", "backend-2.p95=200ms", "backend-2.p95=201ms" },
    { "neurmatic", "target-missed", "notice", "15m", "backend-1.errors=1%",
      "backend-1.errors=1.1%" },
    { "neurmatic", "target-missed", "notice", "15m", "backend-2.errors=1%",
      "backend-2.errors=1.1%" },
    { "neurmatic", "target-missed", "notice", "15m", "postgres.ping=50ms", "postgres.ping=51ms" },
    { "neurmatic", "one-backend-1", "P1", "0s", "backend-1.health is degraded",
      "backend-1.health is down" },
    { "neurmatic", "one-backend-1", "P1", "0s", "backend-1.health is down, api.health is down",
      "backend-1.health is down" },
    { "neurmatic", "one-backend-2", "P1", "0s", "backend-2.health is degraded",
      "backend-2.health is down" },
    { "neurmatic", "one-backend-2", "P1", "0s", "backend-2.health is down, api.health is down",
      "backend-2.health is down" },
    { "neurmatic", "backup-missed", "P1", "0s", "backup.local is degraded",
      "backup.local is down" },
    { "neurmatic", "rpo", "P1", "0s", "backup.local=24h, backup.local is down",
      "backup.local=24h1s, backup.local is down" },
    { "neurmatic", "rpo", "P1", "0s", "backup.local=25h, backup.local is degraded", /* window */
      "backup.local=25h, backup.local is down" },
    { "neurmatic", "cert", "notice", "0s", "edge.certificate=21d",
      "edge.certificate=20d23h59m59s" },

    { "concierge", "sentry-spike", "page", "0s", "api.errors=5", "api.errors=6" },
    { "concierge", "probe", "page", "17s", "api.health is up", "api.health is degraded" },
    { "concierge", "probe", "page", "17s", "api.ready is up", "api.ready is down" },
    { "concierge", "cache-miss-products", "chat", "0s", "cache.products=40%",
      "cache.products=40.1%" },
    { "concierge", "cache-miss-recommendations", "chat", "0s", "cache.recommendations=40%",
      "cache.recommendations=40.1%" },
    { "concierge", "cache-miss-weather", "chat", "0s", "cache.weather=40%", "cache.weather=40.1%" },
    { "concierge", "stripe-4xx", "chat", "0s", "stripe.refused=2", "stripe.refused=3" },
    { "concierge", "push-errors", "chat", "0s", "push.receipts=1", "push.receipts=2" },

    { "hireflux", "errors", "page", "0s", "api.errors=4.9%", "api.errors=5.1%" },
    { "hireflux", "latency", "chat", "0s", "api.p95=1s, models.p95=4.5s", "api.p95=1001ms" },
    { "hireflux", "latency-ai", "chat", "0s", "models.p95=6s", "models.p95=6001ms" },
    { "hireflux", "db-cpu", "e-mail", "5m", "db.cpu=80%", "db.cpu=80.1%" },
    { "hireflux", "ai-cost", "e-mail", "0s", "models.cost.times=2", "models.cost.times=2.1" },
    { "hireflux", "payments", "chat", "0s", "stripe.failed=10", "stripe.failed=11" },
    { "hireflux", "queue-stuck", "chat", "0s",
      "workers.resume.growth=14, workers.resume.oldest=4m59s",
      "workers.resume.growth=14, workers.resume.oldest=5m" },
    { "hireflux", "queue-stuck", "chat", "0s",
      "workers.resume.growth=0, workers.resume.oldest=1h", /* it drains, or stands still */
      "workers.resume.growth=1, workers.resume.oldest=1h" },
    { "hireflux", "queue-stuck", "chat", "0s",
      "workers.email.growth=14, workers.email.oldest=4m59s, workers.resume.oldest=1h",
      "workers.email.growth=14, workers.email.oldest=5m" },

    { "ratemyunit", "cpu", "SEV-2", "10m", "host.cpu=80%", "host.cpu=80.1%" },
    { "ratemyunit", "memory", "SEV-2", "0s", "host.memory=80%", "host.memory=80.1%" },
    { "ratemyunit", "status-check", "SEV-1", "0s", "host.checks=0", "host.checks=1" },
    { "ratemyunit", "auto-recover", "SEV-1", "2m", "host.system_check=0", "host.system_check=1" },
    { "ratemyunit", "rds-storage", "SEV-2", "5m", "rds.storage=2GB", "rds.storage=1.99GB" },
    { "ratemyunit", "health", "SEV-1", "0s", "api.health is degraded", "api.health is down" },
    { "ratemyunit", "api-5xx", "SEV-1", "0s", "api.errors=5%", "api.errors=5.1%" },
    { "ratemyunit", "latency", "SEV-2", "5m", "api.p95=500ms", "api.p95=501ms" },
    { "ratemyunit", "queue", "SEV-2", "0s", "scraper.queue=799", "scraper.queue=800" },
    { "ratemyunit", "pool", "SEV-2", "2m", "browserpool.pool is up",
      "browserpool.pool is degraded" },
    { "ratemyunit", "pool", "SEV-2", "2m", "browserpool.pool is down, api.health is down",
      "browserpool.pool is down" },
    { "ratemyunit", "db-conn", "SEV-1", "0s", "db.clients=19", "db.clients=20" },
    { "ratemyunit", "db-conn-warn", "SEV-2", "0s", "db.clients=15", "db.clients=16" },
    { "ratemyunit", "scraper", "SEV-3", "0s", "scraper.success=80%", "scraper.success=79.9%" },
};
enum { ROWS = sizeof rows / sizeof *rows };

static const char *const profiles[] = { "rachelfoods", "neurmatic", "concierge", "hireflux",
                                        "ratemyunit" };
enum { PROFILES = sizeof profiles / sizeof *profiles };
static struct config *configs[PROFILES];

static int load(void **state)
{
    const char *source = getenv("MIDWATCH_SOURCE");

    (void)state;
    for (int i = 0; i < PROFILES; i++) {
        struct config_errors errors = { 0 };
        char path[4096];

        snprintf(path, sizeof path, "%s/examples/%s/midwatch.yaml", source ? source : ".",
                 profiles[i]);
        configs[i] = config_load(path, NULL, NULL, &errors);
        if (!configs[i])
            fail_msg("%s", errors.items[0].err.msg);
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    for (int i = 0; i < PROFILES; i++)
        config_free(configs[i]);
    return 0;
}

/* ---- a board, and one alert of it ---- */

struct stage {
    const struct row *row;
    struct board *b;
    struct judge *j;
    struct alert *a;
    int64_t no_data_ms, next_ms;
    int fired, resolved;
};

static const struct config *profile(const char *name)
{
    for (int i = 0; i < PROFILES; i++)
        if (strcmp(profiles[i], name) == 0)
            return configs[i];
    fail_msg("no profile %s", name);
    return NULL;
}

static void stage_start(struct stage *s, const struct row *row)
{
    const struct config *c = profile(row->profile);
    struct judge_rule *rules = config_judge_rules(c);
    struct err err = { "" };
    size_t bad, at;
    int i;

    *s = (struct stage){ .row = row, .b = watch_board_new(c, T0_MS) };
    s->j = judge_new(rules, c->n_alerts, s->b, &bad, &at, &err);
    free(rules);
    if (!s->j)
        fail_msg("%s", err.msg);
    i = board_find_alert(s->b, row->alert);
    if (i < 0)
        fail_msg("%s has no alert %s", row->profile, row->alert);
    s->a = &s->b->alerts[i];
    s->no_data_ms = c->alerts[i].no_data_ms;
}

static void stage_stop(struct stage *s)
{
    judge_free(s->j);
    board_free(s->b);
}

static void stage_happened(void *arg, enum judge_event event, const struct alert *a)
{
    struct stage *s = arg;

    s->fired += a == s->a && event == JUDGE_FIRED;
    s->resolved += a == s->a && event == JUDGE_RESOLVED;
}

static void put_value(const struct board *b, struct signal *g, double v)
{
    g->known = !isnan(v);
    g->value = v;
    g->at_ms = b->at_ms;
    series_push(g->series, b->at_ms, v);
}

static void put_state(const struct board *b, struct reading *r, enum state state)
{
    r->state = state;
    r->evidence_ms = b->at_ms;
    if (state == STATE_UP)
        r->good_ms = b->at_ms;
}

static struct reading *reading_of(struct board *b, const char *service, const char *probe)
{
    int at = board_find(b, service);

    for (size_t i = 0; at >= 0 && i < b->services[at].n_readings; i++)
        if (text_is(&b->services[at].readings[i].id, probe))
            return &b->services[at].readings[i];
    fail_msg("no probe %s.%s", service, probe);
    return NULL;
}

struct move { /* one of a row's, taken apart */
    char service[32], probe[32], signal[32], value[32];
    bool is_state;
};

static bool move_next(const char **words, struct move *m)
{
    const char *end = strstr(*words, ", "), *next = end ? end + 2 : *words + strlen(*words);
    char one[128];
    int n = (int)(end ? (size_t)(end - *words) : strlen(*words)), fields;

    if (!n)
        return false;
    snprintf(one, sizeof one, "%.*s", n, *words);
    *m = (struct move){ .is_state = strstr(one, " is ") != NULL };
    if (m->is_state)
        fields = 1 + sscanf(one, "%31[^.].%31s is %31s", m->service, m->probe, m->value);
    else if (strchr(strchr(one, '.') + 1, '.') &&
             strchr(strchr(one, '.') + 1, '.') < strchr(one, '='))
        fields =
            sscanf(one, "%31[^.].%31[^.].%31[^=]=%31s", m->service, m->probe, m->signal, m->value);
    else
        fields = 1 + sscanf(one, "%31[^.].%31[^=]=%31s", m->service, m->probe, m->value);
    if (fields != 4)
        fail_msg("'%s' is no move", one);
    *words = next;
    return true;
}

static void move_make(struct board *b, const struct move *m)
{
    struct reading *r = reading_of(b, m->service, m->probe);
    enum state state = STATE_UNKNOWN;
    struct err err = { "" };
    size_t i = 0;
    double v = NAN;

    if (m->is_state) {
        if (!state_parse(m->value, &state))
            fail_msg("no state %s", m->value);
        put_state(b, r, state);
        return;
    }
    while (*m->signal && i < r->n_signals && !text_is(&r->signals[i].name, m->signal))
        i++;
    if (i >= r->n_signals)
        fail_msg("no signal %s of %s.%s", m->signal, m->service, m->probe);
    if (!quantity_parse(m->value, r->signals[i].unit, &v, &err))
        fail_msg("%s.%s: %s", m->service, m->probe, err.msg);
    put_value(b, &r->signals[i], v);
}

static void all_readings(struct board *b, enum state state, double value)
{
    for (size_t i = 0; i < b->n_services; i++) {
        for (size_t k = 0; k < b->services[i].n_readings; k++) {
            struct reading *r = &b->services[i].readings[k];

            put_state(b, r, state);
            for (size_t n = 0; n < r->n_signals; n++)
                put_value(b, &r->signals[n],
                          !isnan(value) && r->signals[n].low_is_bad ? PLENTY : value);
        }
        b->services[i].state = state;
    }
}

static void judge_now(struct stage *s)
{
    struct judge_events events = { stage_happened, s };

    root_find(s->b);
    s->next_ms = judge_board(s->j, s->b, &events);
}

/* So much later all is told anew: these words, and of all else that it is well. */
static void then(struct stage *s, int64_t ms, const char *words)
{
    struct move m;

    s->b->at_ms += ms;
    all_readings(s->b, STATE_UP, 0);
    while (move_next(&words, &m))
        move_make(s->b, &m);
    judge_now(s);
}

/* Nothing is known any more of what the row is about, or of anything. */
static void then_nothing(struct stage *s, int64_t ms, bool whole)
{
    const char *words = s->row->over;
    struct move m;

    s->b->at_ms += ms;
    all_readings(s->b, whole ? STATE_UNKNOWN : STATE_UP, whole ? NAN : 0);
    while (move_next(&words, &m)) {
        struct reading *r = reading_of(s->b, m.service, m.probe);

        put_state(s->b, r, STATE_UNKNOWN);
        for (size_t i = 0; i < r->n_signals; i++)
            put_value(s->b, &r->signals[i], NAN);
    }
    judge_now(s);
}

static void is(const struct stage *s, enum alert_state want, const char *when)
{
    if (s->a->state != want)
        fail_msg("%s %s is %s and not %s, %s (%s): '%s' %s", s->row->profile, s->row->alert,
                 alert_state_word(s->a->state), alert_state_word(want), when, s->row->over,
                 text_str(&s->a->value), text_str(&s->a->note));
}

/* From all being well to the instant at which it fires. */
static void stage_fires(struct stage *s)
{
    then(s, 0, s->row->under);
    is(s, ALERT_INACTIVE, "at the start");
    then(s, 10 * SECOND, s->row->over);
    if (s->a->for_ms)
        then(s, s->a->for_ms, s->row->over);
    is(s, ALERT_FIRING, "after its time");
}

/* ---- the four ---- */

static void just_under_its_limit_none_fires(void **state)
{
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        struct stage s;

        stage_start(&s, &rows[i]);
        for (int64_t t = 0; t < HOUR + 2 * s.a->for_ms; t += MINUTE) {
            then(&s, MINUTE, rows[i].under);
            is(&s, ALERT_INACTIVE, "just under");
        }
        if (s.a->for_ms) { /* over it, and not for long enough */
            then(&s, 0, rows[i].over);
            then(&s, s.a->for_ms - 1, rows[i].over);
            is(&s, ALERT_PENDING, "a moment before its time");
            then(&s, 0, rows[i].under);
            is(&s, ALERT_INACTIVE, "under again before its time");
        }
        assert_int_equal(s.fired, 0);
        stage_stop(&s);
    }
}

static void over_it_for_its_time_each_fires(void **state)
{
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        struct stage s;
        int64_t hold_ms, begin_ms;

        stage_start(&s, &rows[i]);
        assert_true(duration_parse(rows[i].hold, &hold_ms, NULL));
        assert_int_equal(s.a->for_ms, hold_ms);
        assert_string_equal(text_str(&s.a->severity), rows[i].severity);
        then(&s, 0, rows[i].under);
        then(&s, 10 * SECOND, rows[i].over);
        begin_ms = s.b->at_ms;
        if (hold_ms) {
            is(&s, ALERT_PENDING, "as soon as it is over");
            assert_true(s.next_ms && s.next_ms <= begin_ms + hold_ms); /* it is looked at */
            then(&s, hold_ms - 1, rows[i].over);
            is(&s, ALERT_PENDING, "a moment before its time");
            assert_int_equal(s.fired, 0);
            then(&s, 1, rows[i].over);
        }
        is(&s, ALERT_FIRING, "at its time");
        assert_int_equal(s.a->fired_ms, begin_ms + hold_ms);
        assert_true(s.a->value.len > 0);
        then(&s, HOUR, rows[i].over);
        is(&s, ALERT_FIRING, "an hour on");
        assert_int_equal(s.fired, 1); /* told once */
        stage_stop(&s);
    }
}

static void well_again_for_long_enough_each_resolves(void **state)
{
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        struct stage s;

        stage_start(&s, &rows[i]);
        stage_fires(&s);
        assert_true(s.a->keep_ms >= MINUTE);
        then(&s, 10 * SECOND, rows[i].under);
        then(&s, s.a->keep_ms - 1, rows[i].under);
        is(&s, ALERT_FIRING, "a moment before it was well for long enough");
        assert_int_equal(s.resolved, 0);
        then(&s, 1, rows[i].under);
        is(&s, ALERT_RESOLVED, "well for long enough");
        assert_int_equal(s.resolved, 1);
        stage_stop(&s);
    }
}

static void without_data(const struct row *row, bool whole)
{
    struct stage s;

    stage_start(&s, row);
    stage_fires(&s);
    for (int i = 0; i < 24; i++) {
        then_nothing(&s, HOUR, whole);
        is(&s, ALERT_FIRING, "without data since it fired");
    }
    assert_int_equal(s.resolved, 0);
    then(&s, 0, row->under); /* and it has to be seen well for as long as ever */
    then(&s, s.a->keep_ms - 1, row->under);
    is(&s, ALERT_FIRING, "data again, not for long enough");
    stage_stop(&s);

    stage_start(&s, row);
    then(&s, 0, row->under);
    then_nothing(&s, 10 * SECOND, whole);
    then_nothing(&s, s.no_data_ms - 1, whole);
    is(&s, ALERT_INACTIVE, "a moment before it has no data");
    for (int i = 0; i < 24; i++) {
        then_nothing(&s, i ? HOUR : 1, whole);
        is(&s, ALERT_NO_DATA, "without data");
        assert_true(s.a->note.len > 0); /* why */
    }
    assert_int_equal(s.fired, 0);
    then(&s, 0, row->under);
    is(&s, ALERT_INACTIVE, "data again");
    stage_stop(&s);
}

static void no_data_neither_fires_nor_resolves_any(void **state)
{
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        without_data(&rows[i], false);
        without_data(&rows[i], true);
    }
}

/* ---- all of them ---- */

static size_t times(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        n++;
    return n;
}

static void no_alert_is_without_its_rows(void **state)
{
    (void)state;
    for (int i = 0; i < PROFILES; i++) {
        assert_true(configs[i]->severities.n > 0); /* in the team's own words */
        for (size_t k = 0; k < configs[i]->n_alerts; k++) {
            const struct config_alert *a = &configs[i]->alerts[k];
            size_t n = 0;

            for (int r = 0; r < ROWS; r++)
                n += strcmp(rows[r].profile, profiles[i]) == 0 && strcmp(rows[r].alert, a->id) == 0;
            if (n < 1 + times(a->when, " or "))
                fail_msg("%s %s: %zu rows for '%s'", profiles[i], a->id, n, a->when);
            if (a->recover)
                fail_msg("%s %s: just under its limit is not well yet: the row needs a third word",
                         profiles[i], a->id);
        }
    }
}

static void a_system_that_is_well_has_none(void **state)
{
    (void)state;
    for (int i = 0; i < PROFILES; i++) {
        const struct row row = { .profile = profiles[i], .alert = configs[i]->alerts[0].id };
        struct stage s;

        stage_start(&s, &row);
        for (int t = 0; t < 60; t++)
            then(&s, MINUTE, "");
        for (size_t k = 0; k < s.b->n_alerts; k++) {
            s.a = &s.b->alerts[k];
            is(&s, ALERT_INACTIVE, text_str(&s.a->id));
        }
        stage_stop(&s);
    }
}

/* ---- who is to blame ---- */

static void these_are_down(struct stage *s, const char *const *services, const char *words)
{
    struct move m;

    s->b->at_ms += 10 * SECOND;
    all_readings(s->b, STATE_UP, 0);
    for (; *services; services++)
        s->b->services[board_find(s->b, *services)].state = STATE_DOWN;
    while (move_next(&words, &m))
        move_make(s->b, &m);
    judge_now(s);
}

/* NM-2: the database has an alert of its own, and that is the one to look at. */
static void neurmatics_database_explains_its_api(void **state)
{
    static const struct row row = { .profile = "neurmatic", .alert = "unhealthy" };
    const char *const down[] = { "postgres", "backend-1", "backend-2", "api", NULL };
    struct stage s;
    const struct alert *db;

    (void)state;
    stage_start(&s, &row);
    db = &s.b->alerts[board_find_alert(s.b, "db-down")];
    these_are_down(&s, down, "postgres.ping is down, api.health is down");
    assert_true(alert_is_root(db));
    assert_int_equal(s.a->state, ALERT_FIRING);
    assert_int_equal(s.a->affected_by, board_find(s.b, "postgres"));
    stage_stop(&s);
}

/* RMU-2: Redis has none, so the one of the API behind it is what somebody is told. */
static void ratemyunits_redis_hides_no_alert(void **state)
{
    static const struct row row = { .profile = "ratemyunit", .alert = "health" };
    const char *const down[] = { "redis", "api", NULL };
    struct stage s;

    (void)state;
    stage_start(&s, &row);
    these_are_down(&s, down, "redis.ping is down, api.health is down");
    assert_int_equal(s.b->services[s.a->service].affected_by, board_find(s.b, "redis"));
    assert_true(alert_is_root(s.a));
    stage_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(just_under_its_limit_none_fires),
        cmocka_unit_test(over_it_for_its_time_each_fires),
        cmocka_unit_test(well_again_for_long_enough_each_resolves),
        cmocka_unit_test(no_data_neither_fires_nor_resolves_any),
        cmocka_unit_test(no_alert_is_without_its_rows),
        cmocka_unit_test(a_system_that_is_well_has_none),
        cmocka_unit_test(neurmatics_database_explains_its_api),
        cmocka_unit_test(ratemyunits_redis_hides_no_alert),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, load, unload);
}
