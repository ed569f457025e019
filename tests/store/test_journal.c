/* tests/store/test_journal.c: what was said to be written is there; what was changed is found. */
#include "store/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/json.h"
#include "tests/cmocka.h"
#include "tests/store/scratch.h"

enum { RECORDS = 100 };

static struct journal_file *journal(const struct scratch *s)
{
    struct err err;
    struct journal_file *f = journal_file_open(s->dir, true, &err);

    if (!f)
        fail_msg("%s", err.msg);
    return f;
}

/* What most tests hold: a folder, and the journal in it. */
struct held {
    struct scratch s;
    struct journal_file *f; /* or NULL */
};

static int hold_folder(void **state)
{
    struct held *t = calloc(1, sizeof *t);

    assert_non_null(t);
    scratch_make(&t->s);
    *state = t;
    return 0;
}

static int hold(void **state)
{
    struct held *t;

    hold_folder(state);
    t = *state;
    t->f = journal(&t->s);
    return 0;
}

static void held_close(struct held *t)
{
    if (t->f)
        journal_file_close(t->f);
    t->f = NULL;
}

static int let_go(void **state)
{
    struct held *t = *state;

    held_close(t);
    scratch_drop(&t->s);
    free(t);
    return 0;
}

/* Who is refused because others hold the lock, here without a pause, and for long where the program
 * is slow, has written nothing: so it may try again. */
static struct record_link write_one(struct journal_file *f, const char *code, const char *what)
{
    struct record_origin o;
    struct record_link at;
    struct err err = { "" };
    enum journal_outcome outcome;
    int tries = 20;

    record_origin_take(&o);
    do
        outcome = journal_file_append(f, &o, code, what, &at, &err);
    while (outcome == JOURNAL_REFUSED && strstr(err.msg, "held by another") && --tries > 0);
    if (outcome != JOURNAL_DURABLE)
        fail_msg("%s", err.msg);
    return at;
}

static struct record_link write_many(struct journal_file *f, int n)
{
    struct record_link at = { 0 };

    for (int i = 0; i < n; i++) {
        char what[80];

        snprintf(what, sizeof what, "{\"i\":%d,\"note\":\"%.*s\"}", i, i % 40,
                 "the quick brown fox jumps over the dog");
        at = write_one(f, "NOTE", what);
    }
    return at;
}

static struct journal_health walk(struct journal_file *f, const struct record_link *published)
{
    struct journal_health h;
    struct err err;

    if (!journal_file_walk(f, NULL, published, &h, &err))
        fail_msg("%s", err.msg);
    return h;
}

/* ---- written and read ---- */

struct last {
    struct record r;
    int n;
};

static bool keep_last(void *arg, const char *line, size_t len)
{
    struct last *l = arg;
    struct err err;

    record_fini(&l->r);
    if (!record_read(&l->r, line, len, &err))
        fail_msg("%s", err.msg);
    l->n++;
    return true;
}

static void what_was_written_is_read(void **state)
{
    struct held *t = *state;
    struct journal_health h;
    struct last last = { 0 };
    struct record_link at;
    struct err err;

    write_many(t->f, 3);
    at = write_one(t->f, "ACK", "{\"alert\":\"api\",\"note\":\"line\\nfeed \xe2\x80\xae bidi\"}");
    assert_true(journal_file_walk(t->f, &(struct journal_walk){ keep_last, &last }, &at, &h, &err));
    assert_int_equal(h.bad_n, 0);
    assert_int_equal(h.torn_bytes, 0);
    assert_int_equal(h.head.n, 4);
    assert_string_equal(h.head.hash, at.hash);
    assert_int_equal(last.n, 4);
    assert_int_equal(last.r.n, 4);
    assert_int_equal(last.r.uid, getuid());
    assert_int_equal(last.r.pid, getpid());
    assert_string_equal(text_str(&last.r.code), "ACK");
    assert_string_equal(json_string(json_get(last.r.what, "alert")), "api");
    assert_true(last.r.mono_ms > 0 && last.r.at_ms > 1700000000000LL);
    record_fini(&last.r);
}

static void a_journal_goes_on_where_it_stood(void **state)
{
    struct held *t = *state;
    struct record_link at;

    write_many(t->f, 2);
    held_close(t);
    t->f = journal(&t->s);
    at = write_one(t->f, "NOTE", "{}");
    assert_int_equal(at.n, 3);
    assert_int_equal(walk(t->f, &at).bad_n, 0);
}

/* Two that hold the same journal know of each other's records. */
static void writers_take_turns(void **state)
{
    enum { WRITERS = 4, EACH = 25 };
    struct held *t = *state;
    pid_t pids[WRITERS];

    for (int w = 0; w < WRITERS; w++) {
        pids[w] = fork();
        if (pids[w] == 0) {
            struct journal_file *mine = journal(&t->s);

            write_many(mine, EACH);
            journal_file_close(mine);
            _exit(0);
        }
    }
    t->f = journal(&t->s); /* after the children: what they inherited of it would be lost in them */
    write_many(t->f, EACH);
    for (int w = 0; w < WRITERS; w++) {
        int status;

        waitpid(pids[w], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(walk(t->f, NULL).head.n, (WRITERS + 1) * EACH);
    assert_int_equal(write_one(t->f, "NOTE", "{}").n, (WRITERS + 1) * EACH + 1);
    assert_int_equal(walk(t->f, NULL).bad_n, 0);
}

static void a_record_too_long_is_refused_whole(void **state)
{
    struct held *t = *state;
    struct record_origin o;
    struct record_link at;
    struct err err = { "" };
    char *what = malloc(RECORD_MAX + 1);

    assert_non_null(what);
    memset(what, 'x', RECORD_MAX);
    memcpy(what, "{\"a\":\"", 6);
    memcpy(what + RECORD_MAX - 2, "\"}", 3);
    write_many(t->f, 1);
    record_origin_take(&o);
    assert_int_equal(journal_file_append(t->f, &o, "NOTE", what, &at, &err), JOURNAL_REFUSED);
    assert_non_null(strstr(err.msg, "too long"));
    assert_int_equal(write_one(t->f, "NOTE", "{}").n, 2);
    assert_int_equal(walk(t->f, NULL).bad_n, 0);
    free(what);
}

/* ---- changed afterwards ---- */

/* Each bit of each record, held against the chain as a walk does it. */
static void every_flipped_bit_is_found(void **state)
{
    struct held *t = *state;
    struct record_link link;
    struct buf all = { 0 };
    size_t start = 0;

    write_many(t->f, RECORDS);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    record_link_init(&link);
    for (int n = 1; n <= RECORDS; n++) {
        char *line = all.bytes + start, *nl = memchr(line, '\n', all.len - start);
        size_t len = (size_t)(nl - line);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            struct record_link at = link;
            struct err err = { "" };
            char want[32];

            line[bit / 8] ^= (char)(1 << bit % 8);
            if (record_follows(line, len, &at, &err))
                fail_msg("bit %zu of record %d: not found", bit, n);
            snprintf(want, sizeof want, "record %d: ", n);
            if (strncmp(err.msg, want, strlen(want)) != 0)
                fail_msg("bit %zu of record %d: %s", bit, n, err.msg);
            line[bit / 8] ^= (char)(1 << bit % 8);
        }
        assert_true(record_follows(line, len, &link, NULL));
        start += len + 1;
    }
    buf_fini(&all);
}

/* In the file: a walk names the first bad record, and nothing after it is shown. */
static void the_first_bad_record_is_named(void **state)
{
    struct held *t = *state;
    struct buf all = { 0 };
    size_t start = 0;

    write_many(t->f, 20);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    for (int n = 1; n <= 20; n++) {
        char *nl = memchr(all.bytes + start, '\n', all.len - start);
        size_t len = (size_t)(nl - all.bytes) - start;

        for (size_t at = start; at <= start + len; at += 37) { /* the line feed too, now and then */
            struct journal_health h;

            all.bytes[at] ^= 1;
            scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len);
            h = walk(t->f, NULL);
            all.bytes[at] ^= 1;
            if (h.bad_n != n && !(n == 20 && h.torn_bytes > 0 && h.head.n == 19))
                fail_msg("byte %zu of record %d: named %lld: %s", at - start, n, (long long)h.bad_n,
                         h.why.msg);
        }
        start += len + 1;
    }
    buf_fini(&all);
}

/* Cut anywhere: an unfinished record shows by itself, a missing one against a published head. */
static void every_cut_is_found(void **state)
{
    struct held *t = *state;
    struct record_link head;
    struct buf all = { 0 };

    head = write_many(t->f, 5);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    for (size_t cut = 0; cut < all.len; cut++) {
        struct journal_health h, against;

        scratch_write(&t->s, JOURNAL_NAME, all.bytes, cut);
        h = walk(t->f, NULL);
        against = walk(t->f, &head);
        if (cut > 0 && all.bytes[cut - 1] != '\n' && h.torn_bytes == 0)
            fail_msg("cut at %zu: not found", cut);
        assert_int_equal(h.bad_n, 0);
        assert_int_equal(against.bad_n, against.head.n + 1);
        assert_non_null(strstr(against.why.msg, "record 5 was published"));
    }
    buf_fini(&all);
}

/* Written anew from its third record on, with hashes that are right. */
static void a_journal_written_anew_is_found(void **state)
{
    struct held *t = *state;
    struct record_link head;
    struct buf two = { 0 };
    struct journal_health h;

    write_many(t->f, 2);
    scratch_read(&t->s, JOURNAL_NAME, &two);
    head = write_many(t->f, 2);
    held_close(t);
    scratch_write(&t->s, JOURNAL_NAME, two.bytes, two.len);
    t->f = journal(&t->s);
    write_one(t->f, "NOTE", "{\"nothing\":\"happened\"}");
    write_one(t->f, "NOTE", "{}");
    assert_int_equal(walk(t->f, NULL).bad_n, 0);
    h = walk(t->f, &head);
    assert_int_equal(h.bad_n, 4);
    assert_non_null(strstr(h.why.msg, "written anew"));
    buf_fini(&two);
}

static void a_record_taken_out_is_missed(void **state)
{
    struct held *t = *state;
    struct buf all = { 0 };
    struct journal_health h;
    char *second, *third;

    write_many(t->f, 4);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    second = strchr(all.bytes, '\n') + 1;
    third = strchr(second, '\n') + 1;
    memmove(second, third, (size_t)(all.bytes + all.len - third));
    scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len - (size_t)(third - second));
    h = walk(t->f, NULL);
    assert_int_equal(h.bad_n, 2);
    assert_string_equal(h.why.msg, "record 2 is missing: 3 stands in its place");
    buf_fini(&all);
}

/* ---- mended ---- */

static void an_unfinished_record_is_set_aside(void **state)
{
    struct held *t = *state;
    struct last last = { 0 };
    struct journal_health h;
    struct buf all = { 0 }, torn = { 0 };
    struct err err;
    const char *aside;

    write_many(t->f, 2);
    held_close(t);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    buf_adds(&all, "{\"n\":3,\"prev\":\"00");
    scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len);
    t->f = journal(&t->s);
    assert_int_equal(walk(t->f, NULL).torn_bytes, 17);
    assert_int_equal(write_one(t->f, "NOTE", "{}").n, 4);
    assert_true(
        journal_file_walk(t->f, &(struct journal_walk){ keep_last, &last }, NULL, &h, &err));
    assert_int_equal(h.head.n, 4);
    assert_int_equal(h.bad_n, 0);
    assert_int_equal(h.torn_bytes, 0);
    record_fini(&last.r);

    scratch_line(&t->s, JOURNAL_NAME, 3, &all);
    assert_true(record_read(&last.r, all.bytes, all.len, &err));
    assert_string_equal(text_str(&last.r.code), JOURNAL_MENDED);
    aside = json_string(json_get(last.r.what, "aside"));
    scratch_read(&t->s, aside, &torn);
    assert_string_equal(torn.bytes, "{\"n\":3,\"prev\":\"00");
    record_fini(&last.r);
    buf_fini(&all);
    buf_fini(&torn);
}

/* A record that says what was mended stands as the nth; the bytes that it names are these. */
static void mended_is(const struct scratch *s, int n, const char *bytes, size_t len)
{
    struct buf line = { 0 }, kept = { 0 };
    struct record r;
    struct err err;

    scratch_line(s, JOURNAL_NAME, n, &line);
    if (!record_read(&r, line.bytes, line.len, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(text_str(&r.code), JOURNAL_MENDED);
    scratch_read(s, json_string(json_get(r.what, "aside")), &kept);
    assert_int_equal(kept.len, len);
    assert_memory_equal(kept.bytes, bytes, len);
    record_fini(&r);
    buf_fini(&kept);
    buf_fini(&line);
}

static void a_damaged_last_record_is_set_aside(void **state)
{
    struct held *t = *state;
    struct buf all = { 0 };
    size_t last;

    write_many(t->f, 2);
    held_close(t);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    all.bytes[all.len - 10] ^= 4;
    scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len);
    last = (size_t)(strchr(all.bytes, '\n') + 1 - all.bytes);
    t->f = journal(&t->s);
    assert_int_equal(write_one(t->f, "NOTE", "{}").n, 3); /* 2 tells what happened */
    assert_int_equal(walk(t->f, NULL).bad_n, 0);
    mended_is(&t->s, 2, all.bytes + last, all.len - last);
    buf_fini(&all);
}

/* What was acknowledged after it stays: the damaged one is named by whoever verifies. */
static void damage_further_up_stays_where_it_is(void **state)
{
    struct held *t = *state;
    struct buf all = { 0 };

    write_many(t->f, 4);
    held_close(t);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    all.bytes[200] ^= 4;
    scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len);
    t->f = journal(&t->s);
    assert_int_equal(write_one(t->f, "NOTE", "{}").n, 5);
    assert_int_equal(walk(t->f, NULL).bad_n, 1);
    buf_fini(&all);
}

/* Nothing can follow an end that is no record: its bytes stay, under another name. */
static void what_is_no_journal_is_kept_and_one_begins(void **state)
{
    static const char *const foreign[] = { "\n", "hello\nworld\n", "no line at all",
                                           "{}\n{\"n\":1}\n" };

    (void)state;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct scratch s;
        struct journal_file *f;

        scratch_make(&s);
        scratch_write(&s, JOURNAL_NAME, foreign[i], strlen(foreign[i]));
        f = journal(&s);
        assert_int_equal(write_one(f, "NOTE", "{}").n, 2); /* 1 tells what happened */
        assert_int_equal(walk(f, NULL).bad_n, 0);
        mended_is(&s, 1, foreign[i], strlen(foreign[i]));
        journal_file_close(f);
        scratch_drop(&s);
    }
}

/* What was known is told by the first record of what stands there now. */
static void what_vanished_under_us_is_told(void (*happen)(struct scratch *s))
{
    struct scratch s;
    struct journal_file *f;
    struct record_link known;
    struct buf line = { 0 };
    struct record r;
    struct err err;
    double n;

    scratch_make(&s);
    f = journal(&s);
    known = write_many(f, 3);
    happen(&s);
    write_one(f, "NOTE", "{}");
    assert_int_equal(walk(f, NULL).bad_n, 0);
    scratch_line(&s, JOURNAL_NAME, 1, &line);
    assert_true(record_read(&r, line.bytes, line.len, &err));
    assert_string_equal(text_str(&r.code), JOURNAL_MENDED);
    assert_true(json_number(json_get(r.what, "known_n"), &n));
    assert_int_equal((int)n, 3);
    assert_string_equal(json_string(json_get(r.what, "known_h")), known.hash);
    record_fini(&r);
    buf_fini(&line);
    journal_file_close(f);
    scratch_drop(&s);
}

static void it_is_removed(struct scratch *s)
{
    scratch_remove(s, JOURNAL_NAME);
}

static void it_is_emptied(struct scratch *s)
{
    scratch_write(s, JOURNAL_NAME, "", 0);
}

static void another_takes_its_place(struct scratch *s)
{
    scratch_remove(s, JOURNAL_NAME);
    scratch_write(s, JOURNAL_NAME, "", 0);
}

static void a_journal_that_vanishes_is_told(void **state)
{
    (void)state;
    what_vanished_under_us_is_told(it_is_removed);
    what_vanished_under_us_is_told(it_is_emptied);
    what_vanished_under_us_is_told(another_takes_its_place);
}

/* ---- refused ---- */

static void a_full_disk_leaves_no_piece(void **state)
{
    struct held *t = *state;
    struct record_origin o;
    struct record_link at;
    struct err err = { "" };
    struct rlimit was, now;
    struct buf all = { 0 };

    write_many(t->f, 2);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    now = was;
    now.rlim_cur = all.len + 20; /* 20 bytes of the record have room */
    setrlimit(RLIMIT_FSIZE, &now);
    record_origin_take(&o);
    assert_int_equal(journal_file_append(t->f, &o, "NOTE", "{}", &at, &err), JOURNAL_REFUSED);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_non_null(strstr(err.msg, "cannot write"));
    assert_int_equal(walk(t->f, NULL).torn_bytes, 0);
    assert_int_equal(write_one(t->f, "NOTE", "{}").n, 3); /* and it goes on by itself */
    assert_int_equal(walk(t->f, NULL).bad_n, 0);
    buf_fini(&all);
}

static void what_others_can_reach_is_refused(void **state)
{
    struct held *t = *state;
    struct err err;
    char path[256];

    assert_int_equal(chmod(t->s.dir, 0755), 0);
    assert_null(journal_file_open(t->s.dir, true, &err));
    assert_non_null(strstr(err.msg, "others can enter its folder (mode 0755); chmod 700"));
    assert_int_equal(chmod(t->s.dir, 0700), 0);

    scratch_write(&t->s, JOURNAL_NAME, "", 0);
    snprintf(path, sizeof path, "%s/" JOURNAL_NAME, t->s.dir);
    assert_int_equal(chmod(path, 0640), 0);
    assert_null(journal_file_open(t->s.dir, true, &err));
    assert_non_null(strstr(err.msg, "(mode 0640); chmod 600"));

    scratch_remove(&t->s, JOURNAL_NAME);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_null(journal_file_open(t->s.dir, true, &err));
    assert_non_null(strstr(err.msg, "cannot open"));
}

/* A stopped writer may hold the lock for ever: nobody waits for ever. */
static void a_held_lock_is_given_up(void **state)
{
    struct held *t = *state;
    struct record_origin o;
    struct record_link at;
    struct err err = { "" };
    char path[256];
    int fd;

    write_many(t->f, 1);
    snprintf(path, sizeof path, "%s/" JOURNAL_NAME, t->s.dir);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    record_origin_take(&o);
    assert_int_equal(journal_file_append(t->f, &o, "NOTE", "{}", &at, &err), JOURNAL_REFUSED);
    assert_non_null(strstr(err.msg, "held by another midwatch"));
    assert_int_equal(walk(t->f, NULL).head.n, 1); /* to read is not to wait for ever either */
    close(fd);
    assert_int_equal(write_one(t->f, "NOTE", "{}").n, 2);
}

/* The rest of a record comes from another process, which holds the lock until then. */
static pid_t finish_later(const struct scratch *s, const char *rest, size_t len)
{
    char path[256], go;
    int ready[2], fd;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        snprintf(path, sizeof path, "%s/" JOURNAL_NAME, s->dir);
        fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_EX) != 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        usleep(100000); /* who does not wait for the lock looks now */
        _exit(write(fd, rest, len) != (ssize_t)len);
    }
    assert_int_equal(read(ready[0], &go, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void a_record_that_is_being_written_is_not_torn(void **state)
{
    enum { REST = 20 };
    struct held *t = *state;
    struct journal_file *f = journal(&t->s);
    struct buf all = { 0 };
    struct journal_health h;
    int status;
    pid_t pid;

    write_many(f, 2);
    journal_file_close(f);
    scratch_read(&t->s, JOURNAL_NAME, &all);
    scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len - REST);
    pid = finish_later(&t->s, all.bytes + all.len - REST, REST);
    t->f = journal(&t->s);
    h = walk(t->f, NULL);
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(h.torn_bytes, 0);
    assert_int_equal(h.head.n, 2);
    buf_fini(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read, hold, let_go),
        cmocka_unit_test_setup_teardown(a_journal_goes_on_where_it_stood, hold, let_go),
        cmocka_unit_test_setup_teardown(writers_take_turns, hold_folder, let_go),
        cmocka_unit_test_setup_teardown(a_record_too_long_is_refused_whole, hold, let_go),
        cmocka_unit_test_setup_teardown(every_flipped_bit_is_found, hold, let_go),
        cmocka_unit_test_setup_teardown(the_first_bad_record_is_named, hold, let_go),
        cmocka_unit_test_setup_teardown(every_cut_is_found, hold, let_go),
        cmocka_unit_test_setup_teardown(a_journal_written_anew_is_found, hold, let_go),
        cmocka_unit_test_setup_teardown(a_record_taken_out_is_missed, hold, let_go),
        cmocka_unit_test_setup_teardown(an_unfinished_record_is_set_aside, hold, let_go),
        cmocka_unit_test_setup_teardown(a_damaged_last_record_is_set_aside, hold, let_go),
        cmocka_unit_test_setup_teardown(damage_further_up_stays_where_it_is, hold, let_go),
        cmocka_unit_test(what_is_no_journal_is_kept_and_one_begins),
        cmocka_unit_test(a_journal_that_vanishes_is_told),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_no_piece, hold, let_go),
        cmocka_unit_test_setup_teardown(what_others_can_reach_is_refused, hold_folder, let_go),
        cmocka_unit_test_setup_teardown(a_held_lock_is_given_up, hold, let_go),
        cmocka_unit_test_setup_teardown(a_record_that_is_being_written_is_not_torn, hold_folder,
                                        let_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
