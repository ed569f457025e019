/* tests/store/test_journal_tail.c: what stands in a journal and what is added to it, and the lease
 * of its folder. */
#include "store/journal_tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/json.h"
#include "store/journal_file.h"
#include "store/lease.h"
#include "tests/cmocka.h"
#include "tests/store/scratch.h"

enum { TURN_MS = 1000 };

struct fixture {
    struct scratch s;
    struct io *io;
    struct journal_file *f; /* of another writer */
    struct journal_tail *tail;
    struct buf told; /* "a b c" */
    int caught_up, looked;
    char why[640];
};

static void on_record(void *arg, const struct record *r)
{
    struct fixture *t = arg;

    buf_addf(&t->told, "%s%s", t->told.len ? " " : "", json_string(json_get(r->what, "x")));
}

static void on_caught_up(void *arg, const struct err *why)
{
    struct fixture *t = arg;

    t->caught_up++;
    snprintf(t->why, sizeof t->why, "%s", why ? why->msg : "");
}

static void on_looked(void *arg)
{
    struct fixture *t = arg;

    t->looked++;
}

static void follow(struct fixture *t)
{
    static const char *const codes[] = { "ONE", "TWO", NULL };

    t->tail = journal_tail_new(
        t->io, t->s.dir,
        &(struct journal_tail_events){ codes, on_record, on_caught_up, on_looked, t });
}

static void add(struct fixture *t, const char *code, const char *x)
{
    struct record_origin o;
    struct record_link at;
    struct err err;
    char what[40];

    if (!t->f)
        t->f = journal_file_open(t->s.dir, true, &err);
    assert_non_null(t->f);
    record_origin_take(&o);
    snprintf(what, sizeof what, "{\"x\":\"%s\"}", x);
    assert_int_equal(journal_file_append(t->f, &o, code, what, &at, &err), JOURNAL_DURABLE);
}

static void then(struct fixture *t, const char *told)
{
    io_advance(t->io, TURN_MS + 1);
    assert_string_equal(buf_str(&t->told), told);
}

static int make(void **state)
{
    struct fixture *t = calloc(1, sizeof *t);

    assert_non_null(t);
    scratch_make(&t->s);
    t->io = io_new_virtual(1769652000000);
    *state = t;
    return 0;
}

static int drop(void **state)
{
    struct fixture *t = *state;

    journal_tail_free(t->tail);
    journal_file_close(t->f);
    io_free(t->io);
    scratch_drop(&t->s);
    buf_fini(&t->told);
    free(t);
    return 0;
}

static void what_stands_there_and_what_is_added_is_told_once(void **state)
{
    struct fixture *t = *state;

    add(t, "ONE", "a");
    add(t, "OTHER", "b");
    add(t, "TWO", "c");
    follow(t);
    assert_int_equal(t->caught_up, 0); /* never inside the call */
    then(t, "a c");
    assert_int_equal(t->caught_up, 1);
    then(t, "a c");
    add(t, "TWO", "d");
    add(t, "ON", "e"); /* a code that begins like a wanted one */
    then(t, "a c d");
    assert_string_equal(t->why, "");
}

static void a_journal_may_begin_later(void **state)
{
    struct fixture *t = *state;

    follow(t);
    then(t, "");
    assert_int_equal(t->caught_up, 1); /* all of nothing was told */
    add(t, "ONE", "a");
    then(t, "a");
}

static void one_that_cannot_be_read_is_tried_again(void **state)
{
    struct fixture *t = *state;

    add(t, "ONE", "a");
    assert_int_equal(chmod(t->s.dir, 0755), 0);
    follow(t);
    then(t, "");
    assert_non_null(strstr(t->why, "others can enter its folder"));
    assert_int_equal(chmod(t->s.dir, 0700), 0);
    then(t, "a");
    assert_string_equal(t->why, "");
}

static void an_unfinished_record_waits(void **state)
{
    struct fixture *t = *state;
    struct buf all = { 0 };

    add(t, "ONE", "a");
    add(t, "ONE", "b");
    scratch_read(&t->s, JOURNAL_NAME, &all);
    scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len - 5);
    follow(t);
    then(t, "a");
    scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len);
    then(t, "a b");
    buf_fini(&all);
}

/* It is named by whoever verifies; what comes after it still counts. */
static void a_damaged_record_is_passed_over(void **state)
{
    struct fixture *t = *state;
    struct buf all = { 0 };
    char *b;

    add(t, "ONE", "a");
    add(t, "ONE", "b");
    add(t, "ONE", "c");
    scratch_read(&t->s, JOURNAL_NAME, &all);
    b = strstr(all.bytes, "\"x\":\"b\"");
    assert_non_null(b);
    b[5] = 'B';
    scratch_write(&t->s, JOURNAL_NAME, all.bytes, all.len);
    follow(t);
    then(t, "a c");
    buf_fini(&all);
}

static void another_journal_in_its_place_is_told_from_its_beginning(void **state)
{
    struct fixture *t = *state;

    add(t, "ONE", "a");
    add(t, "ONE", "b");
    follow(t);
    then(t, "a b");
    scratch_remove(&t->s, JOURNAL_NAME);
    journal_file_close(t->f);
    t->f = NULL;
    add(t, "ONE", "c");
    then(t, "a b c");
}

static void a_look_can_be_asked_for(void **state)
{
    struct fixture *t = *state;

    follow(t);
    then(t, "");
    add(t, "ONE", "a");
    assert_int_equal(t->looked, 0);
    journal_tail_look(t->tail);
    io_advance(t->io, 1);
    assert_string_equal(buf_str(&t->told), "a");
    assert_int_equal(t->looked, 1);
    then(t, "a");
    assert_int_equal(t->looked, 1);
}

/* ---- the lease ---- */

static void one_of_many_holds_the_lease(void **state)
{
    struct fixture *t = *state;
    struct err err;
    struct lease *a = lease_try(t->s.dir, "collector", &err), *b;

    assert_non_null(a);
    assert_null(lease_try(t->s.dir, "collector", &err));
    assert_string_equal(err.msg, ""); /* that is no error */
    b = lease_try(t->s.dir, "other", &err);
    assert_non_null(b);
    lease_free(b);
    lease_free(a);
    a = lease_try(t->s.dir, "collector", &err);
    assert_non_null(a);
    lease_free(a);
    assert_int_equal(chmod(t->s.dir, 0755), 0);
    assert_null(lease_try(t->s.dir, "collector", &err));
    assert_non_null(strstr(err.msg, "others can enter its folder"));
    assert_int_equal(chmod(t->s.dir, 0700), 0);
}

static void it_ends_with_its_holder(void **state)
{
    static struct lease *l;
    struct fixture *t = *state;
    struct err err;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        l = lease_try(t->s.dir, "collector", &err);
        _exit(l ? 0 : 1); /* as if it were killed */
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    l = lease_try(t->s.dir, "collector", &err);
    assert_non_null(l);
    lease_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_stands_there_and_what_is_added_is_told_once, make,
                                        drop),
        cmocka_unit_test_setup_teardown(a_journal_may_begin_later, make, drop),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_read_is_tried_again, make, drop),
        cmocka_unit_test_setup_teardown(an_unfinished_record_waits, make, drop),
        cmocka_unit_test_setup_teardown(a_damaged_record_is_passed_over, make, drop),
        cmocka_unit_test_setup_teardown(another_journal_in_its_place_is_told_from_its_beginning,
                                        make, drop),
        cmocka_unit_test_setup_teardown(a_look_can_be_asked_for, make, drop),
        cmocka_unit_test_setup_teardown(one_of_many_holds_the_lease, make, drop),
        cmocka_unit_test_setup_teardown(it_ends_with_its_holder, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
