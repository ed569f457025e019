/* tests/probes/test_tool.c: a backup tool's large answer is read beside the loop, and a probe that
 * is closed meanwhile lets go of it. */
#include <locale.h>
#include <stdlib.h>

#include "core/buf.h"
#include "probes/tool.h"
#include "tests/probes/files_case.h"

enum { BACKUPS = 4000 };

/* Two megabytes of pgBackRest's info. */
static void large_put(struct folder *f, char path[128])
{
    struct buf b = { 0 };

    buf_adds(&b, "[{\"name\":\"main\",\"status\":{\"code\":0,\"message\":\"ok\"},\"backup\":[");
    for (int i = 0; i < BACKUPS; i++)
        buf_addf(
            &b,
            "%s{\"label\":\"F%d\",\"type\":\"full\",\"reference\":null,\"info\":{\"size\":1000},"
            "\"timestamp\":{\"start\":1,\"stop\":%lld},\"annotation\":{\"x\":\"%0300d\"}}",
            i ? "," : "", i, (long long)time(NULL) - i * 60LL, i);
    buf_adds(&b, "]}]");
    assert_in_range(b.len, 1 << 20, TOOL_OUTPUT_MAX);
    folder_put(f, "info.json", b.bytes, b.len, 0);
    buf_fini(&b);
    snprintf(path, 128, "%s/info.json", f->path);
}

static void large_open(struct folder *f)
{
    char path[128];

    folder_init(f);
    large_put(f, path);
    run_init(&f->c, "pgbackrest",
             PAIRS("pgbackrest", "main", "every", "5m", "timeout", "60s", "rpo", "26h", "program",
                   "/bin/sh", "program", "-c", "program", "cat \"$0\"", "program", path));
}

static void a_large_answer_is_read_whole(void **state)
{
    struct folder f;

    (void)state;
    large_open(&f);
    folder_ask(&f);
    holds(&f, STATE_UP, "last good ");
    assert_int_equal(f.c.third.value, 0); /* against the seven before */
    assert_non_null(strstr(f.c.notes, "the source knows of no WAL"));
    folder_ask(&f); /* and once more: nothing of the last time is left */
    holds(&f, STATE_UP, "last good ");
    folder_fini(&f);
}

static void a_probe_is_closed_while_it_is_read(void **state)
{
    struct folder f;

    (void)state;
    large_open(&f);
    f.c.probe.ops->poll(&f.c.probe);
    WAIT(&f.c, ((struct tool *)f.c.probe.state)->reading);
    folder_fini(&f); /* what is left is the thread's to drop */
    assert_int_equal(f.c.reports, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_answer_is_read_whole),
        cmocka_unit_test(a_probe_is_closed_while_it_is_read),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
