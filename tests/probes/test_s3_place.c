/* tests/probes/test_s3_place.c: addresses of buckets and of their listings; what is refused. The
 * signature of what is asked is checked by tests/probes/s3server.py. */
#include <stdio.h>
#include <string.h>

#include "probes/s3_place.h"
#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

static void a_page_has_an_address_in_one_form(void **state)
{
    static const struct {
        const char *address, *endpoint, *region, *token, *url;
    } cases[] = {
        { "s3://shop-backups/database/", NULL, "eu-west-1", NULL,
          "https://shop-backups.s3.eu-west-1.amazonaws.com/"
          "?encoding-type=url&list-type=2&max-keys=1000&prefix=database%2F" },
        { "s3://shop-backups", NULL, "eu-west-1", "1/x+y=",
          "https://shop-backups.s3.eu-west-1.amazonaws.com/?continuation-token=1%2Fx%2By%3D"
          "&encoding-type=url&list-type=2&max-keys=1000" },
        /* the certificate has one label for the bucket */
        { "s3://backups.example.com/a b", NULL, "us-east-1", NULL,
          "https://s3.us-east-1.amazonaws.com/backups.example.com/"
          "?encoding-type=url&list-type=2&max-keys=1000&prefix=a%20b" },
        { "s3://backups/-_.~\xc3\xbc", "https://minio.test:9000//", "us-east-1", NULL,
          "https://minio.test:9000/backups/"
          "?encoding-type=url&list-type=2&max-keys=1000&prefix=-_.~%C3%BC" },
        { "s3://backups/", "https://x.test/storage/s3", "us-east-1", NULL,
          "https://x.test/storage/s3/backups/?encoding-type=url&list-type=2&max-keys=1000" },
    };
    struct s3_place place;
    struct buf url = { 0 };
    struct err err = { "" };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!s3_place_read(&place, cases[i].address, cases[i].endpoint, cases[i].region, &err))
            fail_msg("%s", err.msg);
        buf_clear(&url);
        s3_place_url(&place, 1000, cases[i].token, &url);
        assert_string_equal(buf_str(&url), cases[i].url);
    }
    buf_fini(&url);
}

#define KEYS "access_key", "env:A", "secret_key", "env:B", "every", "15m"

static void mistakes_are_refused_with_what_to_write(void **state)
{
    (void)state;
    case_refused("s3", "is no bucket; write s3://bucket/prefix", PAIRS("s3", "backups/x", KEYS));
    case_refused("s3", "'b' is no name of a bucket", PAIRS("s3", "s3://b/x", KEYS));
    case_refused("s3", "is no name of a bucket", PAIRS("s3", "s3://a@b.example.com#/x", KEYS));
    case_refused("s3", "is no name of a bucket", PAIRS("s3", "s3://../x", KEYS));
    case_refused("s3", "control character", PAIRS("s3", "s3://backups/a\nb", KEYS));
    case_refused("s3", "region: 'eu west' is none; write eu-west-1",
                 PAIRS("s3", "s3://backups/", "region", "eu west", KEYS));
    case_refused("s3", "region:", PAIRS("s3", "s3://backups/", "region", "a:b", KEYS));
    case_refused("s3", "endpoint: an address without query",
                 PAIRS("s3", "s3://backups/", "endpoint", "https://x.test/?a=b", KEYS));
    case_refused("s3", "insecure: there is no TLS to skip; the endpoint is http",
                 PAIRS("s3", "s3://backups/", "endpoint", "http://x.test", "insecure", "true",
                       "insecure_reason", "test", KEYS));
    case_refused("s3", "every: a bucket is listed every 1m at most",
                 PAIRS("s3", "s3://backups/", "access_key", "env:A", "secret_key", "env:B"));
    case_refused("s3", "confirm: a bucket is listed every 1m at most",
                 PAIRS("s3", "s3://backups/", "confirm", "1s", KEYS));
    case_refused("s3", "access_key", PAIRS("s3", "s3://backups/", "access_key", "AKID"));
}

static void a_key_that_cannot_be_had_is_ours(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "s3", PAIRS("s3", "s3://backups/", "rpo", "26h", KEYS));
    c.probe.ops->poll(&c.probe);
    assert_int_equal(c.reports, 1);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_int_equal(c.fault, FAULT_AUTH);
    assert_string_equal(c.reason, "credentials: env:A is not set");
    assert_int_equal(c.asked, 0);
    c.secret = "with:colon";
    c.probe.ops->poll(&c.probe);
    assert_string_equal(c.reason, "credentials: access_key: what env:A names is no id of a key");
    c.secret = "AKID"; /* it is there now: asked without a new start */
    c.answer = (struct fake_answer){
        .body = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
    };
    case_poll(&c);
    assert_int_equal(c.asked, 1);
    assert_int_equal(c.state, STATE_DOWN);
    assert_string_equal(c.reason, "no backup was found");
    case_fini(&c);
}

#define OBJECT(key, at) \
    "<Contents><Key>" key "</Key><LastModified>" at "</LastModified><Size>9</Size></Contents>"
#define LISTING(objects) \
    "<ListBucketResult><IsTruncated>false</IsTruncated>" objects "</ListBucketResult>"

/* On the virtual clock it is 2026-01-29T02:13:47Z. */
static void a_listing_is_judged(void **state)
{
    static const struct {
        const char *body;
        enum state state;
        const char *words;
    } cases[] = {
        { LISTING(OBJECT("db_20260129_020000.gz", "2026-01-29T02:10:00Z")), STATE_UP,
          "last good 13m47s ago, RPO 26h" },
        { LISTING(OBJECT("db_20260129_020000.gz", "2026-01-29T07:10:00Z")), STATE_DOWN,
          "db_20260129_020000.gz: it was written 4h56m in the future" },
        { LISTING(OBJECT("readme.txt", "2026-01-29T02:10:00Z") OBJECT("x", "2026-01-29T02:10:00Z")),
          STATE_DOWN, "of 2 objects none matches db_*.gz" },
        { LISTING(""), STATE_DOWN, "no backup was found" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct probe_case c;

        case_init(&c, "s3", PAIRS("s3", "s3://backups/", "match", "db_*.gz", "rpo", "26h", KEYS));
        c.secret = "AKID";
        c.answer = (struct fake_answer){ .body = cases[i].body };
        case_poll(&c);
        if (c.state != cases[i].state || !strstr(c.reason, cases[i].words))
            fail_msg("case %zu: %s '%s'", i, state_word(c.state), c.reason);
        case_fini(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_an_address_in_one_form),
        cmocka_unit_test(mistakes_are_refused_with_what_to_write),
        cmocka_unit_test(a_key_that_cannot_be_had_is_ours),
        cmocka_unit_test(a_listing_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
