/* tests/io/test_child.c: processes: what they see, what they say, how they end. */
#include "io/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/limits.h"
#include "tests/io/wait.h"
#include "tests/patience.h"

struct kid {
    struct io *io;
    struct child *child;
    int ended, status, pieces;
    bool failed, free_in_output;
    pid_t first; /* the number that was printed first */
    char why[sizeof(struct err)], out[4096], err[1024];
    size_t out_len, dropped;
};

static void kid_output(void *arg, int fd, const char *bytes, size_t len)
{
    struct kid *k = arg;
    char word[16];

    (void)fd;
    snprintf(word, sizeof word, "%.*s", (int)len, bytes);
    if (!k->pieces)
        k->first = (pid_t)strtol(word, NULL, 10);
    k->pieces += len > 0;
    if (k->free_in_output) {
        child_free(k->child);
        k->child = NULL;
    }
}

static void kid_ended(void *arg, int status, const struct err *err, const char *out,
                      const char *errout, size_t dropped)
{
    struct kid *k = arg;

    k->ended++;
    k->status = status;
    k->failed = err != NULL;
    k->dropped = dropped;
    k->out_len = strlen(out);
    snprintf(k->why, sizeof k->why, "%s", err ? err->msg : "");
    snprintf(k->out, sizeof k->out, "%s", out);
    snprintf(k->err, sizeof k->err, "%s", errout);
}

static const struct child_events kid_events = { kid_output, kid_ended };

static void kid_start(struct kid *k, struct child_spec spec, const char *script)
{
    static const char *argv[4] = { "/bin/sh", "-c", NULL, NULL };

    memset(k, 0, sizeof *k);
    argv[2] = script;
    if (!spec.argv)
        spec.argv = argv;
    k->io = io_new(NULL);
    k->child = child_start(k->io, &spec, &kid_events, k);
    assert_int_equal(k->ended, 0);
}

static void kid_wait(struct kid *k, const int *value, int wanted)
{
    WAIT(k, *value >= wanted);
}

static void kid_fini(struct kid *k)
{
    child_free(k->child);
    io_free(k->io);
}

static void kid_run(struct kid *k, struct child_spec spec, const char *script)
{
    kid_start(k, spec, script);
    kid_wait(k, &k->ended, 1);
    kid_fini(k);
}

static void output_and_status_come_back(void **state)
{
    struct kid k;

    (void)state;
    kid_run(&k, (struct child_spec){ 0 }, "echo out; echo err >&2; exit 3");
    assert_false(k.failed);
    assert_true(WIFEXITED(k.status));
    assert_int_equal(WEXITSTATUS(k.status), 3);
    assert_string_equal(k.out, "out\n");
    assert_string_equal(k.err, "err\n");
    assert_int_equal(k.pieces, 2);
}

static void what_cannot_start_says_why(void **state)
{
    const char *const missing[] = { "/no/such/program", NULL }, *const bare[] = { "sh", NULL };
    struct kid k;

    (void)state;
    kid_run(&k, (struct child_spec){ .argv = missing }, NULL);
    assert_true(k.failed);
    assert_string_equal(k.why, "cannot start /no/such/program: No such file or directory");
    kid_run(&k, (struct child_spec){ .argv = bare }, NULL);
    assert_string_equal(k.why, "sh is not an absolute path");
    kid_run(&k, (struct child_spec){ .cwd = "/no/such/place" }, "true");
    assert_true(k.failed);
}

static void a_child_sees_three_descriptors_and_a_built_environment(void **state)
{
    struct kid k;
    int leak = dup(1); /* without CLOEXEC */

    (void)state;
    setenv("LD_LIBRARY_PATH", "/evil", 1);
    setenv("SECRET_CANARY", "canary", 1);
    setenv("TZ", "UTC", 1);
    kid_run(&k, (struct child_spec){ 0 },
            "for f in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$f ] && echo fd $f; done; env; "
            "umask; pwd; ps -o tty= -p $$ 2>/dev/null || echo '?'");
    close(leak);
    assert_non_null(strstr(k.out, "fd 0\nfd 1\nfd 2\n"));
    assert_null(strstr(k.out, "fd 3"));
    assert_null(strstr(k.out, "evil"));
    assert_null(strstr(k.out, "canary"));
    assert_non_null(strstr(k.out, "TZ=UTC\n"));
    assert_non_null(strstr(k.out, "PATH=/usr/local/sbin:"));
    assert_non_null(strstr(k.out, "0077\n/\n"));
    unsetenv("LD_LIBRARY_PATH");
    unsetenv("SECRET_CANARY");
}

static void signals_of_a_child_are_at_their_defaults(void **state)
{
    struct kid k;

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    kid_run(&k, (struct child_spec){ 0 }, "grep -E 'Sig(Ign|Blk)' /proc/self/status");
    signal(SIGPIPE, SIG_DFL);
    assert_string_equal(k.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void output_at_the_cap_is_kept_and_beyond_is_counted(void **state)
{
    struct kid k;

    (void)state;
    kid_run(&k, (struct child_spec){ .max_bytes = 10 }, "printf 1234567890");
    assert_string_equal(k.out, "1234567890");
    assert_int_equal(k.dropped, 0);
    kid_run(&k, (struct child_spec){ .max_bytes = 10 }, "printf 12345678901");
    assert_string_equal(k.out, "1234567890");
    assert_int_equal(k.dropped, 1);
    kid_run(&k, (struct child_spec){ 0 }, "head -c 2000000 /dev/zero | tr '\\0' x");
    assert_int_equal(k.out_len, CHILD_OUTPUT_MAX);
    assert_int_equal(k.dropped, 2000000 - CHILD_OUTPUT_MAX);
}

/* Not gone and not a zombie that init has yet to reap. */
static bool runs(pid_t pid)
{
    char path[64], stat[256] = "";
    const char *state;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "r");
    if (!f)
        return false;
    state = fgets(stat, sizeof stat, f) ? strrchr(stat, ')') : NULL;
    fclose(f);
    return state && state[2] != 'Z';
}

static void the_limit_ends_the_whole_group(void **state)
{
    struct kid k;
    int64_t start;
    pid_t helper;

    (void)state;
    kid_start(&k, (struct child_spec){ .limit_ms = 150 }, "sleep 60 & echo $!; wait");
    start = io_mono_ms(k.io);
    kid_wait(&k, &k.ended, 1);
    assert_true(WIFSIGNALED(k.status));
    assert_int_equal(WTERMSIG(k.status), SIGTERM);
    assert_in_range(io_mono_ms(k.io) - start, 100, patience_times(2000));
    helper = (pid_t)atoi(k.out);
    assert_true(helper > 0);
    for (int i = 0; i < 200 && runs(helper); i++)
        io_turn(k.io, 10);
    assert_false(runs(helper));
    kid_fini(&k);
}

static void the_end_is_the_exit_not_the_pipe(void **state)
{
    struct kid k;
    int64_t start;

    (void)state;
    kid_start(&k, (struct child_spec){ 0 }, "sleep 30 & echo $!; exit 0");
    start = io_mono_ms(k.io);
    kid_wait(&k, &k.ended, 1); /* the sleeper still holds the pipe */
    assert_in_range(io_mono_ms(k.io) - start, 900, patience_times(3000));
    assert_int_equal(WEXITSTATUS(k.status), 0);
    WAIT(&k, kill((pid_t)atoi(k.out), 0) < 0); /* and it does not outlive its command */
    kid_fini(&k);
}

/* What each of these leaves prints its number; then it is nobody's child but ours. */
static const char *const leavers[] = {
    "setsid sleep 60 & echo $!",                                    /* a session of its own */
    "(setsid sh -c 'echo $$; exec sleep 60' &) ",                   /* forked twice */
    "setsid sh -c 'sh -c \"echo \\$\\$; exec sleep 60\" & wait' &", /* an orphan's own child */
    "env -i setsid sh -c 'echo $$; exec sleep 60' &",               /* wiped its environment */
    "setsid sh -c 'trap \"\" TERM HUP INT; echo $$; while :; do sleep 1; done' &",
};

static void what_leaves_the_group_is_ended_too(void **state)
{
    struct kid k;
    pid_t left;

    (void)state;
    for (size_t i = 0; i < sizeof leavers / sizeof *leavers; i++) {
        char script[300];

        snprintf(script, sizeof script, "%s\nread x; exit 0", leavers[i]);
        kid_start(&k, (struct child_spec){ .keep_stdin = true }, script);
        kid_wait(&k, &k.pieces, 1); /* it has said who it is */
        child_close_stdin(k.child);
        kid_wait(&k, &k.ended, 1);
        assert_int_equal(WEXITSTATUS(k.status), 0);
        left = (pid_t)atoi(k.out);
        assert_true(left > 0);
        WAIT(&k, kill(left, 0) < 0); /* ended, and reaped */
        kid_fini(&k);
    }
}

/* What a command under way has put aside is its own; what a house of its own leaves, too. */
static void an_orphan_of_another_is_left_alone(void **state)
{
    struct kid other;
    struct child_events events = { NULL, kid_ended };
    struct kid k;
    const char *const leave[] = { "/bin/sh", "-c", "setsid sleep 60 & echo $!", NULL };
    struct child *house;
    pid_t aside, spared;

    (void)state;
    memset(&other, 0, sizeof other);
    kid_start(&k, (struct child_spec){ 0 }, "(setsid sleep 60 & echo $!); sleep 60");
    kid_wait(&k, &k.pieces, 1);
    house = child_start(k.io, &(struct child_spec){ .argv = leave, .own_house = true }, &events,
                        &other);
    other.io = k.io;
    kid_wait(&other, &other.ended, 1);
    spared = (pid_t)atoi(other.out);
    child_free(house);
    other.ended = 0;
    other.child = child_start(k.io, &(struct child_spec){ .argv = leave }, &events, &other);
    kid_wait(&other, &other.ended, 1);
    WAIT(&k, kill((pid_t)atoi(other.out), 0) < 0); /* the sweep has been */
    child_free(other.child);
    aside = k.first;
    assert_true(runs(aside) && runs(spared));
    child_kill(k.child);
    kid_wait(&k, &k.ended, 1);
    WAIT(&k, kill(aside, 0) < 0);
    assert_true(runs(spared));
    kill(spared, SIGKILL);
    kid_fini(&k);
}

/* `tunnel & exec midwatch`: a child that was there before any command is nobody's orphan. */
static void a_child_from_before_is_left_alone(void **state)
{
    struct kid k;
    pid_t tunnel = fork();

    (void)state;
    if (tunnel == 0) {
        execl("/bin/sleep", "sleep", "60", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 2; i++) {
        kid_start(&k, (struct child_spec){ 0 }, "setsid sleep 60 & echo $!; exit 0");
        kid_wait(&k, &k.ended, 1);
        WAIT(&k, kill((pid_t)atoi(k.out), 0) < 0); /* the sweep has been */
        kid_fini(&k);
        assert_true(runs(tunnel));
    }
    kill(tunnel, SIGKILL);
    assert_int_equal(waitpid(tunnel, NULL, 0), tunnel);
}

/* How many it could start of 600. */
static int bomb(void)
{
    const char *last;
    struct kid k;

    kid_start(&k, (struct child_spec){ 0 },
              "i=0; while [ $i -lt 600 ]; do sleep 60 & i=$((i+1)); echo $i; done 2>&1; exit 0");
    kid_wait(&k, &k.ended, 1);
    last = strstr(k.out, "annot fork");
    for (last = last ? last : k.out + strlen(k.out); last > k.out && last[-1] != '\n'; last--)
        ;
    for (last -= last > k.out; last > k.out && last[-1] != '\n'; last--)
        ;
    kid_fini(&k); /* and with it all of them */
    return atoi(last);
}

/* A fork bomb ends at the limit. Nothing holds root: there it is tried as nobody. */
static void a_command_starts_only_so_many(void **state)
{
    int n, fds[2], status;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        if (getuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(1);
        n = bomb();
        _exit(write(fds[1], &n, sizeof n) == (ssize_t)sizeof n ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(read(fds[0], &n, sizeof n), sizeof n);
    assert_in_range(n, 100, CHILD_TASKS_MAX);
    close(fds[0]);
    close(fds[1]);
}

static void a_lifeline_closes_with_us(void **state)
{
    struct kid k;

    (void)state;
    kid_start(&k, (struct child_spec){ .keep_stdin = true }, "echo up; read x; echo gone");
    kid_wait(&k, &k.pieces, 1);
    for (int i = 0; i < 5; i++)
        io_turn(k.io, 10);
    assert_int_equal(k.ended, 0);
    child_close_stdin(k.child);
    kid_wait(&k, &k.ended, 1);
    assert_string_equal(k.out, "up\ngone\n");
    kid_fini(&k);
    kid_run(&k, (struct child_spec){ 0 }, "read x; echo $?"); /* else: nothing to read */
    assert_string_equal(k.out, "1\n");
}

static void freeing_kills_and_is_quiet(void **state)
{
    struct kid k;
    pid_t pid;

    (void)state;
    kid_start(&k, (struct child_spec){ .die_with_us = true }, "trap '' TERM; echo up; sleep 60");
    kid_wait(&k, &k.pieces, 1);
    pid = child_pid(k.child);
    kid_fini(&k);
    assert_int_equal(k.ended, 0);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* reaped */

    kid_start(&k, (struct child_spec){ 0 }, "echo up; sleep 60");
    k.free_in_output = true;
    kid_wait(&k, &k.pieces, 1);
    assert_null(k.child);
    kid_fini(&k);
    child_free(NULL);
}

static void there_are_no_processes_on_a_virtual_clock(void **state)
{
    const char *const argv[] = { "/bin/true", NULL };
    struct kid k = { .io = io_new_virtual(0) };

    (void)state;
    k.child = child_start(k.io, &(struct child_spec){ .argv = argv }, &kid_events, &k);
    io_advance(k.io, 0);
    assert_int_equal(k.ended, 1);
    assert_true(k.failed);
    kid_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status_come_back),
        cmocka_unit_test(what_cannot_start_says_why),
        cmocka_unit_test(a_child_sees_three_descriptors_and_a_built_environment),
        cmocka_unit_test(signals_of_a_child_are_at_their_defaults),
        cmocka_unit_test(output_at_the_cap_is_kept_and_beyond_is_counted),
        cmocka_unit_test(the_limit_ends_the_whole_group),
        cmocka_unit_test(the_end_is_the_exit_not_the_pipe),
        cmocka_unit_test(what_leaves_the_group_is_ended_too),
        cmocka_unit_test(an_orphan_of_another_is_left_alone),
        cmocka_unit_test(a_child_from_before_is_left_alone),
        cmocka_unit_test(a_command_starts_only_so_many),
        cmocka_unit_test(a_lifeline_closes_with_us),
        cmocka_unit_test(freeing_kills_and_is_quiet),
        cmocka_unit_test(there_are_no_processes_on_a_virtual_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
