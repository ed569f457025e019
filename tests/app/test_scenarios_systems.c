/* tests/app/test_scenarios_systems.c: RF-2, RF-4, RF-5, CM-3, CM-4 and HF-1 to HF-3 with the
 * shipped profiles on a virtual clock: what a script of the system says, and what the board and its
 * alerts make of it in which time.
 *
 * Paging, actions and records belong to later pieces: the fix is made in the script.
 */
#include "app/config.h"
#include "app/watch.h"
#include "io/fake.h"

#include "tests/cmocka.h"

#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, T0_S = 1769652000 /* 2026-01-29T02:00:00Z */ };
enum { GROUPS = 3, WEATHER = 2, READS_S = 3, ARRIVE_MIN = 14, SERVE_MIN = 40 };

static const char *const groups[GROUPS] = { "products", "recommendations", "weather" };

struct stage {
    struct io *io;
    struct watch *watch;
    struct secrets *secrets;
    bool api_refused, api_limited, workers_stopped;
    double miss[GROUPS];                 /* shares */
    double hits[GROUPS], misses[GROUPS]; /* of this process of Redis */
    double arrived, served;              /* jobs, ever */
    int64_t born_ms, counted_ms;
    int process; /* of Redis */
    int slow_ms; /* what an answer takes; 0 = as ever */
    /* the log: requests, which of them fail, what they take with a model and without */
    double per_s, errors, model_ms, other_ms;
    double owed, wrong; /* parts of a line and of an error that are due */
    int64_t lines;
    FILE *log;
    char body[2048], folder[64];
};

/* What happened since it was last asked. */
static void stage_count(struct stage *s)
{
    int64_t now_ms = io_now_ms(s->io);
    double dt_s = (double)(now_ms - s->counted_ms) / 1000;

    s->counted_ms = now_ms;
    for (int g = 0; g < GROUPS; g++) {
        s->hits[g] += dt_s * READS_S * (1 - s->miss[g]);
        s->misses[g] += dt_s * READS_S * s->miss[g];
    }
    s->arrived += dt_s * ARRIVE_MIN / 60;
    if (!s->workers_stopped)
        s->served = fmin(s->arrived, s->served + dt_s * SERVE_MIN / 60);
}

static void stage_redis_restarts(struct stage *s)
{
    stage_count(s);
    memset(s->hits, 0, sizeof s->hits);
    memset(s->misses, 0, sizeof s->misses);
    s->born_ms = s->counted_ms;
    s->process++;
}

static void stage_bulk(struct stage *s, const char *text)
{
    snprintf(s->body, sizeof s->body, "$%zu\r\n%s\r\n", strlen(text), text);
}

static void stage_info(struct stage *s)
{
    char text[600];
    double hits = 0, misses = 0;

    for (int g = 0; g < GROUPS; g++) {
        hits += s->hits[g];
        misses += s->misses[g];
    }
    snprintf(text, sizeof text,
             "run_id:process%d\r\nuptime_in_seconds:%lld\r\nused_memory:1000000\r\n"
             "maxmemory:268435456\r\nkeyspace_hits:%.0f\r\nkeyspace_misses:%.0f\r\n",
             s->process, (long long)(s->counted_ms - s->born_ms) / 1000, floor(hits),
             floor(misses));
    stage_bulk(s, text);
}

/* misses and hits of the group, in the order of the profile */
static void stage_hash(struct stage *s, const char *key)
{
    for (int g = 0; g < GROUPS; g++) {
        char misses[32], hits[32];

        if (!strstr(key, groups[g]))
            continue;
        snprintf(misses, sizeof misses, "%.0f", floor(s->misses[g]));
        snprintf(hits, sizeof hits, "%.0f", floor(s->hits[g]));
        snprintf(s->body, sizeof s->body, "*2\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(misses),
                 misses, strlen(hits), hits);
    }
}

/* The job that is next: it arrived when its number did. */
static void stage_head(struct stage *s)
{
    char text[160];
    double at_s = floor(s->served) * 60 / ARRIVE_MIN;

    snprintf(text, sizeof text, "{\"name\":\"job-%.0f\",\"created_at\":%.0f}", floor(s->served),
             T0_S + at_s);
    if (floor(s->arrived) > floor(s->served))
        stage_bulk(s, text);
    else
        snprintf(s->body, sizeof s->body, "$-1\r\n");
}

static void stage_redis(void *arg, const char *address, int argc, const char *const *argv,
                        struct fake_answer *a)
{
    struct stage *s = arg;

    (void)address;
    stage_count(s);
    a->delay_ms = 2;
    a->body = s->body;
    if (strcasecmp(argv[0], "INFO") == 0)
        stage_info(s);
    else if (strcasecmp(argv[0], "HMGET") == 0)
        stage_hash(s, argv[1]);
    else if (strcasecmp(argv[0], "LINDEX") == 0)
        stage_head(s);
    else if (strcasecmp(argv[0], "LLEN") == 0)
        snprintf(s->body, sizeof s->body, ":%.0f\r\n", floor(s->arrived) - floor(s->served));
    else if (strcasecmp(argv[0], "TYPE") == 0)
        snprintf(s->body, sizeof s->body, "+list\r\n");
    else
        snprintf(s->body, sizeof s->body, "%s\r\n", argc == 1 ? "+PONG" : ":1");
}

static void stage_http(void *arg, const char *method, const char *url, struct fake_answer *a)
{
    struct stage *s = arg;
    bool api = strstr(url, ":18280") != NULL;

    (void)method;
    a->delay_ms = s->slow_ms ? s->slow_ms : 12;
    a->code = 200;
    a->headers = "Content-Type: application/json\r\n";
    a->body = "{\"status\":\"healthy\",\"data\":[]}";
    if (api && s->api_refused) {
        a->fault = FAULT_REFUSED;
        a->why = "refused";
    } else if (api && s->api_limited) {
        a->code = 429;
        a->headers = "Retry-After: 40\r\n";
        a->body = "";
    }
}

static void stage_postgres(void *arg, const char *conninfo, const char *sql, struct fake_answer *a)
{
    static const char *const zero[] = { "0" }, *const one[] = { "1" },
                             *const names[] = { "n", "m", "o" };

    (void)arg;
    (void)conninfo;
    a->delay_ms = 3;
    a->names = names;
    a->cells = strcmp(sql, "SELECT 1") == 0 ? one : zero;
    a->rows = a->cols = 1;
}

/* The dumps dumps of ten days, the newest of this very night. */
static void stage_dumps(struct stage *s, const char *text)
{
    for (int day = 20; day <= 29; day++) {
        char path[128];
        int64_t at_s = T0_S - (29 - day) * 86400;
        struct timespec times[2] = { { at_s, 0 }, { at_s, 0 } };
        int fd;

        snprintf(path, sizeof path, "%s/backup_202601%d.sql", s->folder, day);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        assert_int_equal(futimens(fd, times), 0);
        close(fd);
    }
}

static const char whole_dump[] = "--\n-- PostgreSQL database dump\n--\nCOPY orders FROM stdin;\n"
                                 "\\.\n--\n-- PostgreSQL database dump complete\n--\n\n";

/* ---- the log ---- */

/* Every tenth line is of a model. */
static void stage_log_line(struct stage *s, int64_t at_ms)
{
    bool model = s->lines++ % 10 == 0, bad = (s->wrong += s->errors) >= 1;
    time_t at_s = at_ms / 1000;
    char stamp[32];
    struct tm tm;

    s->wrong -= bad;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", gmtime_r(&at_s, &tm));
    fprintf(s->log,
            "{\"timestamp\":\"%s.%03dZ\",\"level\":\"%s\",\"service\":\"api\",\"duration_ms\":%.0f%"
            "s}\n",
            stamp, (int)(at_ms % 1000), bad ? "ERROR" : "INFO", model ? s->model_ms : s->other_ms,
            model ? ",\"model\":\"gpt-4-turbo\",\"cost_usd\":0.12" : "");
}

/* Time goes by, a second at a time, with its requests. */
static void stage_serve(struct stage *s, int64_t ms)
{
    for (; ms > 0; ms -= SECOND) {
        for (s->owed += s->per_s; s->owed >= 1; s->owed--)
            stage_log_line(s, io_now_ms(s->io));
        fflush(s->log);
        io_advance(s->io, SECOND);
    }
}

static void stage_start(struct stage *s, const char *system, int64_t step_ms)
{
    static struct fake_net net = { .http = stage_http,
                                   .postgres = stage_postgres,
                                   .redis = stage_redis };
    static struct config_errors errors;
    char backups[] = "backups", log[] = "log", path_of_log[96], *keys[] = { log, backups };
    char *values[] = { path_of_log, s->folder };
    struct strmap vars = { keys, values, strcmp(system, "rachelfoods") == 0 ? 2 : 1 };
    struct watch_events none = { 0 };
    struct config *config;
    char path[4096];

    memset(&errors, 0, sizeof errors);
    snprintf(s->folder, sizeof s->folder, "/tmp/midwatch-test-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    stage_dumps(s, whole_dump);
    snprintf(path_of_log, sizeof path_of_log, "%s/api.jsonl", s->folder);
    s->log = fopen(path_of_log, "w");
    assert_non_null(s->log);
    snprintf(path, sizeof path, "%s/examples/%s/midwatch.yaml", getenv("MIDWATCH_SOURCE"), system);
    config = config_load(path, &vars, NULL, &errors);
    if (!config)
        fail_msg("%s", errors.items[0].err.msg);
    s->io = io_new_virtual((int64_t)T0_S * 1000);
    s->counted_ms = s->born_ms = io_now_ms(s->io);
    io_advance(s->io, step_ms);
    net.arg = s;
    io_fake_set(s->io, &net);
    s->secrets = secrets_new();
    s->watch = watch_new(s->io, config, s->secrets, &none);
    watch_start(s->watch);
}

static void stage_stop(struct stage *s)
{
    char command[96];

    watch_free(s->watch);
    io_free(s->io);
    secrets_free(s->secrets);
    fclose(s->log);
    snprintf(command, sizeof command, "rm -r '%s'", s->folder);
    assert_int_equal(system(command), 0);
}

static const struct reading *reading(const struct stage *s, const char *id, const char *probe)
{
    const struct board *b = watch_board(s->watch);
    int at = board_find(b, id);

    for (size_t i = 0; at >= 0 && i < b->services[at].n_readings; i++)
        if (text_is(&b->services[at].readings[i].name, probe))
            return &b->services[at].readings[i];
    fail_msg("no probe %s.%s", id, probe);
    return NULL;
}

static const struct signal *signal_of(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_signals; i++)
        if (text_is(&r->signals[i].name, name))
            return &r->signals[i];
    fail_msg("no signal %s of %s", name, text_str(&r->name));
    return NULL;
}

static const struct alert *alert_of(const struct stage *s, const char *id)
{
    const struct board *b = watch_board(s->watch);
    int at = board_find_alert(b, id);

    if (at < 0)
        fail_msg("no alert %s", id);
    return &b->alerts[at];
}

static void alert_is(const struct stage *s, const char *id, enum alert_state state)
{
    const struct alert *a = alert_of(s, id);

    if (a->state != state)
        fail_msg("%s is %s and not %s: '%s' %s", id, alert_state_word(a->state),
                 alert_state_word(state), text_str(&a->value), text_str(&a->note));
}

/* Of all alerts this one fires (NULL: none does). */
static void only_fires(const struct stage *s, const char *id)
{
    const struct board *b = watch_board(s->watch);

    for (size_t i = 0; i < b->n_alerts; i++)
        if ((b->alerts[i].state == ALERT_FIRING) != (id && text_is(&b->alerts[i].id, id)))
            fail_msg("%s is %s: %s", text_str(&b->alerts[i].id),
                     alert_state_word(b->alerts[i].state), text_str(&b->alerts[i].value));
}

static int64_t until(struct stage *s, const struct reading *r, enum state state, int64_t limit_ms)
{
    int64_t t = 0;

    for (; r->state != state && t <= limit_ms; t += 100)
        io_advance(s->io, 100);
    if (t > limit_ms)
        fail_msg("%s is not %s after %lld ms but %s: %s", text_str(&r->name), state_word(state),
                 (long long)limit_ms, state_word(r->state), text_str(&r->reason));
    io_advance(s->io, 20); /* answers that come together are judged together */
    return t;
}

/* ---- RachelFoods ---- */

static void rf_2_api_down(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct stage s = { 0 };
        const struct reading *health;
        int64_t t;

        stage_start(&s, "rachelfoods", i * 1730);
        io_advance(s.io, 2 * MINUTE);
        health = reading(&s, "api", "health");
        assert_int_equal(health->state, STATE_UP);
        s.api_refused = true;
        t = until(&s, health, STATE_DEGRADED, 40 * SECOND);
        assert_string_equal(text_str(&health->reason), "failing 1/3: refused");
        t += until(&s, health, STATE_DOWN, 100 * SECOND - t);
        assert_true(t > 60 * SECOND); /* three failures, not fewer */
        assert_int_equal(watch_board(s.watch)->verdict.state, STATE_DOWN);
        only_fires(&s, NULL);
        for (; alert_of(&s, "health-failing")->state != ALERT_FIRING; t += 100)
            io_advance(s.io, 100);
        assert_true(t > 2 * MINUTE && t <= 160 * SECOND);
        only_fires(&s, "health-failing");
        s.api_refused = false;
        until(&s, health, STATE_UP, 40 * SECOND);
        stage_stop(&s);
    }
}

/* RF-5: what the API answers to too many questions is nobody's outage. */
static void rf_5_a_429_is_no_outage(void **state)
{
    struct stage s = { 0 };
    const struct reading *health;

    (void)state;
    stage_start(&s, "rachelfoods", 0);
    io_advance(s.io, 2 * MINUTE);
    health = reading(&s, "api", "health");
    s.api_limited = true;
    io_advance(s.io, 5 * MINUTE);
    assert_int_equal(health->state, STATE_UNKNOWN);
    assert_string_equal(text_str(&health->reason), "rate limited by target: 429, asks to wait 40s");
    assert_int_not_equal(watch_board(s.watch)->verdict.state, STATE_DOWN);
    assert_int_not_equal(watch_board(s.watch)->verdict.state, STATE_UP); /* nor is it well */
    s.api_limited = false;
    until(&s, health, STATE_UP, 40 * SECOND);
    stage_stop(&s);
}

static void rf_4_a_backup_that_never_worked(void **state)
{
    struct stage s = { 0 };
    const struct reading *dumps;

    (void)state;
    stage_start(&s, "rachelfoods", 0);
    io_advance(s.io, 6 * MINUTE);
    dumps = reading(&s, "backup", "dumps");
    if (dumps->state != STATE_UP)
        fail_msg("%s: %s", state_word(dumps->state), text_str(&dumps->reason));
    assert_non_null(strstr(text_str(&dumps->reason), "RPO not set"));
    stage_dumps(&s, ""); /* the shell made the files, pg_dump never wrote */
    until(&s, dumps, STATE_DOWN, 5 * MINUTE + 30 * SECOND);
    if (!strstr(text_str(&dumps->reason), "0 bytes"))
        fail_msg("%s", text_str(&dumps->reason));
    stage_dumps(&s, whole_dump);
    until(&s, dumps, STATE_UP, 5 * MINUTE + 30 * SECOND);
    stage_stop(&s);
}

/* ---- the concierge ---- */

/* A share is a share, whatever the counters did. */
static void shares_are_sane(const struct stage *s)
{
    for (int g = 0; g < GROUPS; g++) {
        const struct signal *m = signal_of(reading(s, "cache", groups[g]), "misses");

        if (m->known && !(m->value >= 0 && m->value <= 100))
            fail_msg("%s: %.1f%%", groups[g], m->value);
    }
}

static void cm_4_cache_misses_of_one_group(void **state)
{
    struct stage s = { .miss = { 0.05, 0.05, 0.05 } };
    const struct reading *weather, *products, *hits;
    int64_t t;

    (void)state;
    stage_start(&s, "concierge", 0);
    io_advance(s.io, 15 * MINUTE);
    weather = reading(&s, "cache", "weather");
    products = reading(&s, "cache", "products");
    hits = reading(&s, "redis", "hit rate");
    assert_int_equal(signal_of(weather, "misses")->level, LEVEL_OK);
    s.miss[WEATHER] = 0.45;
    for (t = 0; signal_of(weather, "misses")->level != LEVEL_CRIT && t < 11 * MINUTE; t += SECOND) {
        io_advance(s.io, SECOND);
        shares_are_sane(&s);
    }
    assert_true(t > 5 * MINUTE); /* ten minutes are judged, not the last look */
    assert_int_equal(signal_of(weather, "misses")->level, LEVEL_CRIT);
    assert_int_equal(signal_of(products, "misses")->level, LEVEL_OK);
    assert_int_equal(hits->state, STATE_UP); /* all together: 82 % */
    only_fires(&s, "cache-miss-weather");

    stage_redis_restarts(&s);
    for (t = 0; t < 12 * MINUTE; t += SECOND) {
        io_advance(s.io, SECOND);
        shares_are_sane(&s);
        assert_int_equal(signal_of(products, "misses")->level, LEVEL_OK);
        if (signal_of(hits, "keyspace_hits")->known)
            assert_true(signal_of(hits, "keyspace_hits")->value <= 100);
    }
    assert_int_equal(signal_of(weather, "misses")->level,
                     LEVEL_CRIT); /* the cause is still there */
    s.miss[WEATHER] = 0.02;       /* primed */
    io_advance(s.io, 11 * MINUTE);
    assert_true(signal_of(weather, "misses")->value < 20);
    assert_int_equal(weather->state, STATE_UP);
    alert_is(&s, "cache-miss-weather", ALERT_RESOLVED);
    stage_stop(&s);
}

/* Two in a row; a single one must not suggest a restart. */
static void cm_3_slow_not_down(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct stage s = { 0 };
        const struct reading *health;
        int64_t t;

        stage_start(&s, "concierge", i * 1730);
        io_advance(s.io, 2 * MINUTE);
        health = reading(&s, "api", "health");
        s.slow_ms = 1300;
        until(&s, health, STATE_DEGRADED, 17 * SECOND);
        s.slow_ms = 0;
        io_advance(s.io, 2 * MINUTE);
        assert_int_equal(health->state, STATE_UP);
        assert_int_equal(alert_of(&s, "probe")->fired_ms, 0);

        s.slow_ms = 1300;
        t = until(&s, health, STATE_DEGRADED, 17 * SECOND); /* amber at once */
        assert_int_equal(health->http_code, 200);
        only_fires(&s, NULL);
        for (; alert_of(&s, "probe")->state != ALERT_FIRING && t < 36 * SECOND; t += 100)
            io_advance(s.io, 100);
        only_fires(&s, "probe");
        assert_true(t <= 35 * SECOND);
        assert_int_equal(health->state, STATE_DEGRADED); /* slow, not down */
        s.slow_ms = 0;
        io_advance(s.io, 80 * SECOND);
        alert_is(&s, "probe", ALERT_RESOLVED);
        stage_stop(&s);
    }
}

/* ---- HireFlux ---- */

static const char *trend(const struct reading *r)
{
    return text_str(&signal_of(r, "growth")->note);
}

static void hf_3_workers_stopped(void **state)
{
    struct stage s = { 0 };
    const struct reading *resume;
    bool forecast = false;
    int64_t t;

    (void)state;
    stage_start(&s, "hireflux", 0);
    io_advance(s.io, 6 * MINUTE);
    resume = reading(&s, "workers", "resumes");
    assert_int_equal(resume->state, STATE_UP);
    assert_true(signal_of(resume, "depth")->value <= 1);
    s.workers_stopped = true;
    for (t = 0; !strstr(trend(resume), "growing") && t < 2 * MINUTE; t += SECOND)
        io_advance(s.io, SECOND);
    assert_non_null(strstr(trend(resume), "growing +"));
    t += until(&s, resume, STATE_DEGRADED, 4 * MINUTE - t); /* fifty wait */
    for (; !strstr(text_str(&resume->reason), "stuck") && t < 5 * MINUTE + 20 * SECOND; t += SECOND)
        io_advance(s.io, SECOND);
    if (!strstr(text_str(&resume->reason), "stuck"))
        fail_msg("%s", text_str(&resume->reason));
    assert_true(signal_of(resume, "depth")->value >= 60);
    assert_non_null(strstr(trend(resume), "growing +14/min"));
    only_fires(&s, "queue-stuck");

    s.workers_stopped = false;
    for (t = 0; strstr(text_str(&resume->reason), "stuck") && t < 15 * SECOND; t += SECOND)
        io_advance(s.io, SECOND);
    assert_null(strstr(text_str(&resume->reason), "stuck")); /* one was taken */
    for (t = 0; signal_of(resume, "depth")->value > 0 && t < 10 * MINUTE; t += SECOND) {
        io_advance(s.io, SECOND);
        forecast |= strstr(trend(resume), "drains in ") != NULL;
    }
    assert_true(forecast);
    assert_true(signal_of(resume, "depth")->value == 0);
    assert_int_equal(resume->state, STATE_UP);
    io_advance(s.io, MINUTE);
    alert_is(&s, "queue-stuck", ALERT_RESOLVED);
    stage_stop(&s);
}

/* 5 % of five minutes: 7 % are that before the five minutes are over, and 4.9 % never. */
static void hf_1_error_rate(void **state)
{
    struct stage s = { .per_s = 20, .other_ms = 200, .model_ms = 4500 };
    const struct signal *errors;
    int64_t t;

    (void)state;
    stage_start(&s, "hireflux", 0);
    errors = signal_of(reading(&s, "api", "errors"), "ratio");
    stage_serve(&s, 6 * MINUTE);
    assert_true(errors->known && errors->value == 0);
    s.errors = 0.049;
    stage_serve(&s, 12 * MINUTE);
    assert_true(fabs(errors->value - 4.9) < 0.05);
    assert_int_equal(alert_of(&s, "errors")->fired_ms, 0);

    s.errors = 0;
    stage_serve(&s, 6 * MINUTE);
    s.errors = 0.07;
    for (t = 0; alert_of(&s, "errors")->state != ALERT_FIRING && t < 6 * MINUTE; t += SECOND)
        stage_serve(&s, SECOND);
    only_fires(&s, "errors");
    assert_true(t > 3 * MINUTE && t <= 5 * MINUTE); /* it is judged over them all */
    stage_serve(&s, 5 * MINUTE);
    assert_true(fabs(errors->value - 7) < 0.05);
    assert_non_null(strstr(text_str(&alert_of(&s, "errors")->value), "7.0% (4")); /* of 6 000 */
    assert_string_equal(text_str(&alert_of(&s, "errors")->severity), "page");

    s.errors = 0; /* rolled back */
    stage_serve(&s, 4 * MINUTE);
    alert_is(&s, "errors", ALERT_RESOLVED);
    assert_int_equal(alert_of(&s, "errors")->fired_n, 1);
    stage_stop(&s);
}

static void hf_1_six_requests_are_not_enough(void **state)
{
    struct stage s = { .per_s = 0.02, .errors = 0.17, .other_ms = 200, .model_ms = 4500 };
    const struct alert *a;

    (void)state;
    stage_start(&s, "hireflux", 0);
    stage_serve(&s, 20 * MINUTE);
    a = alert_of(&s, "errors");
    alert_is(&s, "errors", ALERT_NO_DATA);
    /* six, or five where the first of them is just leaving */
    if (!strstr(text_str(&a->note), "not enough data: 6 of 20 lines") &&
        !strstr(text_str(&a->note), "not enough data: 5 of 20 lines"))
        fail_msg("%s", text_str(&a->note));
    assert_int_equal(a->fired_ms, 0);
    stage_stop(&s);
}

/* From all being well; the alert that fires then, or NULL. */
static void hf_2_fires(double other_ms, double model_ms, const char *id)
{
    struct stage s = { .per_s = 5, .other_ms = 200, .model_ms = 4500 };

    stage_start(&s, "hireflux", 0);
    stage_serve(&s, 6 * MINUTE);
    only_fires(&s, NULL);
    s.other_ms = other_ms;
    s.model_ms = model_ms;
    stage_serve(&s, 5 * MINUTE);
    only_fires(&s, id);
    stage_stop(&s);
}

static void hf_2_models_are_slow_by_nature(void **state)
{
    (void)state;
    hf_2_fires(200, 4500, NULL);
    hf_2_fires(200, 7000, "latency-ai");
    hf_2_fires(1400, 4500, "latency");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rf_2_api_down),
        cmocka_unit_test(rf_5_a_429_is_no_outage),
        cmocka_unit_test(rf_4_a_backup_that_never_worked),
        cmocka_unit_test(cm_3_slow_not_down),
        cmocka_unit_test(cm_4_cache_misses_of_one_group),
        cmocka_unit_test(hf_1_error_rate),
        cmocka_unit_test(hf_1_six_requests_are_not_enough),
        cmocka_unit_test(hf_2_models_are_slow_by_nature),
        cmocka_unit_test(hf_3_workers_stopped),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
