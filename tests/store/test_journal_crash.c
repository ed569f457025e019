/* tests/store/test_journal_crash.c: the process ends, or the power fails, at every call that
 * writes: what was acknowledged is there, the chain is whole, and the journal goes on. */
#include "store/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cmocka.h"
#include "tests/store/scratch.h"

enum { CALLS_MAX = 400, POWER_RECORDS = 40, BLOCK = 512 };

/* ---- the calls that write, before the C library's ---- */

static int calls;         /* so many were made */
static int die_at = -1;   /* the process ends in this one, ... */
static int die_part;      /* ... with so many quarters of it done, of a write */
static int fail_at = -1;  /* EIO in this one */
static struct buf *wrote; /* what write() was given, ... */
static size_t on_disk;    /* ... and how much of it was synced since */
static int names_kept;    /* folders that were synced */

static bool call_is_last(void)
{
    calls++;
    return calls == die_at;
}

static bool call_fails(void)
{
    if (calls != fail_at)
        return false;
    errno = EIO;
    return true;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (fd <= STDERR_FILENO) /* the tests' own words */
        return syscall(SYS_write, fd, bytes, n);
    if (call_is_last()) {
        syscall(SYS_write, fd, bytes, n * (size_t)die_part / 4);
        _exit(9);
    }
    if (call_fails()) {
        syscall(SYS_write, fd, bytes, n / 2);
        return -1;
    }
    if (wrote)
        buf_add(wrote, bytes, n);
    return syscall(SYS_write, fd, bytes, n);
}

/* The power fails in these tests, not in this machine: the disk itself is not waited for. */
int fdatasync(int fd)
{
    (void)fd;
    if (call_is_last())
        _exit(9);
    if (call_fails())
        return -1;
    on_disk = wrote ? wrote->len : 0;
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    if (call_is_last())
        _exit(9);
    names_kept++;
    return call_fails() ? -1 : 0;
}

int ftruncate(int fd, off_t length)
{
    if (call_is_last())
        _exit(9);
    return call_fails() ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

int renameat(int from, const char *old, int to, const char *name)
{
    if (call_is_last())
        _exit(9);
    return call_fails() ? -1 : (int)syscall(SYS_renameat, from, old, to, name);
}

/* ---- what all of it must leave ---- */

static enum journal_outcome append(struct journal_file *f, struct record_link *at, struct err *err)
{
    struct record_origin o;

    record_origin_take(&o);
    return journal_file_append(f, &o, "NOTE", "{\"text\":\"what was seen, and what was done\"}", at,
                               err);
}

/* `acked` is there, nothing is changed, and a new record follows. */
static void is_whole(const struct scratch *s, const struct record_link *acked, const char *when)
{
    struct journal_health h;
    struct record_link at;
    struct err err = { "" };
    struct journal_file *f = journal_file_open(s->dir, true, &err);

    if (!f || append(f, &at, &err) != JOURNAL_DURABLE)
        fail_msg("%s: %s", when, err.msg);
    if (!journal_file_walk(f, NULL, acked->n ? acked : NULL, &h, &err))
        fail_msg("%s: %s", when, err.msg);
    if (h.bad_n || h.torn_bytes || h.head.n != at.n || at.n <= acked->n)
        fail_msg("%s: acknowledged %lld, head %lld, bad %lld: %s", when, (long long)acked->n,
                 (long long)h.head.n, (long long)h.bad_n, h.why.msg);
    journal_file_close(f);
}

/* ---- the process ends ---- */

/* Appends and tells of each one that is durable, until it ends. */
static void session(const struct scratch *s, int tell, int n)
{
    struct err err;
    struct record_link at;
    struct journal_file *f = journal_file_open(s->dir, true, &err);

    for (int i = 0; f && i < n; i++)
        if (append(f, &at, &err) == JOURNAL_DURABLE)
            syscall(SYS_write, tell, &at, sizeof at);
    journal_file_close(f);
    _exit(0);
}

/* True when it came to its end by itself. */
static bool killed_at(const struct scratch *s, int call, int part, struct record_link *acked)
{
    struct record_link at;
    int fds[2], status;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        calls = 0;
        die_at = call;
        die_part = part;
        close(fds[0]);
        session(s, fds[1], 4);
    }
    close(fds[1]);
    while (read(fds[0], &at, sizeof at) == (ssize_t)sizeof at)
        *acked = at;
    close(fds[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* `damage`: what stands there at the start. */
static int kill_everywhere(const char *damage)
{
    int kills = 0;

    for (int part = 0; part <= 4; part++) {
        bool ended = false;

        for (int call = 1; call < CALLS_MAX && !ended; call++) {
            struct record_link acked = { 0 };
            struct scratch s;
            char when[80];

            scratch_make(&s);
            if (damage)
                scratch_write(&s, JOURNAL_NAME, damage, strlen(damage));
            ended = killed_at(&s, call, part, &acked);
            kills += !ended;
            snprintf(when, sizeof when, "killed in call %d, %d/4 of it done", call, part);
            is_whole(&s, &acked, when);
            scratch_drop(&s);
        }
        assert_true(ended);
    }
    return kills;
}

static void killed_in_any_call_it_loses_nothing(void **state)
{
    (void)state;
    assert_in_range(kill_everywhere(NULL), 30, 10000);
    assert_in_range(kill_everywhere("{\"n\":1,\"prev\":\"0"), 30, 10000);
    assert_in_range(kill_everywhere("what is this?\n"), 30, 10000);
}

/* ---- the disk refuses ---- */

/* Each call fails once: what was told durable is there, and what was refused is not. */
static void an_error_in_any_call_is_told(void **state)
{
    int refused = 0, doubted = 0;

    (void)state;
    for (int call = 1; call < 16; call++) {
        struct scratch s;
        struct record_link acked = { 0 }, at;
        struct journal_file *f;
        struct err err;
        char when[80];

        scratch_make(&s);
        scratch_write(&s, JOURNAL_NAME, "{\"n\":1,", 7);
        calls = 0;
        fail_at = call;
        f = journal_file_open(s.dir, true, &err);
        for (int i = 0; f && i < 3; i++) {
            enum journal_outcome outcome = append(f, &at, &err);

            refused += outcome == JOURNAL_REFUSED;
            doubted += outcome == JOURNAL_IN_DOUBT;
            if (outcome == JOURNAL_DURABLE)
                acked = at;
        }
        fail_at = -1;
        journal_file_close(f);
        snprintf(when, sizeof when, "call %d failed", call);
        is_whole(&s, &acked, when);
        scratch_drop(&s);
    }
    assert_in_range(refused, 3, 12);
    assert_int_equal(doubted, 3); /* one for each append whose fdatasync was hit */
}

/* ---- the power fails ---- */

struct power {
    struct scratch s;
    struct buf durable,
        last; /* up to the last acknowledged record; what is being written after it */
    struct record_link acked;
    int images;
};

/* The disk as it may be found: `last` with only what `kept` says, and zeros for the rest up to
 * `size`. */
static void power_image(struct power *p, size_t size, bool (*kept)(size_t at, int arg), int arg)
{
    struct buf image = { 0 };
    char when[80];

    buf_add(&image, buf_str(&p->durable), p->durable.len);
    for (size_t i = 0; i < size; i++)
        buf_addc(&image, kept(p->durable.len + i, arg) ? p->last.bytes[i] : '\0');
    scratch_write(&p->s, JOURNAL_NAME, buf_str(&image), image.len);
    snprintf(when, sizeof when, "record %lld, %zu of %zu bytes, %d", (long long)p->acked.n + 1,
             size, p->last.len, arg);
    is_whole(&p->s, &p->acked, when);
    scratch_empty(&p->s);
    p->images++;
    buf_fini(&image);
}

static bool all_of_it(size_t at, int arg)
{
    (void)at;
    (void)arg;
    return true;
}

static bool none_of_it(size_t at, int arg)
{
    (void)at;
    (void)arg;
    return false;
}

/* Blocks reach the disk in any order: every second one of the file has. */
static bool some_blocks(size_t at, int arg)
{
    return (int)(at / BLOCK % 2) == arg;
}

static void the_power_fails_and_nothing_acknowledged_is_lost(void **state)
{
    struct power p = { .images = 0 };
    struct scratch s;
    struct journal_file *f;
    struct err err = { "" };

    (void)state;
    scratch_make(&s);
    scratch_make(&p.s);
    names_kept = 0;
    f = journal_file_open(s.dir, true, &err);
    assert_int_equal(names_kept, 1); /* a file whose name is lost is lost */
    for (int i = 0; i < POWER_RECORDS; i++) {
        struct record_link at;

        buf_clear(&p.last);
        wrote = &p.last;
        on_disk = 0;
        if (!f || append(f, &at, &err) != JOURNAL_DURABLE)
            fail_msg("%s", err.msg);
        wrote = NULL;
        assert_int_equal(on_disk, p.last.len); /* before it was told */
        for (size_t size = 0; size <= p.last.len; size++)
            power_image(&p, size, all_of_it, 0);
        power_image(&p, p.last.len, none_of_it, 0);
        power_image(&p, p.last.len, some_blocks, 0);
        power_image(&p, p.last.len, some_blocks, 1);
        buf_add(&p.durable, p.last.bytes, p.last.len);
        p.acked = at;
    }
    assert_in_range(p.images, 10000, 100000);
    buf_fini(&p.durable);
    buf_fini(&p.last);
    journal_file_close(f);
    scratch_drop(&s);
    scratch_drop(&p.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_in_any_call_it_loses_nothing),
        cmocka_unit_test(an_error_in_any_call_is_told),
        cmocka_unit_test(the_power_fails_and_nothing_acknowledged_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
