/* tests/probes/test_files.c: backups in a real folder: what counts as one, and what reads it back.
 */
#include <locale.h>

#include "probes/files_impl.h"
#include "tests/probes/files_case.h"

/* ---- names ---- */

static void names_tell_a_moment(void **state)
{
    static const struct {
        const char *name;
        int64_t at_s; /* 0 = tells none */
        bool to_the_day;
    } names[] = {
        { "neurmatic_20250106_020000.sql.gz", 1736128800, false },
        { "backup-2025-01-06.sql", 1736121600, true },
        { "db.20250106T0200.dump", 1736128800, false },
        { "db_2025-01-06_02:00:00.gz", 1736128800, false },
        { "db_2025-01-06_02-00-00.gz", 1736128800, false },
        { "dump-v15-20250106.sql", 1736121600, true },
        { "db_20251306.sql", 0, false },
        { "db_120250106.sql", 0, false },
        { "latest.sql.gz", 0, false },
        { "db_2025", 0, false },
        { "", 0, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct files_stamp s = files_stamp(names[i].name, FILES_NAME_UTC);

        if (s.told != (names[i].at_s != 0) || s.at_ms != names[i].at_s * 1000 ||
            (s.told && s.to_the_day != names[i].to_the_day))
            fail_msg("%s: %lld", names[i].name, (long long)s.at_ms);
        assert_false(files_stamp(names[i].name, FILES_NAME_NONE).told);
    }
}

/* Of name and time the earlier counts, and a name of another day is a lie. */
static void a_name_and_a_time_are_held_together(void **state)
{
    static const struct {
        const char *name;
        int64_t mtime_s, at_s;
        bool lies;
    } cases[] = {
        { "db_20250106_020000.gz", 1736128800 + 1200, 1736128800, false }, /* began, ended */
        { "db_20250106_020000.gz", 1736128800 + 86400 * 2, 0, true },
        { "db_20250106_020000.gz", 1736128800 - 86400, 0, true },
        { "db_20250106_120000.gz", 1736128800, 1736128800, false }, /* a clock of another zone */
        { "db_20250106.gz", 1736121600 + 7200, 1736121600 + 7200, false },
        { "db_20250106.gz", 1736121600 + 86400 * 3, 0, true },
        { "db.gz", 1736128800, 1736128800, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct files_file f = { .mtime_ms = cases[i].mtime_s * 1000 };

        snprintf(f.name, sizeof f.name, "%s", cases[i].name);
        files_date(&f, FILES_NAME_UTC);
        assert_int_equal(*f.why != '\0', cases[i].lies);
        if (!cases[i].lies)
            assert_int_equal(f.at_ms, cases[i].at_s * 1000);
    }
}

/* ---- what a file holds ---- */

static void a_file_that_exists_proves_nothing(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
        int64_t age_ms;
        enum state state;
        const char *words;
    } newest[] = {
        { "db.sql", WHOLE, sizeof WHOLE - 1, HOUR, STATE_UP, "last good 1h ago" },
        { "db.sql", "", 0, HOUR, STATE_DOWN, "db.sql: 0 bytes" },
        { "db.sql", WHOLE, sizeof WHOLE - 60, HOUR, STATE_DOWN,
          "db.sql: the dump broke off: its last line is missing" },
        { "db.sql.gz", WHOLE, sizeof WHOLE - 1, HOUR, STATE_DOWN,
          "db.sql.gz: it is no gzip although its name says so" },
        { "db.sql", WHOLE, sizeof WHOLE - 1, -3 * HOUR - 30000, STATE_DOWN,
          "db.sql: its time lies 3h in the future" },
        { "db_20250106.sql", WHOLE, sizeof WHOLE - 1, HOUR, STATE_DOWN,
          "its name tells another day than" },
        { "db.img", "\0\0\0\0\0\0\0\0\0\0\0\0", 12, HOUR, STATE_DOWN,
          "it begins with zeros: it was never written through" },
        { "db.sql", "pg_dump: error: connection refused\n", 35, HOUR, STATE_DOWN,
          "db.sql: it holds what pg_dump complained of, no dump" },
        { "db.sql", "mysqldump: Got error: 1045\n", 27, HOUR, STATE_DOWN,
          "db.sql: it holds what mysqldump complained of, no dump" },
        { "db.sql", "pg_dumped by hand\n", 18, HOUR, STATE_UP, "last good 1h ago" },
        { "db.dump", "PGDMP\1\2", 7, HOUR, STATE_UP, "last good 1h ago" },
        { "db.sql.gz", "\x1f\x8b\x08 and so on", 14, HOUR, STATE_UP, "last good 1h ago" },
        { "db.sql", WHOLE, sizeof WHOLE - 1, 27 * HOUR, STATE_DOWN, "RPO missed: last good 27h" },
        /* while it is being written it is neither; the one before counts */
        { "db.sql", WHOLE, sizeof WHOLE - 60, 2000, STATE_UP, "last good 23h ago" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof newest / sizeof *newest; i++) {
        struct folder f;

        folder_init(&f);
        if (newest[i].age_ms < 2 * HOUR)
            folder_dump(&f, "db-old.sql", 23 * HOUR);
        folder_put(&f, newest[i].name, newest[i].bytes, newest[i].len, newest[i].age_ms);
        folder_open(&f, PAIRS("rpo", "26h", "size_floor", "0"));
        folder_ask(&f);
        holds(&f, newest[i].state, newest[i].words);
        folder_ask(&f); /* the second look asks nobody again, and says the same */
        holds(&f, newest[i].state, newest[i].words);
        folder_fini(&f);
    }
}

/* What is left of a dump whose beginning is lost ends as a whole one does. */
static void an_end_is_no_beginning(void **state)
{
    static const char end[] = "-- PostgreSQL database dump complete\n";

    (void)state;
    assert_int_equal(files_dump_whole(end, sizeof end - 1, end, sizeof end - 1), 0);
    assert_int_equal(files_dump_whole(HEAD, sizeof HEAD - 1, end, sizeof end - 1), 1);
    assert_int_equal(files_dump_whole(HEAD, sizeof HEAD - 1, HEAD, sizeof HEAD - 1), -1);
}

static void forty_percent_of_the_last_size_is_red(void **state)
{
    struct folder f;
    char big[1000];

    (void)state;
    folder_init(&f);
    memset(big, 'x', sizeof big);
    for (int i = 1; i < 6; i++) {
        char name[16];

        snprintf(name, sizeof name, "db%d", i);
        folder_put(&f, name, big, sizeof big, i * 24 * HOUR);
    }
    folder_put(&f, "db0", big, 400, HOUR);
    folder_open(&f, PAIRS("rpo", "26h"));
    folder_ask(&f);
    holds(&f, STATE_DOWN, "db0: its size is 40% of the median of the 5 before it");
    folder_fini(&f);
}

/* Nothing there, links, folders, other people's files, pipes: none of them is a backup. */
static void only_files_that_match_count(void **state)
{
    struct folder f;
    char path[128], link[128];

    (void)state;
    folder_init(&f);
    folder_open(&f, PAIRS("rpo", "26h"));
    folder_ask(&f);
    holds(&f, STATE_DOWN, "no backup was found");
    snprintf(path, sizeof path, "%s/db-pipe", f.path);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/db-folder", f.path);
    assert_int_equal(mkdir(path, 0700), 0);
    folder_dump(&f, "other.sql", HOUR);
    folder_dump(&f, "db1.sql.sha256", HOUR);
    folder_ask(&f);
    holds(&f, STATE_DOWN, "no backup was found");
    folder_dump(&f, "db1.sql", HOUR);
    snprintf(path, sizeof path, "%s/db1.sql", f.path);
    snprintf(link, sizeof link, "%s/db-latest.sql", f.path);
    assert_int_equal(symlink(path, link), 0);
    folder_ask(&f);
    assert_int_equal(f.c.table_rows, 1);
    assert_non_null(strstr(f.c.table, "db1.sql "));
    folder_fini(&f);
}

static void a_folder_that_cannot_be_read_is_unknown(void **state)
{
    struct folder f;

    (void)state;
    folder_init(&f);
    snprintf(f.pattern, sizeof f.pattern, "%s/gone/db*", f.path);
    folder_open(&f, PAIRS("rpo", "26h"));
    folder_ask(&f);
    holds(&f, STATE_UNKNOWN, "/gone/: No such file or directory");
    assert_false(f.c.known);
    folder_fini(&f);
}

/* ---- checksums ---- */

static void a_checksum_beside_it_is_held_against_it(void **state)
{
    static const char right[] = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
                      other[] = "a94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
    static const struct {
        const char *sum, *name, *checksum;
        enum state state;
        const char *words;
    } cases[] = {
        { right, "  db1\n", "false", STATE_UP, "last good 1h" },
        { right, " */var/x/db1\n", "true", STATE_UP, "last good 1h" },
        { right, "", "true", STATE_UP, "last good 1h" },
        { right, "  db0\n", "false", STATE_DOWN, "its checksum file is for another one: db0" },
        { other, "  db1\n", "true", STATE_DOWN, "its checksum is another one than beside it" },
        { "error", "", "false", STATE_DOWN, "db1.sha256 holds no checksum" },
        { NULL, NULL, "true", STATE_DOWN, "there is no checksum file beside it" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder f;
        char text[200];

        folder_init(&f);
        folder_put(&f, "db1", "hello world", 11, HOUR);
        folder_open(&f, PAIRS("rpo", "26h", "checksum", cases[i].checksum, "timeout", "60s"));
        snprintf(text, sizeof text, "%s%s", cases[i].sum ? cases[i].sum : "",
                 cases[i].sum ? cases[i].name : "");
        if (cases[i].sum)
            folder_put(&f, "db1.sha256", text, strlen(text), HOUR);
        folder_ask(&f);
        holds(&f, cases[i].state, cases[i].words);
        folder_fini(&f);
    }
}

/* It is written after the dump: one that comes late is seen. */
static void a_checksum_that_comes_late_is_seen(void **state)
{
    struct folder f;

    (void)state;
    folder_init(&f);
    folder_put(&f, "db1", "hello world", 11, HOUR);
    folder_open(&f, PAIRS("rpo", "26h", "checksum", "true", "timeout", "60s"));
    folder_ask(&f);
    holds(&f, STATE_DOWN, "there is no checksum file beside it");
    folder_put(&f, "db1.md5", "5eb63bbbe01eeed093cb22bb8f5acdc3  db1", 37, HOUR);
    folder_ask(&f);
    holds(&f, STATE_UP, "last good 1h");
    assert_non_null(strstr(f.c.table, "md5sum good"));
    folder_fini(&f);
}

/* ---- read back ---- */

static void one_is_read_back_once(void **state)
{
    struct folder f;
    char script[200], log[128];
    struct stat st;

    (void)state;
    folder_init(&f);
    folder_dump(&f, "db1.sql", HOUR);
    folder_dump(&f, "db2.sql", 25 * HOUR);
    snprintf(log, sizeof log, "%s/log", f.path);
    snprintf(script, sizeof script, "echo \"$1 $(nice)\" >> %s; exit 0", log);
    folder_open(&f, PAIRS("rpo", "26h", VERIFY(script), "timeout", "60s"));
    for (int i = 0; i < 3; i++)
        folder_ask(&f);
    holds(&f, STATE_UP, "last good 1h");
    assert_int_equal(stat(log, &st), 0);
    snprintf(script, sizeof script, "%s/db1.sql 19\n", f.path); /* at the lowest priority */
    assert_int_equal(st.st_size, strlen(script));
    assert_non_null(strstr(f.c.table, "not read back here")); /* the older one */
    folder_dump(&f, "db1.sql", HOUR / 2);                     /* another one of the same name */
    folder_ask(&f);
    assert_int_equal(stat(log, &st), 0);
    assert_int_equal(st.st_size, 2 * strlen(script));
    folder_fini(&f);
}

/* NM-5: the age counts from the last one that was read back well. */
static void the_last_verified_one_counts(void **state)
{
    struct folder f;

    (void)state;
    folder_init(&f);
    folder_dump(&f, "db1.sql", HOUR);
    folder_dump(&f, "db2.sql", 25 * HOUR);
    folder_open(&f, PAIRS("rpo", "26h",
                          VERIFY("case $1 in *db1*) echo; echo crc error >&2; exit 1; "
                                 "esac"),
                          "timeout", "60s"));
    folder_ask(&f);
    holds(&f, STATE_DOWN, "db1.sql: sh -c");
    holds(&f, STATE_DOWN, "says no: crc error");
    holds(&f, STATE_DOWN, "last good 25h ago, RPO 26h");
    assert_true(f.c.value >= 25 * 3600);
    folder_fini(&f);
}

/* pg_dump died, the pipe was packed all the same: the archive is whole and worth nothing. */
static void a_whole_archive_of_a_broken_dump_is_red(void **state)
{
    struct folder f;
    char command[300];

    (void)state;
    folder_init(&f);
    snprintf(command, sizeof command,
             "cd %s && printf -- '-- PostgreSQL database dump\\n%%s\\n' \"$(seq 10000)\" | "
             "gzip > db1.sql.gz",
             f.path);
    assert_int_equal(system(command), 0);
    folder_age(&f, "db1.sql.gz", HOUR);
    folder_open(&f, PAIRS("rpo", "26h", "verify", "gzip", "verify", "-dc", "timeout", "60s"));
    folder_ask(&f);
    holds(&f, STATE_DOWN, "db1.sql.gz: the dump in it broke off: its last line is missing");
    folder_fini(&f);
}

static void one_that_takes_long_is_not_green_before(void **state)
{
    struct folder f;
    char script[200];

    (void)state;
    folder_init(&f);
    folder_dump(&f, "db1.sql", HOUR);
    folder_open(&f, PAIRS("rpo", "26h", VERIFY(folder_gate(&f, script)), "timeout", "200ms"));
    folder_ask(&f);
    holds(&f, STATE_UNKNOWN, "none is proven good yet");
    folder_ask(&f); /* the same one still runs */
    holds(&f, STATE_UNKNOWN, "it is being read back");
    folder_put(&f, "go", "", 0, 0);
    WAIT(&f.c, f.c.closed == 1); /* it asks to be asked */
    folder_ask(&f);
    holds(&f, STATE_UP, "last good 1h");
    folder_fini(&f);
}

static void what_cannot_be_run_proves_nothing(void **state)
{
    struct folder f;

    (void)state;
    folder_init(&f);
    folder_dump(&f, "db1.sql", HOUR);
    folder_dump(&f, "db2.sql", 2 * HOUR);
    folder_open(&f, PAIRS("rpo", "26h", "verify", "no-such-program", "timeout", "60s"));
    folder_ask(&f);
    holds(&f, STATE_UNKNOWN, "no-such-program did not finish: there is no program");
    folder_fini(&f);
    folder_init(&f);
    folder_dump(&f, "db1.sql", HOUR);
    folder_open(
        &f, PAIRS("rpo", "26h", VERIFY("exec sleep 60"), "verify_limit", "1s", "timeout", "60s"));
    folder_ask(&f);
    holds(&f, STATE_UNKNOWN, "did not finish: no end in 1s");
    folder_fini(&f);
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    case_refused("files", "files: 'x/*.gz' is no whole path", PAIRS("files", "x/*.gz"));
    case_refused("files", "files: names a folder", PAIRS("files", "/var/backups/"));
    case_refused("files", "files: only the last part may be a pattern",
                 PAIRS("files", "/var/*/db.gz"));
    case_refused("files", "verify: names no program", PAIRS("files", "/x/*", "verify", ""));
    case_refused("files", "verify: 'bin/x' is neither", PAIRS("files", "/x/*", "verify", "bin/x"));
    case_refused("files", "window: '2-3' is no time of day",
                 PAIRS("files", "/x/*", "window", "2-3"));
    case_refused("files", "verified_within: nothing is read back here",
                 PAIRS("files", "/x/*", "verified_within", "31d"));
    case_refused("files", "unit: cannot be chosen", PAIRS("files", "/x/*", "unit", "bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tell_a_moment),
        cmocka_unit_test(a_name_and_a_time_are_held_together),
        cmocka_unit_test(a_file_that_exists_proves_nothing),
        cmocka_unit_test(an_end_is_no_beginning),
        cmocka_unit_test(forty_percent_of_the_last_size_is_red),
        cmocka_unit_test(only_files_that_match_count),
        cmocka_unit_test(a_folder_that_cannot_be_read_is_unknown),
        cmocka_unit_test(a_checksum_beside_it_is_held_against_it),
        cmocka_unit_test(a_checksum_that_comes_late_is_seen),
        cmocka_unit_test(one_is_read_back_once),
        cmocka_unit_test(the_last_verified_one_counts),
        cmocka_unit_test(a_whole_archive_of_a_broken_dump_is_red),
        cmocka_unit_test(one_that_takes_long_is_not_green_before),
        cmocka_unit_test(what_cannot_be_run_proves_nothing),
        cmocka_unit_test(mistakes_are_refused),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
