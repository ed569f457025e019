/* tests/app/fake_kinds.c: three kinds of probe that ask nothing, with an option of every type. */
#include "tests/app/fake_kinds.h"

#include <string.h>

static const char *const fake_judges[] = { "worst", "body", NULL };

static const struct option fake_http_options[] = {
    { "http", OPTION_URL, offsetof(struct fake_http, url), NULL, "address to get",
      .required = true },
    { "expect", OPTION_CODES, offsetof(struct fake_http, expect), "2xx", "codes that are good" },
    { "headers", OPTION_MAP, offsetof(struct fake_http, headers), NULL, "request headers" },
    { "assert", OPTION_MAP, offsetof(struct fake_http, assert), NULL, "pointer and value" },
    { "read", OPTION_LIST, offsetof(struct fake_http, read), "health", "what to read",
      .open_to_all = true },
    { "bearer", OPTION_SECRET, offsetof(struct fake_http, bearer), NULL, "token" },
    { "slow", OPTION_QUANTITY, offsetof(struct fake_http, slow), NULL, "slow from here" },
    { "ratio", OPTION_NUMBER, offsetof(struct fake_http, ratio), "1", "a number", NULL, 0, 1 },
    { "retries", OPTION_INT, offsetof(struct fake_http, retries), "1", "a count", NULL, 1, 5 },
    { "judge", OPTION_ENUM, offsetof(struct fake_http, judge), "worst", "who is believed",
      fake_judges },
    { "insecure", OPTION_BOOL, offsetof(struct fake_http, insecure), "false", "no check" },
    { "ca", OPTION_PATH, offsetof(struct fake_http, path), NULL, "certificates" },
    { "pointer", OPTION_POINTER, offsetof(struct fake_http, pointer), NULL, "where" },
    { "text", OPTION_STRING, offsetof(struct fake_http, text), NULL, "any text" },
    { "many", OPTION_INT, offsetof(struct fake_http, many), NULL, "signals" },
    { 0 },
};

static bool fake_http_check(void *self, struct probe_common *common, struct err *err)
{
    struct fake_http *h = self;

    (void)common;
    if (h->text && strcmp(h->text, "fault") == 0)
        return err_set(err, "text: 'fault' does not go with http");
    return true;
}

static size_t fake_http_signals(const void *self, const struct probe_common *common,
                                struct signal_spec out[READING_SIGNALS])
{
    const struct fake_http *h = self;

    out[0] =
        (struct signal_spec){ "latency", common->unit ? common->unit : UNIT_MS, NULL, true, 0 };
    return h->many ? (size_t)h->many : 1;
}

static const struct option fake_pg_options[] = {
    { "postgres", OPTION_DSN, offsetof(struct fake_pg, dsn), NULL, "database", .required = true },
    { "sql", OPTION_STRING, offsetof(struct fake_pg, sql), NULL, "one statement",
      .required = true },
    { "password", OPTION_SECRET, offsetof(struct fake_pg, password), NULL, "password" },
    { 0 },
};

static const struct probe_ops fake_http_ops = {
    .kind = "http",
    .help = "get a page",
    .options = fake_http_options,
    .size = sizeof(struct fake_http),
    .check = fake_http_check,
    .signals = fake_http_signals,
};

static const struct probe_ops fake_pg_ops = {
    .kind = "postgres",
    .help = "ask a database",
    .options = fake_pg_options,
    .size = sizeof(struct fake_pg),
};

static const struct option fake_redis_options[] = {
    { "redis", OPTION_DSN, offsetof(struct fake_pg, dsn), NULL, "server", .required = true },
    { 0 },
};

static const struct probe_ops fake_redis_ops = {
    .kind = "redis",
    .help = "ask a server",
    .options = fake_redis_options,
    .size = sizeof(struct fake_pg),
};

static const char *const fake_whens[] = { "degraded", "down", NULL };

static const struct option fake_common[] = {
    { "every", OPTION_DURATION, offsetof(struct probe_common, every_ms), "10s", "interval", NULL,
      100, 86400000 },
    { "timeout", OPTION_DURATION, offsetof(struct probe_common, timeout_ms), "5s", "limit", NULL,
      10, 600000 },
    { "confirm", OPTION_DURATION, offsetof(struct probe_common, confirm_ms), NULL, "re-ask" },
    { "fail_after", OPTION_INT, offsetof(struct probe_common, fail_after), "1", "failures", NULL, 1,
      100 },
    { "unit", OPTION_UNIT, offsetof(struct probe_common, unit), NULL, "unit" },
    { "unit_word", OPTION_STRING, offsetof(struct probe_common, unit_word), NULL, "word" },
    { "title", OPTION_STRING, offsetof(struct probe_common, title), NULL, "title" },
    { "warn", OPTION_QUANTITY, offsetof(struct probe_common, warn), NULL, "warn from here" },
    { "crit", OPTION_QUANTITY, offsetof(struct probe_common, crit), NULL, "critical from here" },
    { "max", OPTION_QUANTITY, offsetof(struct probe_common, max), NULL, "the most there is" },
    { "low_is_bad", OPTION_BOOL, offsetof(struct probe_common, low_is_bad), "false", "floors" },
    { "when_crit", OPTION_ENUM, offsetof(struct probe_common, when_crit), "degraded", "state",
      fake_whens },
    { 0 },
};

static const struct probe_ops *const fake_ops[] = { &fake_http_ops, &fake_pg_ops, &fake_redis_ops,
                                                    NULL };

const struct config_kinds fake_kinds = { fake_ops, fake_common };
