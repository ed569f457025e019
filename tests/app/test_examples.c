/* tests/app/test_examples.c: the shipped configurations are fine, and say what systems.md says;
 * what `midwatch URL...` uses is fine too. All of it with the kinds of the program itself. */
#include "app/check.h"
#include "app/config.h"
#include "app/schema.h"
#include "app/urls.h"

#include "tests/cmocka.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

static const char *source_path(const char *name)
{
    static char path[1024];
    const char *source = getenv("MIDWATCH_SOURCE");

    snprintf(path, sizeof path, "%s/examples/%s", source ? source : ".", name);
    return path;
}

static struct config *example(const char *name, const struct strmap *sets)
{
    static struct config_errors errors;
    struct config *c;

    memset(&errors, 0, sizeof errors);
    c = config_load(source_path(name), sets, NULL, &errors);
    if (!c)
        fail_msg("%s", errors.items[0].err.msg);
    return c;
}

static void check_is_content_with_every_example(void **state)
{
    static const char *const rows[][2] = {
        { "first.yaml", ": ok: 3 services, 5 probes, 1 variable\n" },
        { "ratemyunit/midwatch.yaml", ": ok: 9 services, 26 probes, 9 variables\n" },
        { "neurmatic/midwatch.yaml", ": ok: 10 services, 37 probes, 13 variables\n" },
        { "rachelfoods/midwatch.yaml",
          ": ok: 8 services, 19 probes, 8 variables\n"
          "  http://127.0.0.1:18280: up to 10 of 10 requests in 1m\n" },
        { "concierge/midwatch.yaml", ": ok: 8 services, 13 probes, 5 variables\n" },
        { "hireflux/midwatch.yaml", ": ok: 8 services, 18 probes, 6 variables\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *path = xstrdup(source_path(rows[i][0]));
        struct buf out = { 0 }, bad = { 0 };
        const char *rest;

        if (check_files(&path, 1, NULL, &out, &bad) != 0)
            fail_msg("%s", buf_str(&bad));
        rest = out.bytes + strlen(path) + strlen(rows[i][1]);
        assert_memory_equal(out.bytes + strlen(path), rows[i][1], strlen(rows[i][1]));
        if (*rest) /* whose the tree is and who may write there is no matter of the example */
            assert_memory_equal(rest, "  actions are off: ", 19);
        buf_fini(&out);
        buf_fini(&bad);
        free(path);
    }
}

struct row { /* a line of the tables of the system */
    const char *service, *probe;
    int every_s, timeout_s, fail_after;
};

static void rows_are(const struct config *c, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct config_service *s = config_service_find(c, rows[i].service);
        const struct config_probe *p = s ? config_probe_find(s, rows[i].probe) : NULL;

        if (!p)
            fail_msg("no %s.%s", rows[i].service, rows[i].probe);
        assert_int_equal(p->common.every_ms, rows[i].every_s * 1000);
        assert_int_equal(p->common.timeout_ms, rows[i].timeout_s * 1000);
        if (p->common.fail_after != rows[i].fail_after)
            fail_msg("%s.%s fails after %d", rows[i].service, rows[i].probe, p->common.fail_after);
    }
}

static bool depends(const struct config *c, const char *id, const char *on)
{
    const struct config_service *s = config_service_find(c, id);

    for (size_t i = 0; i < s->depends_on.n; i++)
        if (strcmp(c->services[s->deps[i]].id, on) == 0)
            return true;
    return false;
}

static void ratemyunit_has_its_times_and_edges(void **state)
{
    static const struct row rows[] = {
        { "api", "health", 10, 5, 3 },       { "api", "search", 60, 5, 3 },
        { "web", "page", 60, 5, 3 },         { "db", "clients", 10, 5, 3 },
        { "db", "long", 10, 5, 3 },          { "redis", "ping", 10, 5, 3 },
        { "scraper", "success", 300, 5, 3 }, { "browserpool", "pool", 30, 5, 3 },
    };
    struct config *c = example("ratemyunit/midwatch.yaml", NULL);
    const struct config_probe *clients = config_probe_find(config_service_find(c, "db"), "clients");

    (void)state;
    assert_string_equal(c->watch, "ratemyunit");
    assert_string_equal(c->environment, "production");
    rows_are(c, rows, sizeof rows / sizeof *rows);
    assert_true(config_service_find(c, "redis")->critical); /* RMU-2: Redis down is down */
    assert_true(config_service_find(c, "db")->critical);
    assert_true(depends(c, "api", "db"));
    assert_true(depends(c, "api", "redis"));
    assert_true(clients->common.warn == 16);
    assert_true(clients->common.crit == 20);
    assert_true(clients->common.max == 20);
    config_free(c);
}

/* C5: a reload is a load and a free. */
static void a_thousand_reloads_leave_nothing_behind(void **state)
{
    size_t before = 0, after;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct config *a = example("neurmatic/midwatch.yaml", NULL);

        config_free(a);
        if (i == 100) /* the allocator has its pools by then */
            before = mallinfo2().uordblks;
    }
    after = mallinfo2().uordblks;
    if (after > before + 100 * 1024) /* a leak of a word for each is more */
        fail_msg("%zu bytes more after 900 reloads", after - before);
}

static void neurmatic_has_its_times_words_and_edges(void **state)
{
    static const struct row rows[] = {
        { "api", "health", 30, 5, 1 },       { "api", "live", 30, 5, 3 },
        { "api", "ready", 30, 5, 3 },        { "api", "metrics", 30, 5, 3 },
        { "api", "monitoring", 60, 5, 3 },   { "frontend", "page", 60, 5, 3 },
        { "backend-1", "health", 10, 5, 2 }, { "backend-2", "health", 10, 5, 2 },
        { "postgres", "ping", 15, 5, 2 },    { "postgres", "clients", 15, 5, 3 },
        { "redis", "ping", 15, 5, 1 },       { "redis", "memory", 15, 5, 3 },
    };
    struct config *c = example("neurmatic/midwatch.yaml", NULL);

    (void)state;
    rows_are(c, rows, sizeof rows / sizeof *rows);
    assert_string_equal(c->words.of[STATE_UP], "healthy");
    assert_string_equal(c->words.of[STATE_DEGRADED], "degraded");
    assert_string_equal(c->words.of[STATE_DOWN], "unhealthy");
    assert_false(config_service_find(c, "redis")->critical); /* NM-1: Redis down is degraded */
    assert_true(config_service_find(c, "postgres")->critical);
    assert_true(depends(c, "backend-1", "redis"));
    assert_true(depends(c, "api", "backend-2"));
    config_free(c);
}

/* The simulator's own ports and files, as `midwatch demo` gives them. */
static void a_demo_puts_its_own_addresses_in(void **state)
{
    char api[] = "api", at[] = "http://127.0.0.1:41000", pg[] = "pg";
    char conninfo[] = "host=127.0.0.1 port=41001 dbname=ratemyunit user=midwatch";
    char *keys[] = { api, pg }, *values[] = { at, conninfo };
    struct strmap sets = { keys, values, 2 };
    struct config *c = example("ratemyunit/midwatch.yaml", &sets);
    const struct config_service *s = config_service_find(c, "api");
    struct text target = { 0 };

    (void)state;
    s->probes[0].ops->target(s->probes[0].self, &target);
    assert_non_null(strstr(text_str(&target), "127.0.0.1:41000/health"));
    text_fini(&target);
    config_free(c);
}

static void addresses_alone_are_a_configuration(void **state)
{
    static struct config_errors errors;
    char a[] = "https://u:hunter2@api.example.org/health", b[] = "postgres://app:hunter2@db/shop",
         d[] = "redis://:hunter2@cache", e[] = "http://h/metrics", f[] = "unix:/run/r.sock",
         g[] = "http://127.0.0.1:8080/", h[] = "http://h/a$b\"c?x=1";
    char *args[] = { a, b, d, e, f, g, h };
    struct secrets *secrets = secrets_new();
    struct urls *u = urls_new(args, 7, NULL);
    struct secret *password;
    struct config *c;

    (void)state;
    c = urls_config(u, NULL, secrets, &errors);
    if (!c)
        fail_msg("%s", errors.items[0].err.msg);
    assert_int_equal(c->n_services, 6);
    assert_int_equal(c->n_probes, 8);
    assert_string_equal(c->source, "urls");
    assert_non_null(config_probe_find(config_service_find(c, "postgres"), "clients"));
    password = secrets_get(secrets, "env:POSTGRES_PASSWORD", NULL);
    assert_string_equal(secret_reveal(password), "hunter2");
    secret_free(password);
    password = secrets_get(secrets, "env:API_EXAMPLE_ORG_BASIC", NULL);
    assert_string_equal(secret_reveal(password), "u:hunter2");
    secret_free(password);
    config_free(c);
    urls_free(u);
    secrets_free(secrets);
}

static bool page_get(void *arg, const char *url, int *code, struct buf *body)
{
    (void)arg;
    *code = 200;
    if (strstr(url, "/metrics"))
        buf_adds(body, "http_requests_total{code=\"200\"} 1\n"
                       "http_request_duration_seconds_bucket{le=\"1\"} 1\n");
    else
        buf_adds(body, "{\"status\":\"ok\"}");
    return true;
}

static void what_looking_finds_is_a_configuration(void **state)
{
    static struct config_errors errors;
    char a[] = "http://h";
    char *args[] = { a };
    struct secrets *secrets = secrets_new();
    struct urls *u = urls_new(args, 1, NULL);
    struct config *c;

    (void)state;
    urls_look(u, page_get, NULL);
    c = urls_config(u, NULL, secrets, &errors);
    if (!c)
        fail_msg("%s", errors.items[0].err.msg);
    assert_int_equal(c->n_probes, 4); /* page, health, errors, p95 */
    config_free(c);
    urls_free(u);
    secrets_free(secrets);
}

/* Every kind can be asked for its signals before it has checked itself. */
static void every_kind_copes_with_its_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; probe_kinds[i]; i++) {
        const struct probe_ops *ops = probe_kinds[i];
        struct signal_spec specs[READING_SIGNALS] = { 0 };
        struct probe_common common = { 0 };
        void *self = xcalloc(1, ops->size);
        size_t n;

        option_defaults(probe_common_options, &common, UNIT_NONE);
        option_defaults(ops->options, self, UNIT_NONE);
        n = ops->signals(self, &common, specs);
        assert_true(n <= READING_SIGNALS);
        assert_string_equal(ops->options[0].name, ops->kind);
        assert_true(ops->options[0].required);
        option_fini(ops->options, self);
        option_fini(probe_common_options, &common);
        free(self);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_is_content_with_every_example),
        cmocka_unit_test(ratemyunit_has_its_times_and_edges),
        cmocka_unit_test(a_thousand_reloads_leave_nothing_behind),
        cmocka_unit_test(neurmatic_has_its_times_words_and_edges),
        cmocka_unit_test(a_demo_puts_its_own_addresses_in),
        cmocka_unit_test(addresses_alone_are_a_configuration),
        cmocka_unit_test(what_looking_finds_is_a_configuration),
        cmocka_unit_test(every_kind_copes_with_its_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
