/* tests/probes/test_jsonlog_hang.c: a look into a file system that does not answer, or answers when
 * nobody asks any more. */
#include <dirent.h>
#include <locale.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/probes/log_case.h"

static size_t threads(void)
{
    DIR *d = opendir("/proc/self/task");
    size_t n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* Nobody joins them: before the process ends they have let go of what they held, or it counts as
 * lost. */
static void wait_threads(size_t n)
{
    for (int i = 0; i < WAIT_LIMIT_MS && threads() > n; i++)
        usleep(1000);
    assert_in_range(threads(), 1, n);
}

/* Whoever quits amid a look does not wait for it: the thread comes back to nothing of his. */
static void a_look_may_outlive_who_asked(void **state)
{
    struct probe_case c;
    struct clients *clients = malloc(sizeof *clients);
    FILE *f = fopen(log_path, "w");
    size_t before = threads();
    int reports;

    (void)state;
    for (int i = 0; i < 1000; i++)
        fprintf(f, "{\"time\":%d,\"level\":\"error\",\"message\":\"of long ago\"}\n", i);
    fclose(f);
    run_init(&c, "jsonlog", LOG("where:level", "error"));
    c.probe.ops->close(&c.probe);
    *clients = (struct clients){ .io = c.io };
    c.probe.clients = clients;
    assert_true(c.probe.ops->open(&c.probe, NULL));
    c.probe.ops->poll(&c.probe);
    io_turn(c.io, 0); /* the thread has begun */
    io_turn(c.io, 0);
    c.probe.ops->close(&c.probe);
    assert_null(clients->logs);
    free(clients);
    reports = c.reports; /* a quick thread has come back already */
    case_fini(&c);       /* does not wait for the thread */
    assert_int_equal(c.reports, reports);
    wait_threads(before);
}

/* ---- a file system that does not answer ---- */

static const char *this_program; /* /proc/self/exe may be valgrind */
static atomic_bool pread_hangs;

/* Stands before the C library's. */
ssize_t pread(int fd, void *bytes, size_t n, off_t at)
{
    while (pread_hangs)
        usleep(1000);
    return syscall(SYS_pread64, fd, bytes, n, at);
}

/* Of a process of its own, that ends as the program does, with all that is done then. */
static int hang(const char *path)
{
    struct probe_case c;

    pread_hangs = true;
    run_init(&c, "jsonlog", PAIRS("jsonlog", path, "where:level", "error", "timeout", "300ms"));
    run_poll(&c);
    case_fini(&c);
    return strcmp(c.reason, "local: the log could not be read in 300ms") != 0;
}

/* Neither the loop waits for it nor, when everything has ended, the process. */
static void a_read_that_hangs_holds_nobody(void **state)
{
    int status = -1;
    pid_t pid;

    (void)state;
    write_line("{\"level\":\"error\"}");
    pid = fork();
    if (pid == 0) {
        execl(this_program, this_program, "hang", log_path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 3000 && waitpid(pid, &status, WNOHANG) == 0; i++)
        usleep(10000);
    if (status == -1)
        kill(pid, SIGKILL);
    assert_int_equal(status, 0);
}

/* It comes back after its probe has gone, and what they shared goes with it. */
static void a_read_that_comes_back_late_finds_nobody(void **state)
{
    struct probe_case c;
    size_t before = threads();

    (void)state;
    write_line("{\"time\":%lld}", (long long)time(NULL) * 1000);
    pread_hangs = true;
    run_init(&c, "jsonlog", LOG("where:level", "error", "timeout", "300ms"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    pread_hangs = false;
    RUN_UNTIL(&c, c.state == STATE_UP); /* the one that hung is the answer */
    pread_hangs = true;
    c.probe.ops->poll(&c.probe);
    io_turn(c.io, 20);
    case_fini(&c);
    pread_hangs = false;
    wait_threads(before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_look_may_outlive_who_asked),
        LOG_TEST(a_read_that_hangs_holds_nobody),
        LOG_TEST(a_read_that_comes_back_late_finds_nobody),
    };

    setlocale(LC_ALL, "C.UTF-8");
    this_program = argv[0];
    if (argc == 3 && strcmp(argv[1], "hang") == 0)
        return hang(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
