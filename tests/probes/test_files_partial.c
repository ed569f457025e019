/* tests/probes/test_files_partial.c: files that are not whole yet, folders that are read in part,
 * programs that do not come back: nothing of it becomes a good backup, nor a bad one. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <sched.h>
#include <stdatomic.h>

#include "tests/probes/files_case.h"

/* ---- a file system that fails in the middle ---- */

static int readdir_left = -1;       /* entries until it fails; -1 = never */
static atomic_bool readdir_hangs;   /* until it does no more */
static const char *fstatat_refuses; /* this name */

/* In front of libc's. */
struct dirent *readdir(DIR *dir)
{
    static struct dirent *(*real)(DIR * dir);

    while (readdir_hangs)
        sched_yield();
    if (readdir_left == 0) {
        errno = EIO;
        return NULL;
    }
    if (readdir_left > 0)
        readdir_left--;
    if (!real) /* the way POSIX has it for a function */
        *(void **)&real = dlsym(RTLD_NEXT, sizeof(off_t) == 8 ? "readdir64" : "readdir");
    return real(dir);
}

int fstatat(int folder, const char *name, struct stat *st, int flags)
{
    static int (*real)(int folder, const char *name, struct stat *st, int flags);

    if (fstatat_refuses && strcmp(fstatat_refuses, name) == 0) {
        errno = EACCES;
        return -1;
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, sizeof(off_t) == 8 ? "fstatat64" : "fstatat");
    return real(folder, name, st, flags);
}

/* What came before the error is not what is there: the newest may lie behind it. */
static void a_folder_that_is_read_in_part_is_unknown(void **state)
{
    struct folder f;

    (void)state;
    folder_init(&f);
    folder_dump(&f, "db1.sql", HOUR);
    folder_dump(&f, "db2.sql", 2 * HOUR);
    folder_open(&f, PAIRS("rpo", "26h"));
    readdir_left = 3;
    folder_ask(&f);
    readdir_left = -1;
    holds(&f, STATE_UNKNOWN, "Input/output error");
    assert_false(f.c.known);
    folder_ask(&f);
    holds(&f, STATE_UP, "last good 1h");
    fstatat_refuses = "db1.sql"; /* may be the newest, or not: who knows */
    folder_ask(&f);
    fstatat_refuses = NULL;
    holds(&f, STATE_UNKNOWN, "db1.sql: Permission denied");
    assert_false(f.c.known);
    folder_fini(&f);
}

/* ---- being written ---- */

#define GZIP "\x1f\x8b\x08 and so on, and on, and on, and on, and on"

/* An archive begins well long before it ends. Neither its age nor its size says anything yet. */
static void what_is_being_written_is_neither_good_nor_bad(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
        enum state state; /* when nobody writes any more */
        const char *words;
    } half[] = {
        { "db0.sql.gz", GZIP, 40, STATE_UP, "last good 2m" }, /* as large as those before */
        { "db0.sql.gz", GZIP, 5, STATE_DOWN, "db0.sql.gz: its size is 12% of the median" },
        { "db0.sql.gz", "", 0, STATE_DOWN, "db0.sql.gz: 0 bytes" },
        { "db0.dump", "PGDMP\1\2", 7, STATE_DOWN, "db0.dump: its size is 17% of the median" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof half / sizeof *half; i++) {
        struct folder f;

        folder_init(&f);
        folder_put(&f, "db1.sql.gz", GZIP, 40, 25 * HOUR);
        folder_put(&f, "db2.sql.gz", GZIP, 40, 49 * HOUR);
        folder_put(&f, half[i].name, half[i].bytes, half[i].len, 2000);
        folder_open(&f, PAIRS("rpo", "26h"));
        folder_ask(&f);
        holds(&f, STATE_UP, "last good 25h ago, RPO 26h");
        assert_non_null(strstr(f.c.table, "not yet being written"));
        assert_true(f.c.value >= 25 * 3600);
        folder_age(&f, half[i].name, 2 * 60000);
        folder_ask(&f);
        holds(&f, half[i].state, half[i].words);
        folder_fini(&f);
    }
}

/* What proves that it is whole: the last line of a dump, a program that read it to its end. */
static void what_is_whole_is_good_at_once(void **state)
{
    struct folder f;

    (void)state;
    folder_init(&f);
    folder_dump(&f, "db0.sql", 2000);
    folder_open(&f, PAIRS("rpo", "26h"));
    folder_ask(&f);
    holds(&f, STATE_UP, "s ago, RPO 26h");
    folder_fini(&f);
    folder_init(&f);
    folder_put(&f, "db0.tar", "archive", 7, 2000);
    folder_open(&f, PAIRS("rpo", "26h", "verify", "/bin/true", "timeout", "60s"));
    folder_ask(&f);
    holds(&f, STATE_UP, "s ago, RPO 26h");
    folder_fini(&f);
}

/* A clock that is wrong, behind a name that looks right: S14. */
static void a_name_does_not_excuse_a_time_in_the_future(void **state)
{
    struct folder f;
    char name[64], stamp[32];
    time_t at = time(NULL) - 3600;
    struct tm tm;

    (void)state;
    folder_init(&f);
    gmtime_r(&at, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%d_%H%M%S", &tm);
    snprintf(name, sizeof name, "db_%s.sql", stamp);
    folder_dump(&f, name, -5 * HOUR - 30000);
    folder_dump(&f, "db.sql", 25 * HOUR);
    folder_open(&f, PAIRS("rpo", "26h"));
    folder_ask(&f);
    holds(&f, STATE_DOWN, "it was written 5h in the future");
    holds(&f, STATE_DOWN, "last good 25h");
    folder_fini(&f);
}

/* ---- read back ---- */

/* One that hangs says nothing about the others: they are read, too, and nothing else is made of
 * them. */
static void one_that_hangs_does_not_condemn_the_others(void **state)
{
    struct folder f;

    (void)state;
    folder_init(&f);
    folder_dump(&f, "db1.sql", HOUR);
    folder_dump(&f, "db2.sql", 2 * HOUR);
    folder_dump(&f, "db3.sql", 3 * HOUR);
    folder_open(&f, PAIRS("rpo", "26h", VERIFY("case $1 in *db1*) exec sleep 60; esac"),
                          "verify_limit", "1s", "timeout", "60s"));
    folder_ask(&f);
    assert_null(strstr(f.c.table, "has not gone"));
    for (int i = 0; i < 100 && f.c.state == STATE_UNKNOWN; i++)
        folder_ask(&f); /* until the hanging one has gone */
    holds(&f, STATE_UP, "last good 2h");
    assert_non_null(strstr(f.c.table, "did not finish: no end in 1s"));
    folder_fini(&f);
}

/* A dump that grows for hours is not read from its beginning for hours. */
static void what_grows_is_not_read_back_again_and_again(void **state)
{
    struct folder f;
    char script[200], log[128];
    struct stat st;

    (void)state;
    folder_init(&f);
    snprintf(log, sizeof log, "%s/log", f.path);
    snprintf(script, sizeof script, "echo >> %s; exit 1", log);
    folder_put(&f, "db1.tar", "a", 1, 2000);
    folder_open(&f, PAIRS("rpo", "26h", VERIFY(script), "timeout", "60s"));
    folder_ask(&f); /* it may be whole: then it is good at once */
    for (size_t i = 2; i < 5; i++) {
        folder_put(&f, "db1.tar", "aaaaa", i, 2000);
        folder_ask(&f);
        holds(&f, STATE_UNKNOWN, "being written");
    }
    assert_int_equal(stat(log, &st), 0);
    assert_int_equal(st.st_size, 1);
    folder_age(&f, "db1.tar", HOUR);
    folder_ask(&f);
    holds(&f, STATE_DOWN, "says no");
    assert_int_equal(stat(log, &st), 0);
    assert_int_equal(st.st_size, 2);
    folder_fini(&f);
}

/* A program that ends late answers no question that the folder has not answered. */
static void what_was_listed_before_is_no_answer(void **state)
{
    struct folder f;
    char script[200];

    (void)state;
    folder_init(&f);
    folder_dump(&f, "db1.sql", HOUR);
    folder_open(&f, PAIRS("rpo", "26h", VERIFY(folder_gate(&f, script)), "timeout", "300ms"));
    folder_ask(&f);
    holds(&f, STATE_UNKNOWN, "it is being read back");
    readdir_hangs = true;
    folder_put(&f, "go", "", 0, 0);
    folder_ask(&f);
    readdir_hangs = false;
    holds(&f, STATE_UNKNOWN, "the file system does not answer");
    WAIT(&f.c, f.c.closed == 1); /* it came back: it asks to be asked */
    folder_ask(&f);
    holds(&f, STATE_UP, "last good 1h");
    folder_fini(&f);
}

/* ---- checksums ---- */

/* It is there; what it says cannot be known. */
static void a_checksum_that_cannot_be_read_is_unknown(void **state)
{
    struct folder f;
    char path[128];

    (void)state;
    folder_init(&f);
    folder_put(&f, "db1", "hello world", 11, HOUR);
    snprintf(path, sizeof path, "%s/db1.sha256", f.path);
    assert_int_equal(mkdir(path, 0700), 0); /* root may read any file, and no folder as one */
    folder_open(&f, PAIRS("rpo", "26h", "checksum", "true", "timeout", "60s"));
    folder_ask(&f);
    holds(&f, STATE_UNKNOWN, "its checksum file db1.sha256 cannot be read: Is a directory");
    assert_int_equal(rmdir(path), 0);
    folder_put(&f, "db1.sha256", "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
               64, HOUR);
    folder_ask(&f);
    holds(&f, STATE_UP, "last good 1h");
    folder_fini(&f);
}

/* sha256sum x > x.sha256 makes the file first, and counts for as long as it takes. */
static void a_checksum_that_is_being_counted_is_awaited(void **state)
{
    struct folder f;

    (void)state;
    folder_init(&f);
    folder_put(&f, "db1", "hello world", 11, HOUR);
    folder_put(&f, "db1.sha256", "", 0, 5 * 60000);
    folder_open(&f, PAIRS("rpo", "26h", "checksum", "true", "timeout", "60s"));
    folder_ask(&f);
    holds(&f, STATE_UNKNOWN, "db1: its checksum is being counted");
    folder_age(&f, "db1.sha256", 2 * HOUR);
    folder_ask(&f);
    holds(&f, STATE_DOWN, "its checksum file db1.sha256 holds no checksum");
    folder_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_that_is_read_in_part_is_unknown),
        cmocka_unit_test(what_is_being_written_is_neither_good_nor_bad),
        cmocka_unit_test(what_is_whole_is_good_at_once),
        cmocka_unit_test(a_name_does_not_excuse_a_time_in_the_future),
        cmocka_unit_test(one_that_hangs_does_not_condemn_the_others),
        cmocka_unit_test(what_grows_is_not_read_back_again_and_again),
        cmocka_unit_test(what_was_listed_before_is_no_answer),
        cmocka_unit_test(a_checksum_that_cannot_be_read_is_unknown),
        cmocka_unit_test(a_checksum_that_is_being_counted_is_awaited),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
