/* tests/probes/test_backup.c: what facts of backups come to: states, words and numbers. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "probes/backup.h"
#include "tests/cmocka.h"

#include <locale.h>
#include <string.h>

#define HOUR 3600000LL
#define DAY  (24 * HOUR)
/* 2025-01-07 02:30 UTC, in the middle of a dump window from 02:00 to 03:00 */
#define NOW (1736217000000LL)

struct night {
    struct backup_options o;
    struct probe_common common;
    struct backup_facts f;
    struct backup_say say;
    struct report r;
};

static void night_init(struct night *n)
{
    *n = (struct night){ .o = { .size_floor = 50 } };
    option_defaults(probe_common_options, &n->common, UNIT_NONE);
    report_init(&n->r, NOW);
}

static void night_fini(struct night *n)
{
    backup_facts_fini(&n->f);
    backup_say_fini(&n->say);
    report_fini(&n->r);
    option_fini(probe_common_options, &n->common);
}

static struct backup *night_add(struct night *n, int64_t age_ms, double size_bytes)
{
    struct backup *b = backup_facts_add(&n->f);

    BACKUP_SET(b->name, "dump-%zu", n->f.n);
    b->at_ms = n->r.at_ms - age_ms;
    b->size_bytes = size_bytes;
    return b;
}

static void night_days(struct night *n, int days, int64_t first_ms, double size_bytes)
{
    for (int i = 0; i < days; i++)
        night_add(n, first_ms + i * DAY, size_bytes);
}

static void night_judge(struct night *n)
{
    struct err err = { "" };

    if (!backup_check(&n->o, &n->common, &err))
        fail_msg("%s", err.msg);
    backup_facts_sort(&n->f);
    backup_say(&n->o, &n->f, &n->say, &n->r);
    assert_true(n->r.reason.len > 0);
    assert_true((n->r.state == STATE_DOWN) == (n->r.fault == FAULT_BODY));
    assert_true((n->r.state == STATE_DOWN) == n->r.sure);
}

static void says(const struct night *n, enum state state, const char *reason)
{
    if (n->r.state != state || strcmp(text_str(&n->r.reason), reason) != 0)
        fail_msg("%s '%s'\nwanted %s '%s'", state_word(n->r.state), text_str(&n->r.reason),
                 state_word(state), reason);
}

/* The finding of that name: "word: note". */
static void finds(const struct night *n, const char *name, enum state state, const char *words)
{
    char got[600] = "no such finding";

    for (size_t i = 0; i < n->r.n_components; i++) {
        const struct component *c = &n->r.components[i];

        if (!text_is(&c->name, name))
            continue;
        snprintf(got, sizeof got, "%s: %s", text_str(&c->word), text_str(&c->note));
        assert_string_equal(state_word(c->state), state_word(state));
    }
    assert_string_equal(got, words);
}

static void good_backups_are_up_with_numbers(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    n.o.keep = 3;
    night_days(&n, 9, 6 * HOUR, 1000000);
    n.f.list[0].size_bytes = 1012000;
    night_judge(&n);
    says(&n, STATE_UP,
         "last good 6h ago, RPO 26h · 1.0 MB, +1.2% against the median of the last seven");
    assert_true(n.r.values[BACKUP_AGE].value == 6 * 3600);
    assert_true(n.r.values[BACKUP_SIZE].value == 1012000);
    assert_true(fabs(n.r.values[BACKUP_CHANGE].value - 1.2) < 0.001);
    assert_true(n.r.values[BACKUP_KEPT].value == 9);
    assert_true(n.r.values[BACKUP_OLDEST].value == (6 + 8 * 24) * 3600);
    assert_false(n.r.values[BACKUP_WAL].known);
    assert_true(n.common.crit == 26 * 3600); /* the line of the chart */
    finds(&n, "verification", STATE_UP, "none: nobody reads them back here");
    assert_int_equal(n.r.table->rows, 9);
    night_fini(&n);
}

/* No objective is no objective of nothing: it is said, and without any measure of age nothing is
 * green. */
static void an_rpo_that_is_not_set_is_said(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    night_days(&n, 1, 400 * DAY, 1000);
    night_judge(&n);
    says(&n, STATE_UNKNOWN,
         "its age is not judged: neither rpo nor window nor gap is set · last good 1y ago, RPO not "
         "set");
    finds(&n, "RPO", STATE_UP, "not set: last good 1y ago, RPO not set");
    night_fini(&n);

    night_init(&n);
    n.o.gap_ms = 26 * HOUR;
    night_days(&n, 3, 6 * HOUR, 1000);
    night_judge(&n);
    says(&n, STATE_UP,
         "last good 6h ago, RPO not set · 1.0 kB, +0.0% against the median of the 2 before it");
    assert_true(isnan(n.common.crit) && isnan(n.common.warn));
    night_fini(&n);
}

static void none_at_all_is_down(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 24 * HOUR;
    night_judge(&n);
    says(&n, STATE_DOWN, "no backup was found");
    assert_null(n.r.table);
    for (int i = 0; i < BACKUP_SIGNALS; i++)
        assert_true(i == BACKUP_KEPT || !n.r.values[i].known);
    assert_true(n.r.values[BACKUP_KEPT].value == 0);
    night_fini(&n);
}

/* What speaks against the newest one, whoever wrote it: red at once, and the age counts from the
 * one before. */
static void a_newest_one_that_is_no_good_is_down(void **state)
{
    static const struct {
        int64_t age_ms;
        double size;
        const char *why, *reason;
    } newest[] = {
        { HOUR, 0, "", "new: 0 bytes" },
        { HOUR, 400, "", "new: its size is 40% of the median of the last seven" },
        { HOUR, 1000, "truncated gzip", "new: truncated gzip" },
        { -3 * HOUR, 1000, "", "new: its time lies 3h in the future" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof newest / sizeof *newest; i++) {
        struct night n;
        struct backup *b;

        night_init(&n);
        n.o.rpo_ms = 48 * HOUR;
        night_days(&n, 8, 25 * HOUR, 1000);
        b = night_add(&n, newest[i].age_ms, newest[i].size);
        BACKUP_SET(b->name, "new");
        BACKUP_SET(b->why, "%s", newest[i].why);
        night_judge(&n);
        assert_int_equal(n.r.state, STATE_DOWN);
        if (!strstr(text_str(&n.r.reason), newest[i].reason))
            fail_msg("%s", text_str(&n.r.reason));
        assert_non_null(strstr(text_str(&n.r.reason), "last good 25h ago, RPO 48h"));
        assert_true(n.r.values[BACKUP_AGE].value == 25 * 3600);
        assert_true(n.r.values[BACKUP_KEPT].value == 8);
        night_fini(&n);
    }
}

/* A size that stays small is no accident for ever; another type has other sizes. */
static void sizes_are_compared_with_their_like(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 48 * HOUR;
    night_days(&n, 5, HOUR, 300);
    for (int i = 5; i < 12; i++)
        night_add(&n, HOUR + i * DAY, 1000);
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_UP);
    night_fini(&n);

    night_init(&n);
    n.o.rpo_ms = 48 * HOUR;
    night_add(&n, HOUR, 10)->type = BACKUP_INCR;
    for (int i = 1; i < 8; i++)
        night_add(&n, HOUR + i * DAY, 1000)->type = BACKUP_FULL;
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_UP);
    assert_false(n.r.values[BACKUP_CHANGE].known);
    night_fini(&n);
}

/* NM-5: a daily dump has no slack against an RPO of a day: amber until the end of the window. */
static void older_than_the_rpo_is_amber_in_the_window(void **state)
{
    char window[] = "02:00-03:00";
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 24 * HOUR;
    n.o.window = window;
    night_days(&n, 3, 24 * HOUR + HOUR / 2, 1000); /* 02:00 of yesterday */
    night_judge(&n);
    says(&n, STATE_DEGRADED, "dump window until 03:00Z: last good 24h30m ago, RPO 24h");
    assert_true(n.common.warn == 24 * 3600 && isnan(n.common.crit));

    report_clear(&n.r, NOW + HOUR / 2); /* 03:00 */
    n.common.warn = NAN;
    night_judge(&n);
    says(&n, STATE_DOWN,
         "RPO missed: last good 25h ago, RPO 24h · missed: no good one since 02:00Z, due by "
         "03:00Z");

    report_clear(&n.r, NOW + HOUR / 2); /* a dump came */
    night_add(&n, HOUR, 1000);
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_UP);
    night_fini(&n);
}

static void what_is_being_verified_is_neither(void **state)
{
    struct night n;
    struct backup *b;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    b = night_add(&n, HOUR, 1000);
    b->pending = true;
    BACKUP_SET(b->how, "gzip -t runs");
    night_judge(&n);
    says(&n, STATE_UNKNOWN, "dump-1: gzip -t runs · none is proven good yet, RPO 26h");
    assert_false(n.r.values[BACKUP_AGE].known);
    night_add(&n, 25 * HOUR, 1000);
    report_clear(&n.r, NOW);
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_UP);
    assert_true(n.r.values[BACKUP_AGE].value == 25 * 3600);
    finds(&n, "newest", STATE_UP, "not known: dump-1: gzip -t runs");
    night_fini(&n);
}

/* "The last seven" are seven, and "nothing before it" is nothing. */
static void what_a_size_is_held_against_is_said(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    night_days(&n, 2, HOUR, 1000);
    n.f.list[0].size_bytes = 1100;
    night_judge(&n);
    finds(&n, "size", STATE_UP, "+10.0%: 1.1 kB, +10.0% against the one before it");
    n.f.list[0].size_bytes = 499;
    report_clear(&n.r, NOW);
    night_judge(&n);
    finds(&n, "newest", STATE_DOWN, "no good: dump-1: its size is 49% of the one before it");
    night_fini(&n);

    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    night_days(&n, 2, HOUR, 1000);
    n.f.list[1].size_bytes = NAN;
    night_judge(&n);
    finds(&n, "size", STATE_UP, "alone: 1.0 kB, no other size of its type to compare with");
    night_fini(&n);
}

/* What is still being looked at excuses the night that it is of, and no other; and what nobody
 * could look into is not kept. */
static void what_is_not_known_excuses_little(void **state)
{
    char window[] = "02:00-03:00";
    struct night n;

    (void)state;
    night_init(&n);
    n.o.window = window;
    night_days(&n, 3, 26 * HOUR, 1000);
    night_add(&n, 400 * HOUR, 1000)->pending = true;
    report_clear(&n.r, NOW + 2 * HOUR);
    night_judge(&n);
    finds(&n, "schedule", STATE_DOWN, "missed: missed: no good one since 02:00Z, due by 03:00Z");
    night_add(&n, 2 * HOUR, 1000)->pending = true;
    report_clear(&n.r, NOW + 2 * HOUR);
    night_judge(&n);
    finds(&n, "schedule", STATE_DEGRADED,
          "missed: missed: no good one since 02:00Z, due by 03:00Z");
    night_fini(&n);

    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    n.o.keep = 4;
    night_days(&n, 3, 25 * HOUR, 1000);
    night_add(&n, HOUR, 1000)->pending = true; /* the newest: it will be */
    night_judge(&n);
    finds(&n, "retention", STATE_UP, "3 kept: oldest 3d");
    n.o.keep = 5;
    night_add(&n, 100 * HOUR, 1000)->pending = true;
    report_clear(&n.r, NOW);
    night_judge(&n);
    finds(&n, "retention", STATE_UNKNOWN, "3 kept: 3 good of 5 to keep, 2 not known");
    n.o.keep = 6;
    report_clear(&n.r, NOW);
    night_judge(&n);
    finds(&n, "retention", STATE_DEGRADED, "3 kept: 3 good of 6 to keep, 2 not known");
    night_fini(&n);
}

/* Two machines' clocks are never the same. */
static void a_second_before_the_window_is_in_it(void **state)
{
    char window[] = "02:00-03:00";
    struct night n;

    (void)state;
    night_init(&n);
    n.o.window = window;
    night_add(&n, HOUR / 2 + 2000, 1000); /* 01:59:58 */
    report_clear(&n.r, NOW + 2 * HOUR);
    night_judge(&n);
    finds(&n, "schedule", STATE_UP, "kept: daily, 02:00Z-03:00Z");
    night_fini(&n);
}

/* A source that lists one twice has one. */
static void the_same_twice_is_one(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    n.o.keep = 3;
    night_days(&n, 2, HOUR, 1000);
    for (int i = 0; i < 2; i++) {
        struct backup *again = night_add(&n, HOUR + i * DAY, 1000);

        BACKUP_SET(again->name, "%s", n.f.list[i].name);
    }
    night_judge(&n);
    says(&n, STATE_DEGRADED, "2 good of 3 to keep · last good 1h ago, RPO 26h");
    assert_int_equal(n.f.total, 2);
    night_fini(&n);
}

static void no_time_at_all_is_no_age(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    night_add(&n, NOW, 1000);
    night_judge(&n);
    finds(&n, "retention", STATE_UP, "0 kept: no time is told, 1 no good");
    night_fini(&n);
}

static void retention_gaps_and_plan_are_told(void **state)
{
    char local[] = "local", glacier[] = "glacier", month[] = "30d", year[] = "365d";
    char *tier_names[] = { local, glacier }, *tiers[] = { month, year };
    struct night n;

    (void)state;
    night_init(&n);
    n.o.gap_ms = 26 * HOUR;
    n.o.keep = 7;
    n.o.delete_after_ms = 30 * DAY;
    n.o.tiers = (struct strmap){ .keys = tier_names, .values = tiers, .n = 2 };
    night_days(&n, 3, HOUR, 1000);
    night_add(&n, 9 * DAY, 1000);
    night_judge(&n);
    says(&n, STATE_DEGRADED, "4 good of 7 to keep, 1 gap · last good 1h ago, RPO not set");
    finds(&n, "plan", STATE_DEGRADED,
          "contradicts itself: local 30d, glacier 365d, deleted after 30d; oldest found 9d");

    n.o.keep = 4; /* the plan on paper makes nothing amber by itself */
    report_clear(&n.r, NOW);
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_UP);

    report_clear(&n.r, NOW); /* but one that was not deleted does */
    night_add(&n, 40 * DAY, 1000);
    night_judge(&n);
    says(&n, STATE_DEGRADED,
         "oldest is 40d old, deleted after 30d · last good 1h ago, RPO not set");
    night_fini(&n);
}

static void wal_moves_what_can_be_recovered(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = HOUR;
    n.o.gap_ms = 26 * HOUR;
    night_days(&n, 3, 20 * HOUR, 1000);
    n.f.wal.told = true;
    n.f.wal.at_ms = NOW - 60000;
    BACKUP_SET(n.f.wal.how, "segment 2A");
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_UP);
    finds(&n, "RPO", STATE_UP, "met: recoverable up to 1m ago, RPO 1h");
    assert_true(n.r.values[BACKUP_AGE].value == 60);

    n.f.wal.at_ms = 0; /* whole, and not told up to when */
    n.f.wal.awaited = true;
    report_clear(&n.r, NOW);
    night_judge(&n);
    says(&n, STATE_UNKNOWN,
         "RPO 1h: last good 20h ago, up to when its WAL reaches shows with the next segment");
    BACKUP_SET(n.f.wal.why, "archive_command fails since 2h");
    report_clear(&n.r, NOW);
    night_judge(&n);
    says(&n, STATE_DOWN, "RPO missed: last good 20h ago, RPO 1h · archive_command fails since 2h");
    night_fini(&n);
}

static void verification_has_an_age(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    n.o.verified_within_ms = 31 * DAY;
    night_days(&n, 3, HOUR, 1000);
    night_judge(&n);
    says(&n, STATE_DEGRADED, "none was verified · last good 1h ago, RPO 26h");
    n.f.verified.verdict = BACKUP_VERIFIED;
    n.f.verified.at_ms = NOW - 40 * DAY;
    BACKUP_SET(n.f.verified.how, "restored in staging");
    report_clear(&n.r, NOW);
    night_judge(&n);
    says(&n, STATE_DEGRADED,
         "last 40d ago, wanted every 31d: restored in staging · last good 1h ago, RPO 26h");
    n.f.verified.at_ms = NOW - 30 * DAY;
    report_clear(&n.r, NOW);
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_UP);
    finds(&n, "verification", STATE_UP, "good: restored in staging, 30d ago");
    night_fini(&n);
}

/* One that runs excuses a while, and not for ever. */
static void one_that_runs_is_amber_for_a_while(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 24 * HOUR;
    night_days(&n, 3, 25 * HOUR, 1000);
    n.f.running = true;
    night_judge(&n);
    says(&n, STATE_DEGRADED, "one is running: last good 25h ago, RPO 24h");
    report_clear(&n.r, NOW + 30 * HOUR);
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_DOWN);
    night_fini(&n);
}

/* WAL without any backup to replay it on recovers nothing. */
static void wal_alone_recovers_nothing(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = HOUR;
    n.f.wal.told = true;
    n.f.wal.at_ms = NOW;
    night_judge(&n);
    assert_int_equal(n.r.state, STATE_DOWN);
    assert_false(n.r.values[BACKUP_AGE].known);
    night_fini(&n);

    night_init(&n); /* unless the source knows of nothing else */
    n.o.rpo_ms = HOUR;
    n.f.wal.told = n.f.wal.only = true;
    n.f.wal.at_ms = NOW - 60000;
    night_judge(&n);
    says(&n, STATE_UP, "recoverable up to 1m ago, RPO 1h");
    night_fini(&n);
}

static void what_the_source_says_counts(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    night_days(&n, 3, HOUR, 1000);
    backup_contradict(&n.f, "the list has %d, the folder %d", 3, 2);
    night_judge(&n);
    says(&n, STATE_DEGRADED, "the list has 3, the folder 2 · last good 1h ago, RPO 26h");
    assert_true(n.r.disagree);
    report_clear(&n.r, NOW);
    BACKUP_SET(n.f.wrong, "no valid backups");
    night_judge(&n);
    says(&n, STATE_DOWN, "no valid backups · last good 1h ago, RPO 26h");
    report_clear(&n.r, NOW);
    n.f.wrong[0] = '\0';
    n.f.n_contradictions = 0;
    n.f.verified.verdict = BACKUP_VERIFY_FAILED;
    n.f.verified.at_ms = NOW - HOUR;
    BACKUP_SET(n.f.verified.how, "check: pack damaged");
    night_judge(&n);
    says(&n, STATE_DOWN, "check: pack damaged, 1h ago · last good 1h ago, RPO 26h");
    night_fini(&n);
}

/* A folder of a hundred thousand: the newest are kept, all are counted. */
static void very_many_are_bounded(void **state)
{
    struct night n;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    for (int i = 100000; i > 0; i--)
        night_add(&n, i * HOUR, 1000);
    night_judge(&n);
    assert_int_equal(n.f.n, BACKUP_MAX);
    assert_int_equal(n.f.total, 100000);
    assert_true(n.f.list[0].at_ms == NOW - HOUR && n.f.oldest_ms == NOW - 100000 * HOUR);
    assert_int_equal(n.r.table->rows, TABLE_ROWS);
    assert_true(n.r.table->cut);
    night_fini(&n);
}

/* Names are a stranger's bytes. */
static void nothing_raw_comes_through(void **state)
{
    struct night n;
    struct backup *b;

    (void)state;
    night_init(&n);
    n.o.rpo_ms = 26 * HOUR;
    b = night_add(&n, HOUR, 0);
    BACKUP_SET(b->name, "\x1b[2Jdump\xff\n.gz");
    night_judge(&n);
    for (size_t i = 0; i < n.r.n_components; i++)
        assert_null(strchr(text_str(&n.r.components[i].note), '\x1b'));
    assert_null(strchr(text_str(&n.r.reason), '\x1b'));
    assert_null(strchr(text_str(&n.r.table->cells[BACKUP_COLUMNS]), '\x1b'));
    night_fini(&n);
}

static void options_that_say_nothing_are_refused(void **state)
{
    static const struct {
        char window[16];
        int64_t gap_ms;
        const char *why;
        int keep;
        int64_t delete_after_ms;
    } wrong[] = {
        { "2:00-3:00", 0, "window: '2:00-3:00' is no time of day; write 02:00-03:00, in UTC" },
        { "02:00-02:00", 0, "is no time of day" },
        { "24:00-25:00", 0, "is no time of day" },
        { "02:00-03:00", HOUR, "gap: a window says when the next is due; one of them" },
        { "02:00-03:00", 0, "keep: of a daily one no more than 8 are there when delete_after is 7d",
          9, 7 * DAY },
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct backup_options o = { .window = (char *)wrong[i].window,
                                    .gap_ms = wrong[i].gap_ms,
                                    .keep = wrong[i].keep,
                                    .delete_after_ms = wrong[i].delete_after_ms };
        struct probe_common common = { .warn = NAN, .crit = NAN };
        struct err err = { "" };

        assert_false(backup_check(&o, &common, &err));
        assert_non_null(strstr(err.msg, wrong[i].why));
    }
}

static void a_tier_is_a_duration(void **state)
{
    char local[] = "local", bare[] = "30", *key = local, *value = bare;
    struct backup_options o = { .tiers = { .keys = &key, .values = &value, .n = 1 } };
    struct probe_common common = { .warn = NAN, .crit = NAN };
    struct err err = { "" };

    (void)state;
    assert_false(backup_check(&o, &common, &err));
    assert_non_null(strstr(err.msg, "tiers: local: '30' has no unit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_backups_are_up_with_numbers),
        cmocka_unit_test(an_rpo_that_is_not_set_is_said),
        cmocka_unit_test(none_at_all_is_down),
        cmocka_unit_test(a_newest_one_that_is_no_good_is_down),
        cmocka_unit_test(sizes_are_compared_with_their_like),
        cmocka_unit_test(older_than_the_rpo_is_amber_in_the_window),
        cmocka_unit_test(what_is_being_verified_is_neither),
        cmocka_unit_test(what_a_size_is_held_against_is_said),
        cmocka_unit_test(what_is_not_known_excuses_little),
        cmocka_unit_test(a_second_before_the_window_is_in_it),
        cmocka_unit_test(the_same_twice_is_one),
        cmocka_unit_test(no_time_at_all_is_no_age),
        cmocka_unit_test(retention_gaps_and_plan_are_told),
        cmocka_unit_test(wal_moves_what_can_be_recovered),
        cmocka_unit_test(verification_has_an_age),
        cmocka_unit_test(one_that_runs_is_amber_for_a_while),
        cmocka_unit_test(wal_alone_recovers_nothing),
        cmocka_unit_test(what_the_source_says_counts),
        cmocka_unit_test(very_many_are_bounded),
        cmocka_unit_test(nothing_raw_comes_through),
        cmocka_unit_test(options_that_say_nothing_are_refused),
        cmocka_unit_test(a_tier_is_a_duration),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
