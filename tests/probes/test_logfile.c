/* tests/probes/test_logfile.c: files that are written, renamed, emptied, replaced and taken away
 * under whoever reads them; bytes into lines. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/cmocka.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "probes/logfile.h"
#include "probes/logline.h"

struct here { /* a folder, a log in it, and what was read of it */
    char dir[64], path[96], other[96];
    struct logfile *file;
    struct logfile_answer answer;
    struct buf lines; /* "one|two|"; "#" is a line that was too long */
    int64_t now_ms;
    int sum;
};

static void here_line(void *arg, const char *line, size_t len)
{
    struct here *h = arg;

    if (!line) {
        buf_adds(&h->lines, "#|");
        return;
    }
    assert_int_equal(line[len] == '\n' || line[len] == '\r', 1);
    for (size_t i = 1; i < LOGLINE_SLACK; i++) /* it can be read: a sanitizer would tell */
        h->sum += line[len + i];
    buf_add(&h->lines, line, len < 20 ? len : 20);
    buf_addc(&h->lines, '|');
}

static void here_open(struct here *h, int64_t tail_bytes)
{
    memset(h, 0, sizeof *h);
    strcpy(h->dir, "/tmp/midwatch-test-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->path, sizeof h->path, "%s/api.log", h->dir);
    snprintf(h->other, sizeof h->other, "%s/api.log.1", h->dir);
    h->file = logfile_new(h->path, tail_bytes);
    h->now_ms = 1769652827000;
}

static void here_close(struct here *h)
{
    logfile_free(h->file);
    buf_fini(&h->lines);
    unlink(h->path);
    unlink(h->other);
    rmdir(h->path);
    assert_int_equal(rmdir(h->dir), 0);
}

static void put(const char *path, const char *text, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Times of files are as fine as the kernel's tick: what comes later is said to be later. */
static void touched(const char *path, int later_s)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = 0 } };

    clock_gettime(CLOCK_REALTIME, &times[1]);
    times[1].tv_sec += later_s;
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int later_s;

static void written_at(const char *path, const char *text)
{
    put(path, text, O_APPEND);
    touched(path, ++later_s);
}

static void written_later(const struct here *h, const char *text)
{
    written_at(h->path, text);
}

/* Looks until there is no more; what came. */
static const char *look(struct here *h)
{
    buf_clear(&h->lines);
    do
        logfile_look(h->file, h->now_ms, 1 << 20, here_line, h, &h->answer);
    while (h->answer.more);
    return buf_str(&h->lines);
}

#define LOOK_IS(h, lines)                             \
    do {                                              \
        assert_string_equal(look(h), lines);          \
        assert_string_equal((h)->answer.why.msg, ""); \
    } while (0)

static void lines_come_as_they_are_written(void **state)
{
    struct here h;

    (void)state;
    here_open(&h, 1 << 20);
    put(h.path, "one\ntwo\nthr", O_APPEND);
    LOOK_IS(&h, "one|two|");
    LOOK_IS(&h, "");
    put(h.path, "ee\r\n\n\nfour", O_APPEND);
    LOOK_IS(&h, "three|");
    put(h.path, "\n", O_APPEND);
    LOOK_IS(&h, "four|");
    assert_true(h.answer.written_ms > 0);
    here_close(&h);
}

static void a_long_file_is_read_back_from_its_tail(void **state)
{
    struct here h;

    (void)state;
    here_open(&h, 10);
    put(h.path, "one\ntwo\nthree\nfour\n", O_APPEND);
    LOOK_IS(&h, "four|"); /* the tail begins amid a line, which is none then */
    put(h.path, "a long one at once\n", O_APPEND);
    LOOK_IS(&h, "a long one at once|");
    here_close(&h);
}

static void it_is_read_in_slices(void **state)
{
    struct here h;
    int looks = 0;

    (void)state;
    here_open(&h, 64 << 20);
    for (int i = 0; i < 100; i++) {
        char block[10001];

        memset(block, 'a' + i % 26, 10000);
        block[9999] = '\n';
        block[10000] = '\0';
        put(h.path, block, O_APPEND);
    }
    do {
        logfile_look(h.file, h.now_ms, 100000, here_line, &h, &h.answer);
        assert_true(!h.answer.more || h.answer.behind > 0 || looks == 9);
        looks++;
    } while (h.answer.more);
    assert_true(looks >= 4 && looks <= 11);
    assert_int_equal(h.lines.len, 100 * 21);
    here_close(&h);
}

/* logrotate's default: rename, create, tell the program; which writes on for a while. */
static void a_renamed_file_is_read_to_its_end(void **state)
{
    struct here h;

    (void)state;
    here_open(&h, 1 << 20);
    put(h.path, "one\n", O_APPEND);
    LOOK_IS(&h, "one|");
    put(h.path, "two\nhal", O_APPEND);
    assert_int_equal(rename(h.path, h.other), 0);
    put(h.path, "three\n", O_APPEND);
    LOOK_IS(&h, "two|three|");
    assert_int_equal(h.answer.rotated, 1);
    put(h.other, "f a line\nlate\n", O_APPEND);
    put(h.path, "four\n", O_APPEND);
    LOOK_IS(&h, "half a line|late|four|");
    put(h.other, "no end", O_APPEND);
    h.now_ms += LOGFILE_LINGER_MS;
    LOOK_IS(&h, "no end|");
    put(h.other, "nobody reads this\n", O_APPEND);
    LOOK_IS(&h, "");
    assert_int_equal(h.answer.rotated, 1);
    here_close(&h);
}

/* Twice between two looks: what had the name in between is not lost. */
static void a_file_that_was_renamed_twice_loses_nothing(void **state)
{
    struct here h;
    char third[128];

    (void)state;
    here_open(&h, 1 << 20);
    snprintf(third, sizeof third, "%s.2", h.path);
    put(h.path, "one\n", O_APPEND);
    LOOK_IS(&h, "one|");
    for (int turn = 0; turn < 3; turn++) { /* the third one goes, and its number comes again */
        char line[16], lines[48];

        snprintf(line, sizeof line, "three%d\n", turn);
        snprintf(lines, sizeof lines, "two|three%d|four|", turn);
        put(h.path, "two\n", O_APPEND);
        rename(h.other, third);
        assert_int_equal(rename(h.path, h.other), 0);
        written_later(&h, line);
        assert_int_equal(rename(h.other, third), 0);
        assert_int_equal(rename(h.path, h.other), 0);
        written_later(&h, "four\n");
        LOOK_IS(&h, lines);
        LOOK_IS(&h, "");
        assert_int_equal(h.answer.rotated, 2 * (turn + 1));
    }
    /* what was read once is not read again, though it is the youngest beside an empty one */
    assert_int_equal(rename(h.path, third), 0);
    put(h.path, "", O_APPEND);
    LOOK_IS(&h, "");
    written_at(third, "late\n");
    LOOK_IS(&h, "late|");
    h.now_ms += LOGFILE_LINGER_MS;
    LOOK_IS(&h, "");
    assert_int_equal(unlink(h.path), 0);
    put(h.path, "five\n", O_APPEND);
    LOOK_IS(&h, "five|");
    assert_int_equal(h.answer.skipped, 0);
    assert_int_equal(unlink(third), 0);
    here_close(&h);
}

static void a_copy_is_not_read_for_what_came_in_between(void **state)
{
    struct here h;
    char copy[128];

    (void)state;
    here_open(&h, 1 << 20);
    snprintf(copy, sizeof copy, "%s.2026-01-29", h.path);
    put(h.path, "one\ntwo\n", O_APPEND);
    LOOK_IS(&h, "one|two|");
    written_at(copy, "one\ntwo\n"); /* younger than what it is a copy of */
    assert_int_equal(rename(h.path, h.other), 0);
    put(h.path, "three\n", O_APPEND);
    LOOK_IS(&h, "three|");
    assert_int_equal(unlink(copy), 0);
    here_close(&h);
}

static void a_file_that_was_packed_in_between_is_told(void **state)
{
    struct here h;
    char packed[128];

    (void)state;
    here_open(&h, 1 << 20);
    snprintf(packed, sizeof packed, "%s.2.gz", h.path);
    put(h.path, "one\n", O_APPEND);
    LOOK_IS(&h, "one|");
    put(packed, "of before", O_APPEND);
    touched(packed, -10);
    assert_int_equal(rename(h.path, h.other), 0);
    put(h.path, "two\n", O_APPEND);
    LOOK_IS(&h, "two|");
    assert_int_equal(h.answer.skipped, 0);
    assert_int_equal(rename(h.path, h.other), 0);
    touched(packed, 10);
    put(h.path, "four\n", O_APPEND);
    LOOK_IS(&h, "four|");
    assert_int_equal(h.answer.skipped, 1);
    assert_int_equal(unlink(packed), 0);
    here_close(&h);
}

/* copytruncate, also with a writer that goes on at its old place: NULs come first. */
static void an_emptied_file_is_read_from_its_start(void **state)
{
    struct here h;
    int fd;

    (void)state;
    here_open(&h, 1 << 20);
    put(h.path, "one\ntwo\npart", O_APPEND);
    LOOK_IS(&h, "one|two|");
    assert_int_equal(truncate(h.path, 0), 0);
    put(h.path, "3\n", O_APPEND);
    LOOK_IS(&h, "3|");
    assert_int_equal(h.answer.emptied, 1);
    /* it grew beyond our place before we looked */
    assert_int_equal(truncate(h.path, 0), 0);
    put(h.path, "four and more\nfive\n", O_APPEND);
    LOOK_IS(&h, "four and more|five|");
    assert_int_equal(h.answer.emptied, 2);
    /* and exactly to it */
    assert_int_equal(truncate(h.path, 0), 0);
    put(h.path, "five and more\nfour\n", O_APPEND);
    LOOK_IS(&h, "five and more|four|");
    fd = open(h.path, O_WRONLY);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, "six\n", 4, 500000), 4);
    close(fd);
    LOOK_IS(&h, "six|");
    here_close(&h);
}

static void a_file_may_come_and_go(void **state)
{
    struct here h;

    (void)state;
    here_open(&h, 1 << 20);
    assert_string_equal(look(&h), "");
    assert_string_equal(h.answer.why.msg, "No such file or directory");
    assert_true(h.answer.absent);
    assert_false(h.answer.gone);
    put(h.path, "one\n", O_APPEND);
    LOOK_IS(&h, "one|");
    put(h.path, "two\n", O_APPEND);
    assert_int_equal(unlink(h.path), 0);
    assert_string_equal(look(&h), "two|");
    assert_true(h.answer.gone);
    put(h.path, "three\n", O_APPEND);
    LOOK_IS(&h, "three|");
    here_close(&h);
}

static void only_a_file_is_read(void **state)
{
    struct here h;

    (void)state;
    here_open(&h, 1 << 20);
    put(h.other, "one\n", O_APPEND);
    assert_int_equal(symlink(h.other, h.path), 0);
    assert_string_equal(look(&h), "");
    assert_string_equal(h.answer.why.msg, "is a symbolic link; name the file that it leads to");
    unlink(h.path);
    assert_int_equal(rename(h.other, h.path), 0);
    LOOK_IS(&h, "one|");
    /* and replaced while it is followed */
    unlink(h.path);
    assert_int_equal(mkfifo(h.path, 0600), 0);
    assert_string_equal(look(&h), "");
    assert_string_equal(h.answer.why.msg, "is a FIFO, no file");
    unlink(h.path);
    assert_int_equal(mkdir(h.path, 0700), 0);
    look(&h);
    assert_string_equal(h.answer.why.msg, "is a folder, no file");
    rmdir(h.path);
    assert_int_equal(symlink("/etc/passwd", h.path), 0);
    assert_string_equal(look(&h), "");
    assert_string_equal(h.answer.why.msg, "is a symbolic link; name the file that it leads to");
    unlink(h.path);
    put(h.path, "back\n", O_APPEND);
    LOOK_IS(&h, "back|");
    here_close(&h);
}

/* Reading beyond what a process has mapped fails as a bad disk does. */
static void a_disk_that_fails_is_told(void **state)
{
    struct logfile *f = logfile_new("/proc/self/mem", 1 << 20);
    struct logfile_answer answer;

    (void)state;
    logfile_look(f, 1, 1 << 20, NULL, NULL, &answer);
    assert_string_equal(answer.why.msg, "cannot be read: Input/output error");
    assert_false(answer.more);
    logfile_free(f);
}

/* Root may read everything: the loss is tried by somebody else, in a process of its own. */
static void a_file_that_may_not_be_read_is_told(void **state)
{
    struct here h;
    int status;
    pid_t pid;

    (void)state;
    here_open(&h, 1 << 20);
    put(h.path, "one\n", O_APPEND);
    chmod(h.path, 0);
    pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && (chmod(h.dir, 0755) < 0 || setuid(65534) < 0))
            _exit(2);
        logfile_look(h.file, 1, 1 << 20, here_line, &h, &h.answer);
        _exit(strcmp(h.answer.why.msg, "cannot be opened: Permission denied") != 0 ||
              h.lines.len != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    chmod(h.path, 0600);
    LOOK_IS(&h, "one|");
    here_close(&h);
}

/* ---- lines ---- */

static void feed(struct here *h, struct logsplit *s, const char *bytes, size_t len)
{
    memcpy(logsplit_room(s, len), bytes, len);
    logsplit_take(s, len, here_line, h);
}

static void any_pieces_give_the_same_lines(void **state)
{
    static const char text[] = "one\n\0\0two\r\n\n\0\nthree\n";

    (void)state;
    for (size_t step = 1; step < sizeof text; step++) {
        struct here h = { .now_ms = 0 };
        struct logsplit s = { .bytes = NULL };

        for (size_t at = 0; at < sizeof text - 1; at += step)
            feed(&h, &s, text + at, at + step < sizeof text - 1 ? step : sizeof text - 1 - at);
        assert_string_equal(buf_str(&h.lines), "one|two|three|");
        logsplit_fini(&s);
        buf_fini(&h.lines);
    }
}

static void a_line_without_end_keeps_no_memory(void **state)
{
    struct here h = { .now_ms = 0 };
    struct logsplit s = { .bytes = NULL };
    static char piece[64 << 10];

    (void)state;
    memset(piece, 'x', sizeof piece);
    feed(&h, &s, "before\n", 7);
    for (int i = 0; i < 1600; i++) /* 100 MB */
        feed(&h, &s, piece, sizeof piece);
    assert_true(s.cap <= LOGSPLIT_LINE_MAX + 2 * sizeof piece + LOGLINE_SLACK);
    feed(&h, &s, "end\nafter\n", 10);
    assert_string_equal(buf_str(&h.lines), "before|#|after|");
    /* exactly as long as one may be, and one byte more */
    buf_clear(&h.lines);
    for (int i = 0; i < LOGSPLIT_LINE_MAX / (int)sizeof piece; i++)
        feed(&h, &s, piece, sizeof piece);
    feed(&h, &s, "\n", 1);
    assert_string_equal(buf_str(&h.lines), "xxxxxxxxxxxxxxxxxxxx|");
    for (int i = 0; i < LOGSPLIT_LINE_MAX / (int)sizeof piece; i++)
        feed(&h, &s, piece, sizeof piece);
    feed(&h, &s, "y", 1);
    feed(&h, &s, "\n", 1);
    assert_string_equal(buf_str(&h.lines), "xxxxxxxxxxxxxxxxxxxx|#|");
    for (int i = 0; i < LOGSPLIT_LINE_MAX / (int)sizeof piece; i++)
        feed(&h, &s, piece, sizeof piece);
    feed(&h, &s, "y\n", 2); /* the end comes with the byte too many */
    assert_string_equal(buf_str(&h.lines), "xxxxxxxxxxxxxxxxxxxx|#|#|");
    logsplit_fini(&s);
    buf_fini(&h.lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_as_they_are_written),
        cmocka_unit_test(a_long_file_is_read_back_from_its_tail),
        cmocka_unit_test(it_is_read_in_slices),
        cmocka_unit_test(a_renamed_file_is_read_to_its_end),
        cmocka_unit_test(a_file_that_was_renamed_twice_loses_nothing),
        cmocka_unit_test(a_copy_is_not_read_for_what_came_in_between),
        cmocka_unit_test(a_file_that_was_packed_in_between_is_told),
        cmocka_unit_test(an_emptied_file_is_read_from_its_start),
        cmocka_unit_test(a_file_may_come_and_go),
        cmocka_unit_test(only_a_file_is_read),
        cmocka_unit_test(a_disk_that_fails_is_told),
        cmocka_unit_test(a_file_that_may_not_be_read_is_told),
        cmocka_unit_test(any_pieces_give_the_same_lines),
        cmocka_unit_test(a_line_without_end_keeps_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
