/* tests/io/test_redis_url.c: addresses of Redis, what is wrong with them and how they are named. */
#include "tests/io/redis_case.h"

#include <signal.h>
#include <string.h>

static void an_address_that_makes_no_sense_says_why(void **state)
{
    static const struct {
        const char *url, *why;
    } cases[] = {
        { "http://x", "an address of Redis begins with redis://, rediss:// or unix:" },
        { "redis://", "the host is missing: redis://HOST:6379" },
        { "redis://:x/", "the port must be a number from 1 to 65535" },
        { "redis://h:0", "the port must be a number from 1 to 65535" },
        { "redis://h:65536", "the port must be a number from 1 to 65535" },
        { "redis://u:secret@h",
          "a password does not belong into the address; give it as password: ${env:NAME}" },
        { "redis://u%4@h", "the user has a broken % escape" },
        { "redis://h/x", "after the host comes the number of the database: redis://HOST/0" },
        { "redis://h?x", "nothing but /NUMBER may follow the host" },
        { "redis://[::1", "an address in [ ] needs its closing bracket" },
        { "redis://[::1]6", "after ] comes :PORT" },
        { "redis://a b", "an address may not hold blanks or control characters" },
        { "redis://a/../", "after the host comes the number of the database: redis://HOST/0" },
        { "redis://h\"x", "a host may hold letters, digits, dots and dashes" },
        { "unix:redis.sock", "a unix socket is written unix:/path or unix:/path?db=1" },
        { "unix:/a?x=1", "after the path of a unix socket only ?db=NUMBER is known" },
    };
    struct world w;
    struct err err;

    (void)state;
    world_open(&w, honest);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_db *db = redis_db_get(w.redis, cases[i].url, NULL, NULL, false, &err);

        if (db)
            fail_msg("accepted: %s", cases[i].url);
        if (strcmp(cases[i].url, "redis://:x/") != 0)
            assert_string_equal(err.msg, cases[i].why);
    }
    world_close(&w);
}

static void names_are_short_and_hold_no_credentials(void **state)
{
    static const char *const cases[][2] = {
        { "redis://h", "h:6379" },
        { "redis://watch@h:1/2", "h:1/2" },
        { "rediss://[::1]:7", "[::1]:7" },
        { "unix:/run/r.sock", "unix:/run/r.sock" },
        { "unix:///run/r.sock?db=4", "unix:/run/r.sock?db=4" },
        { "redis://watch:hunter2@", "redis" }, /* nothing of what cannot be read */
    };
    struct text shown = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        redis_show(cases[i][0], &shown);
        assert_string_equal(text_str(&shown), cases[i][1]);
    }
    text_fini(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_makes_no_sense_says_why),
        cmocka_unit_test(names_are_short_and_hold_no_credentials),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
