/* tests/app/test_scenarios.c: RMU-2, RMU-3, RMU-4, NM-1, NM-2, NM-3 and NM-5 with the shipped
 * profiles on a virtual clock: states, reasons, alerts and times as the scenarios say them,
 * whatever point of the probes' slots the fault meets.
 *
 * Paging, restart and record belong to later pieces: the fix is made in the scripted world.
 */
#include "tests/app/world.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, STEPS = 20, STEP_MS = 530 };

static enum state verdict(const struct world *w)
{
    return watch_board(w->watch)->verdict.state;
}

static void all_is_well(struct world *w)
{
    const struct board *b = watch_board(w->watch);

    for (size_t i = 0; i < b->n_services; i++) {
        for (size_t k = 0; k < b->services[i].n_readings; k++) {
            const struct reading *r = &b->services[i].readings[k];

            if (r->state != STATE_UP)
                fail_msg("%s.%s is %s: %s", text_str(&b->services[i].id), text_str(&r->name),
                         state_word(r->state), text_str(&r->reason));
        }
    }
    assert_int_equal(verdict(w), STATE_UP);
}

/* Runs until the reading is in `state` or `limit_ms` passed; returns how long it took. */
static int64_t until(struct world *w, const struct reading *r, enum state state, int64_t limit_ms)
{
    int64_t t = 0;

    while (r->state != state && t <= limit_ms) {
        io_advance(w->io, 50);
        t += 50;
    }
    if (t > limit_ms)
        fail_msg("%s is not %s after %lld ms but %s: %s", text_str(&r->name), state_word(state),
                 (long long)limit_ms, state_word(r->state), text_str(&r->reason));
    io_advance(w->io, 20); /* answers that come together are judged together */
    return t;
}

static void alert_is(const struct world *w, const char *id, enum alert_state state)
{
    const struct alert *a = world_alert(w, id);

    if (a->state != state)
        fail_msg("%s is %s and not %s: '%s' %s", id, alert_state_word(a->state),
                 alert_state_word(state), text_str(&a->value), text_str(&a->note));
}

/* Nothing fires, but for these. */
static void only_these_fire(const struct world *w, const char *const *ids)
{
    const struct board *b = watch_board(w->watch);

    for (size_t i = 0; i < b->n_alerts; i++) {
        size_t k = 0;

        while (ids[k] && !text_is(&b->alerts[i].id, ids[k]))
            k++;
        if ((b->alerts[i].state == ALERT_FIRING) != (ids[k] != NULL))
            fail_msg("%s is %s", text_str(&b->alerts[i].id), alert_state_word(b->alerts[i].state));
    }
}

static const char *const none[] = { NULL };

static void rmu_2_redis_down_is_down(void **state)
{
    (void)state;
    for (int i = 0; i < STEPS; i++) {
        struct world w = { 0 };
        const struct reading *health;
        int64_t t;

        world_start(&w, "ratemyunit", i * STEP_MS);
        all_is_well(&w);
        health = world_reading(&w, "api", "health");
        w.redis_down = true;
        t = until(&w, health, STATE_DEGRADED, 15 * SECOND);
        assert_string_equal(text_str(&health->reason), "failing 1/3: 503: redis: error");
        assert_int_equal(health->http_code, 503);
        only_these_fire(&w, none);
        t += until(&w, health, STATE_DOWN, 35 * SECOND - t);
        assert_true(t > 20 * SECOND); /* three failures, not fewer */
        assert_string_equal(text_str(&health->reason), "503: redis: error");
        alert_is(&w, "health", ALERT_FIRING);
        assert_string_equal(text_str(&world_alert(&w, "health")->severity), "SEV-1");
        io_advance(w.io, 10 * SECOND);
        /* Redis is the root; the API keeps its own state and is counted for it. */
        assert_int_equal(world_service(&w, "redis")->state, STATE_DOWN);
        assert_int_equal(world_service(&w, "api")->state, STATE_DOWN);
        assert_int_equal(world_service(&w, "api")->affected_by,
                         board_find(watch_board(w.watch), "redis"));
        assert_int_equal(verdict(&w), STATE_DOWN);
        assert_string_equal(text_str(&watch_board(w.watch)->verdict.word), "DOWN");
        assert_int_equal(watch_board(w.watch)->verdict.root,
                         board_find(watch_board(w.watch), "redis"));
        /* Redis has no alert: the one of the API is what somebody is told, not a consequence. */
        assert_true(alert_is_root(world_alert(&w, "health")));
        w.redis_down = false;
        io_advance(w.io, 16 * SECOND); /* the longest interval on it, the queue's, and a second */
        all_is_well(&w);
        io_advance(w.io, MINUTE);
        alert_is(&w, "health", ALERT_RESOLVED);
        world_stop(&w);
    }
}

static void rmu_4_200_from_the_wrong_page(void **state)
{
    (void)state;
    for (int i = 0; i < STEPS; i++) {
        struct world w = { 0 };
        const struct reading *health;

        world_start(&w, "ratemyunit", i * STEP_MS);
        health = world_reading(&w, "api", "health");
        w.html_200 = true;
        until(&w, health, STATE_DOWN, 35 * SECOND);
        assert_string_equal(text_str(&health->reason), "body is not the health JSON");
        assert_int_equal(health->http_code, 200);
        assert_int_equal(verdict(&w), STATE_DOWN);
        alert_is(&w, "health", ALERT_FIRING);
        w.html_200 = false;
        io_advance(w.io, 11 * SECOND);
        all_is_well(&w);
        world_stop(&w);
    }
}

static void nm_1_redis_down_is_degraded(bool as_503)
{
    for (int i = 0; i < STEPS; i++) {
        struct world w = { .degraded_as_503 = as_503 };
        const struct reading *redis, *health;
        int64_t t;

        world_start(&w, "neurmatic", i * STEP_MS);
        all_is_well(&w);
        redis = world_reading(&w, "redis", "ping");
        health = world_reading(&w, "api", "health");
        w.redis_down = true;
        t = until(&w, redis, STATE_DOWN, 20 * SECOND);
        until(&w, health, STATE_DEGRADED, 35 * SECOND - t);
        assert_int_equal(verdict(&w), STATE_DEGRADED); /* amber, no page */
        assert_string_equal(text_str(&watch_board(w.watch)->verdict.word), "DEGRADED");
        assert_int_equal(health->http_code, as_503 ? 503 : 200);
        assert_int_equal(health->disagree, as_503);
        io_advance(w.io, 30 * SECOND);
        assert_int_equal(world_reading(&w, "backend-1", "health")->http_code, as_503 ? 503 : 200);
        assert_int_equal(world_reading(&w, "backend-2", "health")->state, STATE_DEGRADED);
        assert_int_equal(verdict(&w), STATE_DEGRADED); /* and it stays so */
        assert_int_equal(watch_board(w.watch)->verdict.root,
                         board_find(watch_board(w.watch), "redis"));
        w.redis_down = false;
        until(&w, redis, STATE_UP, 30 * SECOND);
        until(&w, health, STATE_UP, 30 * SECOND);
        io_advance(w.io, 11 * SECOND);
        all_is_well(&w);
        world_stop(&w);
    }
}

static void nm_1_answered_with_200(void **state)
{
    (void)state;
    nm_1_redis_down_is_degraded(false);
}

static void nm_1_answered_with_503_is_degraded_all_the_same(void **state)
{
    (void)state;
    nm_1_redis_down_is_degraded(true);
}

/* Amber for five minutes is told; Redis, which explains it, has no alert that would. */
static void nm_1_is_told_after_five_minutes(void **state)
{
    static const char *const degraded[] = { "degraded", NULL };

    (void)state;
    for (int i = 0; i < STEPS; i += 4) {
        struct world w = { 0 };

        world_start(&w, "neurmatic", i * STEP_MS);
        only_these_fire(&w, none);
        w.redis_down = true;
        until(&w, world_reading(&w, "api", "health"), STATE_DEGRADED, 35 * SECOND);
        alert_is(&w, "degraded", ALERT_PENDING);
        io_advance(w.io, 5 * MINUTE - SECOND);
        only_these_fire(&w, none);
        io_advance(w.io, SECOND);
        only_these_fire(&w, degraded);
        assert_int_equal(world_service(&w, "api")->affected_by,
                         board_find(watch_board(w.watch), "redis"));
        assert_true(alert_is_root(world_alert(&w, "degraded")));
        w.redis_down = false;
        until(&w, world_reading(&w, "api", "health"), STATE_UP, 35 * SECOND);
        io_advance(w.io, MINUTE - SECOND);
        only_these_fire(&w, degraded);
        io_advance(w.io, SECOND);
        alert_is(&w, "degraded", ALERT_RESOLVED);
        world_stop(&w);
    }
}

/* The public health stays green, for Nginx asks the other one. */
static void nm_3_one_backend_dead_behind_the_balancer(void **state)
{
    static const char *const first[] = { "one-backend-1", NULL };

    (void)state;
    for (int i = 0; i < STEPS; i++) {
        struct world w = { 0 };

        world_start(&w, "neurmatic", i * STEP_MS);
        w.backend_1_down = true;
        until(&w, world_reading(&w, "backend-1", "health"), STATE_DOWN, 25 * SECOND);
        only_these_fire(&w, first);
        assert_true(alert_is_root(world_alert(&w, "one-backend-1")));
        assert_int_equal(world_reading(&w, "api", "health")->state, STATE_UP);
        assert_int_equal(world_alert(&w, "one-backend-1")->service,
                         board_find(watch_board(w.watch), "backend-1"));
        io_advance(w.io, 4 * MINUTE);
        only_these_fire(&w, first);
        w.backend_1_down = false;
        until(&w, world_reading(&w, "backend-1", "health"), STATE_UP, 11 * SECOND);
        io_advance(w.io, MINUTE);
        only_these_fire(&w, none);
        world_stop(&w);
    }
}

static void nm_2_database_down(void **state)
{
    (void)state;
    for (int i = 0; i < STEPS; i++) {
        struct world w = { 0 };
        const struct reading *health;

        world_start(&w, "neurmatic", i * STEP_MS);
        health = world_reading(&w, "api", "health");
        w.db_down = true;
        until(&w, health, STATE_DOWN, 35 * SECOND);
        assert_int_equal(verdict(&w), STATE_DOWN);
        assert_string_equal(text_str(&watch_board(w.watch)->verdict.word), "UNHEALTHY");
        alert_is(&w, "unhealthy", ALERT_FIRING);
        assert_int_equal(world_alert(&w, "unhealthy")->rank, 1);
        /* The console's own session confirms it independently of the application. */
        until(&w, world_reading(&w, "postgres", "ping"), STATE_DOWN, 50 * SECOND);
        assert_string_equal(text_str(&world_reading(&w, "postgres", "ping")->reason), "refused");
        alert_is(&w, "db-down", ALERT_FIRING);
        io_advance(w.io, 30 * SECOND);
        assert_true(alert_is_root(world_alert(&w, "db-down")));
        assert_int_equal(world_alert(&w, "unhealthy")->affected_by,
                         board_find(watch_board(w.watch), "postgres"));
        assert_int_equal(watch_board(w.watch)->verdict.root,
                         board_find(watch_board(w.watch), "postgres"));
        w.db_down = false;
        io_advance(w.io, 31 * SECOND);
        all_is_well(&w);
        assert_string_equal(text_str(&watch_board(w.watch)->verdict.word), "HEALTHY");
        io_advance(w.io, MINUTE);
        alert_is(&w, "unhealthy", ALERT_RESOLVED);
        alert_is(&w, "db-down", ALERT_RESOLVED);
        world_stop(&w);
    }
}

/* Until the text stands in a reading's reason. */
static void says(struct world *w, const struct reading *r, const char *words, int64_t limit_ms)
{
    for (int64_t t = 0; !strstr(text_str(&r->reason), words); t += 1000) {
        if (t > limit_ms)
            fail_msg("'%s' is not said but '%s'", words, text_str(&r->reason));
        io_advance(w->io, 1000);
    }
}

/* A restart told as what it is while it lasts: the words of the one that goes, then nobody there,
 * then well again. What it was done by, and how long it may take, belongs to actions. */
static void rmu_3_a_restart_says_so(void **state)
{
    (void)state;
    for (int i = 0; i < STEPS; i++) {
        struct world w = { 0 };
        const struct reading *health;

        world_start(&w, "ratemyunit", i * STEP_MS);
        health = world_reading(&w, "api", "health");
        all_is_well(&w);
        w.shutting_down = true;
        until(&w, health, STATE_DEGRADED, 11 * SECOND);
        says(&w, health, "failing 1/3: 503: error: Server is shutting down", 0);
        only_these_fire(&w, none); /* a restart that is done by then is nobody's page */
        until(&w, health, STATE_DOWN, 24 * SECOND); /* 40 s are longer than three failures */
        says(&w, health, "Server is shutting down", 0);
        alert_is(&w, "health", ALERT_FIRING); /* until an action says what it is */
        assert_int_equal(world_service(&w, "db")->state, STATE_UP);
        w.shutting_down = false;
        w.away = true;
        says(&w, health, "refused", 11 * SECOND);
        w.away = false;
        until(&w, health, STATE_UP, 11 * SECOND);
        io_advance(w.io, MINUTE - SECOND);
        alert_is(&w, "health", ALERT_FIRING);
        io_advance(w.io, 2 * SECOND);
        all_is_well(&w);
        alert_is(&w, "health", ALERT_RESOLVED);
        assert_int_equal(world_alert(&w, "health")->fired_n, 1);
        world_stop(&w);
    }
}

/* The night's dump does not come: amber until the end of its window, then missed and beyond the
 * RPO; made by hand it is read back before it is green. One that is corrupt counts for nothing. */
static void nm_5_missed_backup(void **state)
{
    static const char *const missed[] = { "backup-missed", "rpo", NULL };

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct world w = { 0 };
        const struct reading *local, *name;

        world_start(&w, "neurmatic", i * STEP_MS);
        local = world_reading(&w, "backup", "local");
        name = world_reading(&w, "backup", "newest is in S3");
        io_advance(w.io, 5 * MINUTE);
        all_is_well(&w);
        assert_true(strstr(text_str(&local->reason), "RPO 24h") != NULL);

        world_dump(&w, 0, false); /* backup_missed */
        io_advance(w.io, 20 * MINUTE);
        assert_int_equal(local->state, STATE_DEGRADED);
        says(&w, local, "dump window until 03:00Z: last good 24h", 0);
        assert_int_equal(verdict(&w), STATE_DEGRADED);

        io_advance(w.io, 25 * MINUTE); /* before 03:00 */
        assert_int_equal(local->state, STATE_DEGRADED);
        only_these_fire(&w, none);
        until(&w, local, STATE_DOWN, 15 * MINUTE);
        only_these_fire(&w, missed);
        says(&w, local, "RPO missed: last good 25h", 0);
        says(&w, local, "missed: no good one since 02:00Z, due by 03:00Z", 0);

        world_dump(&w, 0, true); /* backup-now, and it was not uploaded */
        w.s3_missing = true;
        until(&w, local, STATE_UP, 6 * MINUTE);
        io_advance(w.io, MINUTE);
        only_these_fire(&w, none);
        until(&w, name, STATE_DOWN, 6 * MINUTE);
        says(&w, name, "the newest dump is not in the bucket", 0);
        assert_int_not_equal(verdict(&w), STATE_UP);
        w.s3_missing = false;
        until(&w, name, STATE_UP, 6 * MINUTE);
        assert_int_equal(local->state, STATE_UP);
        assert_true(strstr(text_str(&local->table.cells[local->table.cols * 2 - 1]),
                           "gzip -dc and the last line good") != NULL);
        world_stop(&w);
    }
}

static void nm_5_a_corrupt_one_counts_for_nothing(void **state)
{
    struct world w = { .newest_corrupt = true };
    const struct reading *local;

    (void)state;
    world_start(&w, "neurmatic", 0);
    local = world_reading(&w, "backup", "local");
    until(&w, local, STATE_DOWN, 6 * MINUTE);
    says(&w, local, "neurmatic_20260129_020000.sql.gz: gzip -dc says no", 0);
    says(&w, local, "last good 24h", 0); /* of the one before, which was read back well */
    assert_true(local->signals[0].known && local->signals[0].value >= 24 * 3600);
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rmu_2_redis_down_is_down),
        cmocka_unit_test(rmu_3_a_restart_says_so),
        cmocka_unit_test(rmu_4_200_from_the_wrong_page),
        cmocka_unit_test(nm_1_answered_with_200),
        cmocka_unit_test(nm_1_answered_with_503_is_degraded_all_the_same),
        cmocka_unit_test(nm_1_is_told_after_five_minutes),
        cmocka_unit_test(nm_2_database_down),
        cmocka_unit_test(nm_3_one_backend_dead_behind_the_balancer),
        cmocka_unit_test(nm_5_missed_backup),
        cmocka_unit_test(nm_5_a_corrupt_one_counts_for_nothing),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
