/* tests/probes/test_backup_tools.c: what backup tools print, into facts. pgBackRest's answers are
 * those of its own tests (the corpus, where it is), the others typed after the sources of WAL-G,
 * Barman 3.4 and restic; tests/probes/test_backup_tools_peer.py asks the real programs. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "probes/backup_tools.h"
#include "tests/app/shared.h"
#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

static struct backup_facts facts;
static struct err why;

static bool pgbackrest(const char *json, const char *stanza)
{
    backup_facts_clear(&facts);
    if (!pgbackrest_read(json, strlen(json), stanza, 24 * 3600 * 1000, &facts, &why))
        return false;
    backup_facts_sort(&facts);
    return true;
}

/* ---- pgBackRest ---- */

#define REPO(key, code, message)                                                                  \
    "{\"cipher\":\"none\",\"key\":" #key ",\"status\":{\"code\":" #code ",\"message\":\"" message \
    "\"}}"
#define STANZA(code, message, repos, more)                                 \
    "[{\"name\":\"main\",\"repo\":[" repos "],\"status\":{\"code\":" #code \
    ",\"lock\":{\"backup\":{\"held\":false}},\"message\":\"" message "\"}" more "}]"
#define DB15 ",\"db\":[{\"id\":1,\"repo-key\":1,\"system-id\":1,\"version\":\"15\"}]"
#define WAL(a, b)                                                                      \
    ",\"archive\":[{\"database\":{\"id\":1,\"repo-key\":1},\"id\":\"15-1\",\"min\":" a \
    ",\"max\":" b "}]"
#define SEG(n) "\"0000000100000000000000" #n "\""
#define BACKUP(label, type, stop, from, to, more)                                                 \
    "{\"label\":\"" label "\",\"type\":\"" type "\",\"timestamp\":{\"start\":1,\"stop\":" #stop   \
    "},\"info\":{\"size\":1000,\"delta\":10},\"database\":{\"id\":1,\"repo-key\":1},\"archive\":" \
    "{\"start\":" from ",\"stop\":" to "}" more "}"

static void the_exit_is_nothing_and_the_status_everything(void **state)
{
    (void)state;
    assert_true(pgbackrest(STANZA(1, "missing stanza path", REPO(1, 1, "missing stanza path"), ""),
                           "main"));
    assert_string_equal(facts.wrong, "missing stanza path");
    assert_true(pgbackrest(
        STANZA(99, "other", REPO(1, 99, "[FileOpenError] unable to open '/x'"), ""), "main"));
    assert_string_equal(facts.wrong, "[FileOpenError] unable to open '/x'");
    assert_true(pgbackrest(
        STANZA(2, "no valid backups", REPO(1, 2, "no valid backups"), DB15 WAL(SEG(01), SEG(02))),
        "main"));
    assert_string_equal(facts.wrong, "no valid backups");
    /* before 2.32 there was one repository, which was not named */
    assert_true(
        pgbackrest(STANZA(0, "ok", "",
                          ",\"backup\":[" BACKUP("a", "full", 1769652827, "null", "null", "") "]"),
                   "main"));
    assert_string_equal(facts.wrong, "");
    assert_int_equal(facts.n, 1);
    assert_int_equal(facts.list[0].at_ms, 1769652827000);
}

static void each_backup_is_held_against_the_archive(void **state)
{
    (void)state;
    assert_true(pgbackrest(
        STANZA(
            0, "ok", REPO(1, 0, "ok"),
            DB15 WAL(SEG(03), SEG(09)) ",\"backup\":[" BACKUP("lost", "full", 100, SEG(02), SEG(03), "") "," BACKUP(
                "cut", "incr", 200, SEG(09), SEG(0A),
                "") "," BACKUP("good", "diff", 300, SEG(03), SEG(09),
                               ",\"error\":false") "," BACKUP("stopped", "full", 400, "null",
                                                              "null",
                                                              "") "," BACKUP("half", "full", 500,
                                                                             SEG(04), "null",
                                                                             "") "," BACKUP("pages",
                                                                                            "full",
                                                                                            600,
                                                                                            SEG(04),
                                                                                            SEG(05),
                                                                                            ",\"err"
                                                                                            "or\":"
                                                                                            "true,"
                                                                                            "\"erro"
                                                                                            "r-"
                                                                                            "list\""
                                                                                            ":["
                                                                                            "\"base"
                                                                                            "/1/"
                                                                                            "2\","
                                                                                            "\"base"
                                                                                            "/1/"
                                                                                            "3\"]") "," BACKUP("bad",
                                                                                                               "full",
                                                                                                               700,
                                                                                                               SEG(04),
                                                                                                               SEG(05),
                                                                                                               ",\"error\":true") "]"),
        "main"));
    assert_int_equal(facts.n, 7);
    assert_string_equal(
        facts.list[6].why,
        "its WAL 000000010000000000000002 to 000000010000000000000003 is not in the "
        "archive, which has 000000010000000000000003 to 000000010000000000000009");
    assert_non_null(strstr(facts.list[5].why, "is not in the archive"));
    assert_int_equal(facts.list[5].type, BACKUP_INCR);
    assert_string_equal(facts.list[4].why, "");
    assert_string_equal(facts.list[4].how, "page checksums good");
    assert_int_equal(facts.list[4].type, BACKUP_DIFF);
    assert_string_equal(facts.list[3].why, ""); /* of a stopped server: needs no WAL */
    assert_string_equal(facts.list[2].why, "it does not tell which WAL it needs");
    assert_string_equal(facts.list[1].why, "page checksum errors in 2 files: base/1/2");
    assert_string_equal(facts.list[0].why, "page checksum errors");
    assert_true(facts.list[0].size_bytes == 1000);
    assert_true(facts.wal.told);
    assert_string_equal(facts.wal.how,
                        "up to segment 000000010000000000000009, its time is not told");
    assert_int_equal(facts.wal.at_ms, 0);
}

static void an_archive_that_is_empty_is_broken(void **state)
{
    (void)state;
    assert_true(pgbackrest(STANZA(0, "ok", REPO(1, 0, "ok"),
                                  DB15 WAL("null", "null") ",\"backup\":[" BACKUP(
                                      "a", "full", 100, SEG(02), SEG(03), "") "]"),
                           "main"));
    assert_string_equal(facts.list[0].why, "its WAL is not there: the archive is empty");
    assert_string_equal(facts.wal.why, "repo1: nothing is archived of the cluster that runs now");
}

/* Each backup is held against all of them. */
static void what_is_too_many(const char *list, const char *item, size_t n)
{
    struct buf b = { 0 };

    buf_addf(&b, "[{\"name\":\"main\",\"status\":{\"code\":0,\"message\":\"ok\"},\"%s\":[", list);
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "%s%s", i ? "," : "", item);
    buf_adds(&b, "]}]");
    assert_false(pgbackrest(buf_str(&b), "main"));
    assert_non_null(strstr(why.msg, "more than"));
    buf_fini(&b);
}

static void what_is_not_its_answer_is_refused(void **state)
{
    (void)state;
    assert_false(pgbackrest("", "main"));
    assert_false(pgbackrest("WARN: repo1 is slow\n[]", "main"));
    assert_false(pgbackrest("[]", "main"));
    assert_string_equal(why.msg, "it says nothing about stanza 'main'");
    assert_false(pgbackrest("{}", "main"));
    assert_false(pgbackrest("[{\"name\":\"main\"}]", "main"));
    assert_string_equal(why.msg, "the stanza has no status code");
    assert_false(pgbackrest(STANZA(0, "ok", "", ",\"backup\":[{}]"), "main"));
    assert_false(pgbackrest(STANZA(0, "ok", "", ",\"backup\":[1]"), "main"));
    what_is_too_many("repo", REPO(1, 0, "ok"), 257);
    what_is_too_many("db", "{\"id\":1,\"repo-key\":1}", 1025);
    what_is_too_many("archive", "{\"id\":\"1\"}", 1025);
}

/* The answers of pgBackRest's own tests. */
static void the_corpus_says(void **state)
{
    static const struct {
        const char *file, *stanza, *wrong;
        size_t n, n_contradictions;
        const char *newest; /* why it is no good */
    } cases[] = {
        { "pgbackrest-info-00.json", "stanza1", "missing stanza path", 0, 0, NULL },
        { "pgbackrest-info-02.json", "stanza1", "requested backup not found", 0, 0, NULL },
        { "pgbackrest-info-04.json", "stanza2", "no valid backups", 0, 0, NULL },
        { "pgbackrest-info-06.json", "stanza1", "", 1, 0,
          "page checksum errors in 2 files: base/16384/17000" },
        { "pgbackrest-info-08.json", "stanza1", "", 2, 0, "" },
        { "pgbackrest-info-10.json", "stanza3", "", 3, 2, "" },
    };
    char name[64], path[512], page[8192];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FILE *f;

        snprintf(name, sizeof name, "corpus/outputs/%s", cases[i].file);
        if (!shared_path(path, sizeof path, name))
            skip();
        f = fopen(path, "r");
        assert_non_null(f);
        page[fread(page, 1, sizeof page - 1, f)] = '\0';
        fclose(f);
        assert_true(pgbackrest(page, cases[i].stanza));
        assert_string_equal(facts.wrong, cases[i].wrong);
        assert_int_equal(facts.n, cases[i].n);
        assert_int_equal(facts.n_contradictions, cases[i].n_contradictions);
        if (cases[i].newest)
            assert_string_equal(facts.list[0].why, cases[i].newest);
        assert_int_equal(facts.running, i == 4);
    }
    /* the last: two repositories, of which the second ends two months before the first */
    assert_string_equal(facts.contradictions[0], "database mismatch across repos");
    assert_string_equal(facts.contradictions[1],
                        "repo2: its newest is 63d older than the newest of all");
    assert_string_equal(facts.list[0].name, "20210112-192538F (repo1)");
    assert_string_equal(facts.list[1].why,
                        "of the cluster before, not of the one that runs now (9.5)");
}

/* ---- WAL-G ---- */

static bool walg(const char *json)
{
    backup_facts_clear(&facts);
    if (!walg_read_list(json, strlen(json), &facts, &why))
        return false;
    backup_facts_sort(&facts);
    return true;
}

static void walg_tells_its_backups(void **state)
{
    (void)state;
    assert_true(walg(
        "[{\"backup_name\":\"base_000000010000000000000004\",\"time\":\"2026-10-07T10:00:05Z\",\n"
        "\"wal_file_name\":\"000000010000000000000004\",\"start_time\":\"2026-10-07T10:00:01.5Z\","
        "\"finish_time\":\"2026-10-07T10:00:04Z\",\"hostname\":\"tyo\",\"is_permanent\":true,"
        "\"uncompressed_size\":2000,\"compressed_size\":200},"
        "{\"backup_name\":\"base_000000010000000000000006_D_000000010000000000000004\","
        "\"time\":\"2026-10-08T10:00:05+02:00\",\"storage_name\":\"failover\"}]"));
    assert_int_equal(facts.n, 2);
    assert_string_equal(facts.list[0].name,
                        "base_000000010000000000000006_D_000000010000000000000004 (failover)");
    assert_int_equal(facts.list[0].type, BACKUP_INCR);
    assert_int_equal(facts.list[0].at_ms, 1791446405000);
    assert_true(isnan(facts.list[0].size_bytes));
    assert_int_equal(facts.list[1].at_ms, 1791367204000);
    assert_true(facts.list[1].size_bytes == 2000);
    assert_string_equal(facts.list[1].how, "permanent");
    assert_int_equal(facts.list[1].type, BACKUP_FULL);
    assert_false(facts.wal.told);
    assert_true(walg("")); /* it prints nothing when there is none */
    assert_int_equal(facts.n, 0);
    assert_true(walg("null\n"));
    assert_false(walg("{}"));
    assert_false(walg("[{\"time\":\"2026-10-07T10:00:05Z\"}]"));
    assert_false(walg("No backups found"));
}

static bool walg_verify(const char *json)
{
    struct walg_archive first = { 0 };

    backup_facts_clear(&facts);
    return walg_read_verify(json, strlen(json), 1000, &first, &facts, &why);
}

#define RANGE(status, n)                                                                 \
    "{\"timeline_id\":1,\"start_segment\":\"000000010000000000000001\",\"end_segment\":" \
    "\"000000010000000000000005\",\"segments_count\":" #n ",\"status\":\"" status "\"}"
#define VERIFY(status, details, timeline)                                                         \
    "{\"integrity\":{\"status\":\"" status "\",\"details\":[" details "]},\"timeline\":" timeline \
    "}"
#define LINE_OK                                                                                    \
    "{\"status\":\"OK\",\"details\":{\"current_timeline_id\":1,\"highest_storage_timeline_id\":1}" \
    "}"

static void walg_tells_what_wal_is_missing(void **state)
{
    (void)state;
    assert_true(walg_verify(VERIFY("OK", RANGE("FOUND", 5), LINE_OK)));
    assert_int_equal(facts.wal.at_ms, 0); /* the segment that is being written is not in it */
    assert_true(facts.wal.awaited);
    assert_string_equal(facts.wal.why, "");
    assert_true(walg_verify(
        VERIFY("WARNING",
               RANGE("FOUND", 5) "," RANGE("MISSING_DELAYED", 2) "," RANGE("MISSING_UPLOADING", 1),
               LINE_OK)));
    assert_string_equal(facts.wal.how, "no segment lost, 3 not there yet");
    assert_int_equal(facts.wal.at_ms, 0);
    assert_true(walg_verify(
        VERIFY("FAILURE", RANGE("MISSING_LOST", 1) "," RANGE("MISSING_LOST", 2), LINE_OK)));
    assert_string_equal(
        facts.wal.why,
        "3 WAL segments lost, first 000000010000000000000001 to 000000010000000000000005");
    assert_true(
        walg_verify(VERIFY("OK", RANGE("MISSING_LOST", 1), LINE_OK))); /* the worse counts */
    assert_string_equal(
        facts.wal.why,
        "1 WAL segment lost, first 000000010000000000000001 to 000000010000000000000005");
    assert_true(walg_verify(VERIFY("FAILURE", "", LINE_OK)));
    assert_string_equal(facts.wal.why, "wal-verify: integrity is FAILURE");
    assert_true(walg_verify(VERIFY("OK", RANGE("FOUND", 5),
                                   "{\"status\":\"FAILURE\",\"details\":{\"current_timeline_id\":1,"
                                   "\"highest_storage_timeline_id\":3}}")));
    assert_string_equal(facts.wal.why, "the server is on timeline 1, the archive on 3");
    assert_true(walg_verify(VERIFY("OK", RANGE("FOUND", 5), "{\"status\":\"WARNING\"}")));
    assert_int_equal(facts.n_contradictions, 1);
    assert_true(walg_verify(VERIFY("WARNING", RANGE("FOUND", 5), LINE_OK)));
    assert_string_equal(facts.contradictions[0], "wal-verify: integrity is WARNING");
    assert_false(walg_verify("{}"));
    assert_false(walg_verify(VERIFY("GOOD", "", LINE_OK)));
    assert_false(walg_verify(VERIFY("OK", "", LINE_OK))); /* of nothing, nothing is missing */
    assert_string_equal(why.msg, "wal-verify: it names no segment");
    assert_false(
        walg_verify("{\"integrity\":{\"status\":\"OK\",\"details\":[" RANGE("FOUND", 5) "]}}"));
    assert_string_equal(why.msg, "wal-verify: no status OK, WARNING or FAILURE");
    assert_false(walg_verify(VERIFY("OK", "", "{\"status\":1}")));
    assert_false(walg_verify(""));
}

/* A segment that is filled for hours is not in the archive for hours, and nothing is missing. */
static void walg_reaches_no_further_than_what_was_seen_to_come(void **state)
{
    static const struct {
        const char *end;
        int64_t asked_ms, at_ms;
    } polls[] = {
        { SEG(05), 1000, 0 },    { SEG(05), 2000, 0 },    { SEG(07), 3000, 2000 },
        { SEG(07), 4000, 2000 }, { SEG(07), 9000, 2000 }, { SEG(08), 10000, 9000 },
        { SEG(02), 11000, 0 }, /* another server */
    };
    struct walg_archive a = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof polls / sizeof *polls; i++) {
        char json[400];

        snprintf(json, sizeof json,
                 "{\"integrity\":{\"status\":\"OK\",\"details\":[{\"end_segment\":%s,"
                 "\"status\":\"FOUND\",\"segments_count\":1}]},\"timeline\":" LINE_OK "}",
                 polls[i].end);
        backup_facts_clear(&facts);
        assert_true(walg_read_verify(json, strlen(json), polls[i].asked_ms, &a, &facts, &why));
        assert_int_equal(facts.wal.at_ms, polls[i].at_ms);
        assert_int_equal(facts.wal.awaited, !polls[i].at_ms);
    }
}

/* ---- Barman ---- */

static bool barman(const char *json)
{
    backup_facts_clear(&facts);
    if (!barman_read_list(json, strlen(json), "main", &facts, &why))
        return false;
    backup_facts_sort(&facts);
    return true;
}

static void barman_tells_its_backups(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    assert_true(
        barman("{\"main\":[{\"backup_id\":\"20260129T021347\",\"status\":\"FAILED\"},"
               "{\"backup_id\":\"20260128T021347\",\"backup_name\":\"weekly\",\"status\":\"DONE\","
               "\"end_time_timestamp\":\"1769566427\","
               "\"end_time\":\"Wed Jan 28 02:13:47 "
               "2026\",\"size_bytes\":\"30279510917\",\"wal_size_bytes\":0,\"retention_status\":"
               "\"VALID\"},"
               "{\"backup_id\":\"20260127T021347\",\"status\":\"WAITING_FOR_WALS\",\"end_time_"
               "timestamp\":\"1769480027\",\"size_bytes\":30279510918},"
               "{\"backup_id\":\"20260126T021347\",\"status\":\"DONE\",\"end_time_timestamp\":"
               "\"1769393627\",\"size_bytes\":5,\"retention_status\":\"OBSOLETE\"},"
               "{\"backup_id\":\"20260129T031347\",\"status\":\"STARTED\"}]}"));
    assert_int_equal(facts.n, 4);
    assert_true(facts.running);
    assert_string_equal(facts.list[0].why, "Barman says FAILED"); /* newest, by its name */
    assert_int_equal(facts.list[0].at_ms, 1769620427000);         /* local time */
    assert_string_equal(facts.list[1].name, "20260128T021347 weekly");
    assert_int_equal(facts.list[1].at_ms, 1769566427000);
    assert_true(facts.list[1].size_bytes == 30279510917.0); /* a string and a number alike */
    assert_string_equal(facts.list[1].why, "");
    assert_true(facts.list[2].pending);
    assert_true(facts.list[2].size_bytes == 30279510918.0);
    assert_string_equal(facts.list[3].how, "obsolete by the retention policy");
    assert_true(barman("{\"main\":[]}"));
    assert_true(barman("{\"main\":[{\"backup_id\":\"odd\",\"status\":\"NEW WORD\"}]}"));
    assert_string_equal(facts.list[0].why, "Barman says NEW WORD");
    assert_int_equal(facts.list[0].at_ms, 0);
    assert_true(barman("{\"main\":[{\"backup_id\":\"10130129T021347\",\"status\":\"FAILED\"}]}"));
    assert_int_equal(facts.list[0].at_ms, 0); /* no year of a backup */
    assert_false(barman("{\"_ERROR\":[\"Unknown server 'main'\"]}"));
    assert_string_equal(why.msg, "Unknown server 'main'");
    assert_false(barman("{}"));
    assert_string_equal(why.msg, "it says nothing about server 'main'");
    assert_false(barman("{\"main\":{}}"));
    assert_false(barman("{\"main\":[{\"status\":\"DONE\"}]}"));
    assert_false(barman("main 20160201T000001 - Tue Feb  2 16:55:50 2016 - Size: 28.2 GiB"));
    unsetenv("TZ");
    tzset();
}

static bool barman_checks(const char *json)
{
    backup_facts_clear(&facts);
    return barman_read_check(json, strlen(json), "main", &facts, &why);
}

static void barman_tells_its_checks(void **state)
{
    (void)state;
    assert_true(barman_checks("{\"main\":{\"ssh\":{\"hint\":\"\",\"status\":\"OK\"},\"archive_"
                              "command\":{\"hint\":\"\",\"status\":\"OK\"}}}"));
    assert_true(facts.wal.told);
    assert_string_equal(facts.wal.how, "barman's check of it is well; its time is not told");
    assert_int_equal(facts.n_contradictions, 0);
    assert_true(barman_checks(
        "{\"main\":{\"archiver_errors\":{\"hint\":\"duplicates: 2\",\"status\":\"FAILED\"},"
        "\"wal_archive\":{\"hint\":\"\",\"status\":\"FAILED\"},"
        "\"minimum_redundancy_requirements\":{\"hint\":\"have 0, expected "
        "2\",\"status\":\"FAILED\"}}}"));
    assert_string_equal(facts.wal.why,
                        "barman check failed: archiver_errors (duplicates: 2), wal_archive");
    assert_string_equal(
        facts.contradictions[0],
        "barman check failed: minimum_redundancy_requirements (have 0, expected 2)");
    assert_true(barman_checks("{\"main\":{\"ssh\":{\"status\":\"OK\"}}}"));
    assert_false(facts.wal.told); /* nothing was said about it */
    assert_false(barman_checks("{\"main\":{\"ssh\":{\"status\":\"PERHAPS\"}}}"));
    assert_string_equal(why.msg, "check 'ssh' is neither OK nor FAILED");
    assert_false(barman_checks("{\"main\":{}}"));
    assert_false(barman_checks("{\"main\":[]}"));
    assert_false(barman_checks("{\"_EXCEPTION\":[\"connection refused\"]}"));
}

/* ---- restic ---- */

static bool restic(const char *json, struct restic_filter chosen)
{
    backup_facts_clear(&facts);
    if (!restic_read_snapshots(json, strlen(json), &chosen, &facts, &why))
        return false;
    backup_facts_sort(&facts);
    return true;
}

#define SNAPSHOT(id, time, host, path, more)                                           \
    "{\"id\":\"" id "\",\"short_id\":\"x\",\"time\":\"" time "\",\"hostname\":\"" host \
    "\",\"paths\":[\"" path "\"]" more "}"
#define T1 "2026-01-29T03:13:47.123456789+01:00"
#define T2 "2026-01-28T02:13:47Z"

static void restic_tells_its_snapshots(void **state)
{
    const struct restic_filter none = { 0 };

    (void)state;
    assert_true(restic(
        "[" SNAPSHOT("aaaaaaaaaa", T2, "web", "/srv", "") "," SNAPSHOT(
            "bbbbbbbbbb", T1, "web", "/srv", ",\"summary\":{\"total_bytes_processed\":77}") "]",
        none));
    assert_int_equal(facts.n, 2);
    assert_string_equal(facts.list[0].name, "bbbbbbbb web:/srv");
    assert_int_equal(facts.list[0].at_ms, 1769652827123);
    assert_true(facts.list[0].size_bytes == 77);
    assert_true(isnan(facts.list[1].size_bytes));
    assert_true(restic("null", none));
    assert_true(restic("[]", none));
    assert_false(restic("{}", none));
    assert_false(restic("[{\"time\":\"" T1 "\"}]", none));
    assert_false(restic("[" SNAPSHOT("short", T2, "web", "/srv", "") "]", none));
    assert_false(restic("repository a1b2 opened\n[]", none));
}

static void snapshots_of_several_sources_are_not_one(void **state)
{
    static const char hosts[] = "[" SNAPSHOT("aaaaaaaaaa", T2, "web", "/srv", "") "," SNAPSHOT(
        "bbbbbbbbbb", T1, "db", "/srv", "") "]";
    static const char paths[] = "[" SNAPSHOT("aaaaaaaaaa", T2, "web", "/srv", "") "," SNAPSHOT(
        "bbbbbbbbbb", T1, "web", "/etc", "") "]";

    (void)state;
    assert_false(restic(hosts, (struct restic_filter){ 0 }));
    assert_string_equal(why.msg, "snapshots of several sources: name one with host, path or tag");
    assert_false(restic(hosts, (struct restic_filter){ .path = true }));
    assert_true(restic(hosts, (struct restic_filter){ .host = true }));
    assert_true(restic(hosts, (struct restic_filter){ .tag = true }));
    assert_false(restic(paths, (struct restic_filter){ .host = true }));
    assert_string_equal(why.msg, "snapshots of several sources: name one with path or tag");
    assert_true(restic(paths, (struct restic_filter){ .path = true }));
}

/* A tag is no source: two machines that both have it take turns, and the one that still comes would
 * hide the one that does not. A container's host has another name each time; that is one. */
static void a_tag_of_two_machines_is_not_one_source(void **state)
{
    static const char turns[] =
        "[" SNAPSHOT("aaaaaaaaaa", "2026-01-26T02:00:00Z", "web", "/srv", "") "," SNAPSHOT(
            "bbbbbbbbbb", "2026-01-26T03:00:00Z", "db", "/srv",
            "") "," SNAPSHOT("cccccccccc", "2026-01-28T02:00:00Z", "web", "/srv", "") "]";
    static const char renamed[] =
        "[" SNAPSHOT("cccccccccc", "2026-01-28T02:00:00Z", "c1", "/srv", "") "," SNAPSHOT(
            "aaaaaaaaaa", "2026-01-26T02:00:00Z", "c0", "/srv",
            "") "," SNAPSHOT("bbbbbbbbbb", "2026-01-26T03:00:00Z", "c0", "/srv", "") "]";

    (void)state;
    assert_false(restic(turns, (struct restic_filter){ .tag = true }));
    assert_string_equal(why.msg, "snapshots of several sources: name one with host or path");
    assert_true(restic(turns, (struct restic_filter){ .tag = true, .host = true }));
    assert_true(restic(renamed, (struct restic_filter){ .tag = true }));
    assert_int_equal(facts.n, 3);
}

static double restic_size(const char *json)
{
    return restic_read_size(json, strlen(json), &why);
}

static void a_size_is_a_number_or_nothing(void **state)
{
    (void)state;
    assert_true(restic_size("{\"total_size\":100000,\"snapshots_count\":1}") == 100000);
    assert_true(isnan(restic_size("{}")));
    assert_string_equal(why.msg, "no total_size");
    assert_true(isnan(restic_size("{\"total_size\":-1}")));
    assert_true(isnan(restic_size("")));
}

/* ---- what they complain ---- */

static void the_last_words_are_kept_without_their_level(void **state)
{
    static const struct {
        const char *err, *said;
    } cases[] = {
        { "", "" },
        { "\n \n", "" },
        { "ERROR: [055]: unable to open missing file\n", "[055]: unable to open missing file" },
        { "P00  ERROR: [103]: bad\n", "[103]: bad" },
        { "first\nFatal: wrong password or no key found\n\n", "wrong password or no key found" },
        { "ERROR: 2026/01/29 02:13:47.000000 no\n", "2026/01/29 02:13:47.000000 no" },
        { "plain", "plain" },
        { "it ended\nWERROR: ", "" },
        { "Fatal: old\nnew words", "new words" },
    };
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = tool_complaint(cases[i].err, &len);

        assert_int_equal(len, strlen(cases[i].said));
        assert_memory_equal(said, cases[i].said, len);
    }
}

static void mistakes_are_refused_with_what_to_write(void **state)
{
    (void)state;
    case_refused("pgbackrest", "every: pgbackrest is run every 1m at most; write every: 5m",
                 PAIRS("pgbackrest", "main"));
    case_refused("pgbackrest", "confirm: pgbackrest is run every 1m at most; write every: 5m",
                 PAIRS("pgbackrest", "main", "every", "5m", "confirm", "30s"));
    case_refused("pgbackrest", "pgbackrest: '--config=/x' would be an option",
                 PAIRS("pgbackrest", "--config=/x", "every", "5m"));
    case_refused("barman", "barman: 'a b' is no name", PAIRS("barman", "a b", "every", "5m"));
    case_refused("barman", "program: there is no shell",
                 PAIRS("barman", "main", "every", "5m", "program", "sudo barman"));
    case_refused("walg", "walg: 'wal-g.json' is no whole path",
                 PAIRS("walg", "wal-g.json", "every", "5m"));
    case_refused("restic", "restic: names no repository", PAIRS("restic", "", "every", "5m"));
    case_refused("restic", "env: LD_PRELOAD would change what runs",
                 PAIRS("restic", "/r", "every", "5m", "env:LD_PRELOAD", "x"));
    case_refused("restic", "verified_within: nothing is read back here; only files with verify or",
                 PAIRS("restic", "/r", "every", "5m", "verified_within", "31d"));
    case_refused("walg", "verified_within: nothing is read back here",
                 PAIRS("walg", "/etc/w", "every", "5m", "verified_within", "31d"));
    case_refused("barman", "verified_within: nothing is read back here",
                 PAIRS("barman", "main", "every", "5m", "verified_within", "31d"));
    case_refused("pgbackrest", "verified_within: nothing is read back here",
                 PAIRS("pgbackrest", "main", "every", "5m", "verified_within", "31d"));
    case_refused("s3", "verified_within: nothing is read back here",
                 PAIRS("s3", "s3://bucket/x", "access_key", "env:A", "secret_key", "env:B", "every",
                       "15m", "verified_within", "31d"));
    case_refused("restic", "password", PAIRS("restic", "/r", "every", "5m", "password", "plain"));
}

static void a_repository_is_shown_without_its_password(void **state)
{
    static const struct {
        const char *repository, *shown;
    } cases[] = {
        { "/srv/restic", "/srv/restic" },
        { "sftp:me@host:/srv", "sftp:me@host:/srv" },
        { "rest:https://me:s3cret@host:8000/r", "rest:https://host:8000/r" },
        { "rest:https://me:p@ss@host/r", "rest:https://host/r" },
        { "s3:https://s3.example.com/bucket", "s3:https://s3.example.com/bucket" },
    };
    const struct probe_ops *ops = probe_kind("restic");
    struct text shown = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct probe_common common = { 0 };
        void *self = calloc(1, ops->size);
        struct err err = { "" };

        assert_true(case_options(ops, self, &common,
                                 PAIRS("restic", cases[i].repository, "every", "5m"), &err));
        ops->target(self, &shown);
        assert_string_equal(text_str(&shown), cases[i].shown);
        option_fini(ops->options, self);
        option_fini(probe_common_options, &common);
        free(self);
    }
    text_fini(&shown);
}

static int leave(void **state)
{
    (void)state;
    backup_facts_fini(&facts);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_is_nothing_and_the_status_everything),
        cmocka_unit_test(each_backup_is_held_against_the_archive),
        cmocka_unit_test(an_archive_that_is_empty_is_broken),
        cmocka_unit_test(what_is_not_its_answer_is_refused),
        cmocka_unit_test(the_corpus_says),
        cmocka_unit_test(walg_tells_its_backups),
        cmocka_unit_test(walg_tells_what_wal_is_missing),
        cmocka_unit_test(walg_reaches_no_further_than_what_was_seen_to_come),
        cmocka_unit_test(barman_tells_its_backups),
        cmocka_unit_test(barman_tells_its_checks),
        cmocka_unit_test(restic_tells_its_snapshots),
        cmocka_unit_test(snapshots_of_several_sources_are_not_one),
        cmocka_unit_test(a_tag_of_two_machines_is_not_one_source),
        cmocka_unit_test(a_size_is_a_number_or_nothing),
        cmocka_unit_test(the_last_words_are_kept_without_their_level),
        cmocka_unit_test(mistakes_are_refused_with_what_to_write),
        cmocka_unit_test(a_repository_is_shown_without_its_password),
    };
    return cmocka_run_group_tests(tests, NULL, leave);
}
