/* tests/io/test_orphans.c: numbers of processes that are given again. What commands leave behind is
 * in tests/io/test_child.c.
 */
#include "io/orphans.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/io/wait.h"

struct looped {
    struct io *io;
};

static pid_t sleeper(const char *mark)
{
    char *const argv[] = { (char *)(uintptr_t) "sleep", (char *)(uintptr_t) "60", NULL };
    char *const env[] = { (char *)(uintptr_t)mark, NULL };
    pid_t pid = fork();

    if (pid == 0) {
        execve("/bin/sleep", argv, env);
        _exit(127);
    }
    return pid;
}

/* A child of ours with a number of our choice; -1 where only root may choose. */
static pid_t child_with(pid_t number)
{
    struct clone_args args = { .exit_signal = SIGCHLD,
                               .set_tid = (uintptr_t)&number,
                               .set_tid_size = 1 };
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);

    if (pid == 0) {
        pause();
        _exit(0);
    }
    return pid;
}

static bool is_named_sleep(pid_t pid)
{
    char path[64], name[32] = "";
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    f = fopen(path, "r");
    if (f) {
        if (!fgets(name, sizeof name, f))
            *name = '\0';
        fclose(f);
    }
    return strncmp(name, "sleep", 5) == 0;
}

static void worker_is_free(void *looked)
{
    atomic_store((atomic_bool *)looked, true);
}

/* The look of one command's end finds another command; that one ends too, and its number is
 * somebody else's before what was found is ended. */
static void a_number_that_was_given_back_is_nobodys_orphan(void **state)
{
    struct looped l = { .io = io_new(NULL) };
    char mark[80];
    unsigned long other, run, last;
    atomic_bool looked = false;
    pid_t pid, again;
    int status;

    (void)state;
    orphans_mark(l.io, mark);
    other = orphans_add(l.io, getpid(), false); /* stays: nothing without a mark is ended */
    orphans_mark(l.io, mark);
    pid = sleeper(mark);
    run = orphans_add(l.io, pid, false);
    for (int i = 0; i < 500 && !is_named_sleep(pid); i++)
        usleep(10000);
    orphans_mark(l.io, mark);
    last = orphans_add(l.io, getpid(), false);
    orphans_end(l.io, last);                      /* a worker begins to look */
    io_work(l.io, worker_is_free, NULL, &looked); /* there is one worker: it has looked by then */
    for (int i = 0; i < 500 && !looked; i++)
        usleep(10000);
    assert_true(looked);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    orphans_end(l.io, run);
    again = child_with(pid);
    if (again < 0) {
        io_free(l.io);
        skip();
    }
    for (int i = 0; i < 50; i++)
        io_turn(l.io, 10);
    assert_int_equal(waitpid(again, &status, WNOHANG), 0); /* it lives */
    kill(again, SIGKILL);
    assert_int_equal(waitpid(again, &status, 0), again);
    orphans_end(l.io, other);
    io_free(l.io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_that_was_given_back_is_nobodys_orphan),
    };

    setenv("UV_THREADPOOL_SIZE", "1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
