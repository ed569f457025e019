/* tests/app/test_urls.c: addresses become a configuration, and no password stays where it was. */
#include "app/urls.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/file.h"
#include "app/urls_impl.h"
#include "core/alloc.h"

enum { ARGS = 8, ARG = 200 };

struct args {
    char bytes[ARGS][ARG];
    char *argv[ARGS];
    size_t n;
};

static struct urls *urls_of(struct args *a, struct err *err, const char *const *list)
{
    *a = (struct args){ 0 };
    for (; list[a->n]; a->n++) {
        snprintf(a->bytes[a->n], ARG, "%s", list[a->n]);
        a->argv[a->n] = a->bytes[a->n];
    }
    return urls_new(a->argv, a->n, err);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static bool holds(const char *bytes, size_t len, const char *word)
{
    return memmem(bytes, len, word, strlen(word)) != NULL;
}

static void a_password_leaves_the_argument_and_its_bytes(void **state)
{
    static const struct {
        const char *arg, *left, *password;
    } rows[] = {
        { "postgres://u:hunter2@h:5432/db", "postgres://u@h:5432/db", "hunter2" },
        { "postgres://u:hun%74er2@h/db", "postgres://u@h/db", "hunter2" },
        { "postgres://u:hunter2@x@h/db", "postgres://u@h/db", "hunter2@x" },
        { "postgres://u:hunter2/x@h/db", "postgres://u@h/db", "hunter2/x" },
        { "postgres://h/db?user=u&password=hunter2&sslmode=require",
          "postgres://h/db?user=u&sslmode=require", "hunter2" },
        { "postgres://h/db?password=hunter2", "postgres://h/db", "hunter2" },
        { "postgresql://u:@h/db", "postgresql://u@h/db", NULL },
        { "postgres://u@h/db", "postgres://u@h/db", NULL },
        { "redis://:hunter2@h:6379/1", "redis://h:6379/1", "hunter2" },
        { "rediss://u:hunter2@h", "rediss://u@h", "hunter2" },
        { "https://u:hunter2@h/x", "https://h/x", "u:hunter2" },
        { "https://u:hunter2%20@h/x", "https://h/x", "u:hunter2 " },
        { "https://u:hunter2xx@h/x", "https://h/x", "u:hunter2xx" },
        { "HTTPS://h/a@b:c", "https://h/a@b:c", NULL },
        { "http://[::1]:8080/", "http://[::1]:8080/", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = { 0 };
        struct args a;
        struct urls *u = urls_of(&a, &err, LIST(rows[i].arg));
        struct buf yaml = { 0 };

        if (!u)
            fail_msg("%s: %s", rows[i].arg, err.msg);
        assert_string_equal(a.argv[0], rows[i].left);
        assert_false(holds(a.bytes[0], ARG, "hunter2")); /* not behind the end either */
        assert_false(holds(a.bytes[0], ARG, "er2"));
        urls_yaml(u, &yaml);
        assert_false(holds(yaml.bytes, yaml.len, "hunter2"));
        if (rows[i].password) {
            assert_non_null(u->items[0].password);
            assert_string_equal(secret_reveal(u->items[0].password), rows[i].password);
            assert_non_null(urls_warning(u));
            assert_non_null(strstr(yaml.bytes, u->items[0].env));
        } else {
            assert_null(u->items[0].password);
            assert_null(urls_warning(u));
        }
        buf_fini(&yaml);
        urls_free(u);
    }
}

static void what_cannot_be_asked_is_refused_without_its_password(void **state)
{
    static const struct {
        const char *arg, *want;
    } rows[] = {
        { "mysql://u:hunter2@h/db",
          "'mysql://' is not an address that can be asked; write https://host/health, "
          "postgres://user@host/db, redis://host or unix:/path" },
        { "host", "'host' is not an address that can be asked; write https://host/health, "
                  "postgres://user@host/db, redis://host or unix:/path" },
        { "https://h/?token=hunter2",
          "a token in an address shows itself; write a configuration with 'bearer' or 'headers' "
          "('midwatch init https://...' begins one)" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = { 0 };
        struct args a;

        assert_null(urls_of(&a, &err, LIST(rows[i].arg, "redis://:hunter2@h")));
        assert_string_equal(err.msg, rows[i].want);
        assert_false(holds((const char *)a.bytes, sizeof a.bytes, "hunter2")); /* the second too */
    }
}

static void services_are_named_after_their_hosts(void **state)
{
    static const char *const want[][2] = {
        { "api-example-org", "health" },
        { "api-example-org", "page" },
        { "api-example-org-8080", "health" },
        { "postgres", "ping" },
        { "postgres-2", "ping" },
        { "redis", "ping" },
        { "redis-2", "ping" },
    };
    struct args a;
    struct urls *u =
        urls_of(&a, NULL,
                LIST("https://API.example.org/api/v1/health", "https://api.example.org",
                     "https://api.example.org:8080/health/", "postgres://u@a/x", "postgres://u@b/x",
                     "redis://h", "unix:/run/redis.sock"));

    (void)state;
    assert_non_null(u);
    for (size_t i = 0; i < a.n; i++) {
        assert_string_equal(u->items[i].id, want[i][0]);
        assert_string_equal(u->items[i].probe, want[i][1]);
    }
    urls_free(u);
    u = urls_of(
        &a, NULL,
        LIST("http://h/a", "http://h/a", "http://h/b/a", "http://h-/A/", "http://%%%/\xc3\xa4"));
    assert_int_equal(u->n, 4); /* the same again counts once */
    assert_string_equal(u->items[1].probe, "a-2");
    assert_string_equal(u->items[2].id, "h-2"); /* another host with the same name */
    assert_string_equal(u->items[3].id, "service");
    assert_string_equal(u->items[3].probe, "service");
    urls_free(u);
    urls_free(NULL);
}

static void the_text_is_what_a_person_would_write(void **state)
{
    struct args a;
    struct urls *u =
        urls_of(&a, NULL,
                LIST("https://u:p@api.example.org/health", "https://api.example.org/$x",
                     "postgres://app:pw@db/shop", "redis://h:6380"));
    struct buf b = { 0 };

    (void)state;
    urls_yaml(u, &b);
    assert_string_equal(
        b.bytes,
        "# Written by 'midwatch init'. 'midwatch check FILE' tells every mistake in it,\n"
        "# 'midwatch schema' every key that it may have.\n"
        "watch: api-example-org\n"
        "environment: unnamed            # production, staging, ...: on every screen\n"
        "\n"
        "services:\n"
        "  api-example-org:\n"
        "    title: \"api.example.org\"\n"
        "    # critical: true            # when this is down, everything is\n"
        "    # depends_on: [...]         # what it needs: faults there are told first\n"
        "    probes:\n"
        "      health:\n"
        "        http: \"https://api.example.org/health\"\n"
        "        read: health              # the body is judged too\n"
        "        basic: env:API_EXAMPLE_ORG_BASIC   # user:password, as it was in the address\n"
        "        every: 10s\n"
        "        timeout: 5s\n"
        "      x:\n"
        "        http: \"https://api.example.org/$$x\"\n"
        "        every: 10s\n"
        "        timeout: 5s\n"
        "  postgres:\n"
        "    # critical: true            # when this is down, everything is\n"
        "    # depends_on: [...]         # what it needs: faults there are told first\n"
        "    probes:\n"
        "      ping:\n"
        "        postgres: \"postgres://app@db/shop\"\n"
        "        password: env:POSTGRES_PASSWORD   # it was in the address; or file:/path\n"
        "        sql: SELECT 1\n"
        "        every: 10s\n"
        "        timeout: 5s\n"
        "      clients:                    # sessions against max_connections\n"
        "        postgres: \"postgres://app@db/shop\"\n"
        "        password: env:POSTGRES_PASSWORD   # it was in the address; or file:/path\n"
        "        show: clients\n"
        "        every: 10s\n"
        "        timeout: 5s\n"
        "  redis:\n"
        "    # critical: true            # when this is down, everything is\n"
        "    # depends_on: [...]         # what it needs: faults there are told first\n"
        "    probes:\n"
        "      ping:\n"
        "        redis: \"redis://h:6380\"\n"
        "        every: 10s\n"
        "        timeout: 5s\n");
    buf_fini(&b);
    urls_free(u);
}

struct world { /* path -> answer */
    const char *path, *body;
    int code;
    int asked;
};

static bool world_get(void *arg, const char *url, int *code, struct buf *body)
{
    struct world *w = arg;

    for (; w->path; w++) {
        if (strcmp(strstr(url, "://h") + 4, w->path) != 0)
            continue;
        w->asked++;
        *code = w->code;
        buf_adds(body, w->body);
        return w->code != 0;
    }
    *code = 200;
    buf_adds(body, "<!doctype html><p>the page for every path</p>");
    return true;
}

static void looking_finds_health_and_metrics(void **state)
{
    struct world world[] = {
        { "/healthz", "{\"status\":\"ok\"}", 503, 0 },
        { "/metrics",
          "# TYPE http_requests_total counter\nhttp_requests_total{method=\"GET\",status=\"200\"} "
          "5\n"
          "http_request_duration_seconds_bucket{le=\"0.1\"} 3\n",
          200, 0 },
        { 0 },
    };
    struct args a;
    struct urls *u = urls_of(&a, NULL, LIST("http://h"));
    struct buf b = { 0 };

    (void)state;
    urls_look(u, world_get, world);
    assert_string_equal(u->items[0].health, "http://h/healthz"); /* /health gave the web page */
    assert_string_equal(u->items[0].metrics, "http://h/metrics");
    assert_string_equal(u->items[0].code_label, "status");
    assert_true(u->items[0].durations);
    urls_yaml(u, &b);
    assert_non_null(strstr(b.bytes, "        http: \"http://h/healthz\"\n        read: health\n"));
    assert_non_null(strstr(b.bytes, "ratio: ['http_requests_total{status=~\"5..\"}', "
                                    "http_requests_total]\n"));
    assert_non_null(strstr(b.bytes, "quantile: 0.95\n        of: http_request_duration_seconds\n"));
    buf_fini(&b);
    urls_free(u);
}

static void looking_finds_nothing_in_a_page_for_people(void **state)
{
    struct world silent[] = { { "/health", "", 0, 0 }, { "/metrics", "", 0, 0 }, { 0 } };
    struct args a;
    struct urls *u = urls_of(&a, NULL, LIST("http://h/"));
    struct buf b = { 0 };

    (void)state;
    urls_look(u, world_get, (struct world[]){ { 0 } });
    assert_null(urls_silent(u));
    assert_null(u->items[0].health);
    assert_null(u->items[0].metrics);
    urls_look(u, world_get, silent);
    assert_int_equal(silent[0].asked, 1); /* who does not answer is not asked nine times */
    assert_non_null(urls_silent(u));
    urls_yaml(u, &b);
    assert_non_null(strstr(b.bytes, "judged; nothing answered, its health page is not known\n"));
    buf_fini(&b);
    urls_free(u);
    /* a health page that was named is not looked for */
    u = urls_of(&a, NULL, LIST("http://h/", "http://h/api/health"));
    silent[0] = (struct world){ "/health", "{}", 200, 0 };
    urls_look(u, world_get, silent);
    assert_int_equal(silent[0].asked, 0);
    urls_free(u);
}

static void a_file_that_is_there_stays(void **state)
{
    char folder[] = "/tmp/mw-urls-XXXXXX", path[100], want[200];
    struct buf written = { 0 }, yaml = { 0 };
    struct err err = { 0 };
    struct args a;
    struct urls *u = urls_of(&a, NULL, LIST("http://h"));
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/m.yaml", folder);
    assert_true(urls_write(u, path, &err));
    assert_true(file_read(path, 100000, FILE_PLAIN, &written, &err));
    urls_yaml(u, &yaml);
    assert_string_equal(written.bytes, yaml.bytes);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0133, 0);
    assert_false(urls_write(u, path, &err));
    snprintf(want, sizeof want, "%s is there already and stays as it is; name another file", path);
    assert_string_equal(err.msg, want);
    assert_false(urls_write(u, "/nowhere/x", &err));
    assert_string_equal(err.msg, "cannot write /nowhere/x: No such file or directory");
    unlink(path);
    rmdir(folder);
    buf_fini(&written);
    buf_fini(&yaml);
    urls_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_leaves_the_argument_and_its_bytes),
        cmocka_unit_test(what_cannot_be_asked_is_refused_without_its_password),
        cmocka_unit_test(services_are_named_after_their_hosts),
        cmocka_unit_test(the_text_is_what_a_person_would_write),
        cmocka_unit_test(looking_finds_health_and_metrics),
        cmocka_unit_test(looking_finds_nothing_in_a_page_for_people),
        cmocka_unit_test(a_file_that_is_there_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
