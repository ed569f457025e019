/* tests/app/test_config_budget.c: what a target lets itself be asked, against what a file asks it:
 * RF-5, with the kinds of the program itself. */
#include "app/config.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config_errors errors;

static struct config *budget_config(const char *limits, const char *probes)
{
    char yaml[4096];
    struct config_input in = { .name = "t", .bytes = yaml };

    snprintf(yaml, sizeof yaml,
             "watch: shop\nvars: { api: 'http://127.0.0.1:8080' }\nrate_limits:\n  %s\n"
             "services:\n  api:\n    probes:\n%s",
             limits, probes);
    in.len = strlen(yaml);
    memset(&errors, 0, sizeof errors);
    return config_read(&in, &errors);
}

static void asks(const char *probes, double most)
{
    struct config *c = budget_config("$api: 1000/1m", probes);

    if (!c)
        fail_msg("%s", errors.items[0].err.msg);
    assert_int_equal(c->n_budgets, 1);
    assert_string_equal(c->budgets[0].origin, "http://127.0.0.1:8080");
    assert_int_equal(c->budgets[0].window_ms, 60000);
    if (c->budgets[0].asks != most)
        fail_msg("%s: %.0f, not %.0f", probes, c->budgets[0].asks, most);
    config_free(c);
}

static void refused(const char *limits, const char *probes, const char *why)
{
    struct config *c = budget_config(limits, probes);

    if (c)
        fail_msg("taken, and not: %s", why);
    assert_string_equal(errors.items[0].err.msg, why);
    assert_int_equal(errors.n, 1);
}

#define ONE(options) "      p: { http: $api/x, " options " }\n"

static void every_way_of_asking_counts(void **state)
{
    (void)state;
    asks(ONE("every: 30s, fresh: true"), 2);
    /* pages of a listing */
    asks(
        "      p: { s3: 's3://backups/', endpoint: $api, every: 1m, rpo: 24h, access_key: 'env:A', "
        "secret_key: 'env:B' }\n",
        200);
    asks(ONE("every: 30s"), 4);              /* and once again when the connection closed */
    asks(ONE("every: 25s, fresh: true"), 3); /* 60 s hold the third's beginning */
    asks(ONE("every: 30s, fresh: true, confirm: 100ms"), 6); /* three failures until it is sure */
    asks(ONE("every: 30s, fresh: true, confirm: 100ms, fail_after: 1"), 2);
    asks(ONE("every: 1s, timeout: 1s, fresh: true, confirm: 400ms, fail_after: 50"), 180);
    asks(ONE("every: 30s, fresh: true, follow: 2"), 6);
    asks(ONE("every: 5m, fresh: true"), 1);
}

static void only_that_origin_counts_however_it_is_written(void **state)
{
    (void)state;
    asks("      p: { http: 'HTTP://127.0.0.1:8080/', every: 1m, fresh: true }\n"
         "      q: { http: 'http://127.0.0.1:8081/', every: 1m, fresh: true }\n"
         "      r: { http: 'https://127.0.0.1:8080/', every: 1m, fresh: true }\n"
         "      s: { redis: 'redis://127.0.0.1:8080', every: 1s, timeout: 1s }\n"
         "      t: { http: 'http://127.0.0.1/', every: 1m, fresh: true }\n",
         1);
}

static void probes_of_one_page_ask_it_once(void **state)
{
    (void)state;
    asks("      p: { metrics: $api/metrics, gauge: a, every: 10s }\n"
         "      q: { metrics: $api/metrics, gauge: b, every: 10s }\n"
         "      r: { metrics: $api/metrics, gauge: b, every: 30s }\n"
         "      s: { metrics: $api/other, gauge: b, every: 30s }\n",
         12 + 4 + 4);
}

/* RF-5 */
static void more_than_the_target_takes_is_refused_with_the_budget(void **state)
{
    (void)state;
    refused("$api: 100/1m", ONE("every: 500ms, timeout: 500ms, fresh: true"),
            "t:4:3: rate_limits.$api: allows 100 requests in 1m, and these probes ask up to 120: "
            "api.p 120; ask less often, or with fresh: true, which asks no second time when a "
            "connection closes");
    refused("'http://127.0.0.1:8080': 6/1m",
            "      a: { http: $api/a, every: 1m }\n      b: { http: $api/b, every: 20s }\n",
            "t:4:3: rate_limits.http://127.0.0.1:8080: allows 6 requests in 1m, and these probes "
            "ask up to 8: api.b 6, api.a 2; ask less often, or with fresh: true, which asks no "
            "second time when a connection closes");
    /* exactly as much is fine */
    asks(ONE("every: 100ms, timeout: 100ms, fresh: true") "      q: { http: $api/y, every: 150ms, "
                                                          "timeout: 150ms, fresh: true }\n",
         1000);
}

static void a_limit_that_means_nothing_is_refused(void **state)
{
    static const char p[] = ONE("every: 1m");

    (void)state;
    refused("$api: 100", p,
            "t:4:9: rate_limits.$api: '100' is no rate; write requests and time, such as 100/1m");
    refused("$api: 0/1m", p,
            "t:4:9: rate_limits.$api: '0/1m' is no rate; write requests and time, such as 100/1m");
    refused("$api: -1/1m", p,
            "t:4:9: rate_limits.$api: '-1/1m' is no rate; write requests and time, such as 100/1m");
    refused("$api: 10/60", p,
            "t:4:9: rate_limits.$api: '10/60' is no rate; write requests and time, such as 100/1m");
    refused("$apo: 10/1m", p, "t:4:3: rate_limits.$apo: no variable 'apo'; did you mean 'api'?");
    refused(
        "$api/x: 10/1m", p,
        "t:4:3: rate_limits.$api/x: is no origin; write http://host:port without a path, or its "
        "variable");
    refused("redis://h: 10/1m", p,
            "t:4:3: rate_limits.redis://h: is no origin; write http://host:port without a path, or "
            "its variable");
    refused("http://other: 10/1m", p,
            "t:4:3: rate_limits.http://other: no probe asks http://other:80");
    refused("'http://u:hunter2@127.0.0.1:8080': 10/1m", p,
            "t:4:3: rate_limits.***: an address here cannot hold a password or token; take it out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_of_asking_counts),
        cmocka_unit_test(only_that_origin_counts_however_it_is_written),
        cmocka_unit_test(probes_of_one_page_ask_it_once),
        cmocka_unit_test(more_than_the_target_takes_is_refused_with_the_budget),
        cmocka_unit_test(a_limit_that_means_nothing_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
